import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { proxyPasses } from '../../src/servers/apache/queries/proxy-passes.ts'
import { isSettled } from '../../src/servers/apache/queries/places.ts'
import { isWhole } from '../../src/servers/apache/queries/set-reach.ts'
import { apacheMain } from '../_examples.ts'

const MODULES = ['proxy', 'proxy_http', 'slotmem_shm', 'lbmethod_byrequests', 'proxy_balancer']

const main = (target: string): string =>
  apacheMain(
    conf`
      Listen 80
      ServerName example.org
      <Proxy balancer://nodes>
          BalancerMember http://127.0.0.1:3000
      </Proxy>
      ProxyPass / ${target}
    `,
    MODULES,
  )

export default defineRule({
  summary: 'Apache proxies to a balancer that has no member',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'A name behind `balancer://` that no `<Proxy>` has makes a balancer without members. `configtest` says nothing, and every request is answered with 503: `AH01171: No workers in balancer`.',
  remedy: 'Use the name of the `<Proxy balancer://…>` that has the members',
  references: ['https://httpd.apache.org/docs/2.4/mod/mod_proxy_balancer.html'],
  bad: [{ title: 'another name', files: { 'etc/apache2/apache2.conf': main('«balancer://cluster/»') } }],
  good: [
    { title: 'the same name', files: { 'etc/apache2/apache2.conf': main('balancer://nodes/') } },
    {
      title: 'a member outside of a section',
      files: {
        'etc/apache2/apache2.conf': main(conf`
          balancer://cluster/
          BalancerMember balancer://cluster http://127.0.0.1:3001
        `),
      },
    },
    {
      title: 'a fragment, whose members may stand elsewhere',
      files: { 'site.conf': 'ProxyPass / balancer://cluster/\n' },
    },
  ],
  *check({ apache }) {
    for (const configuration of apache) {
      const { occurrences } = configuration
      if (!occurrences.has('proxypass') && !occurrences.has('rewriterule')) continue
      const passes = proxyPasses(configuration).filter(({ written }) => /^balancer:/i.test(written))
      if (passes.length === 0 || !isWhole(configuration)) continue
      const known = new Set<string>()
      for (const name of ['proxy', 'balancermember'])
        for (const { args } of occurrences.get(name) ?? []) {
          const value = args[0]?.value ?? ''
          // A pattern or a variable may stand for any name.
          if (!isSettled(value)) known.add('*')
          const balancer = nameOf(value)
          if (balancer !== null) known.add(balancer)
        }
      if (known.has('*')) continue
      for (const { written, at } of passes) {
        const name = nameOf(written)
        if (name === null || known.has(name) || !isSettled(written) || /[$%]/.test(name)) continue
        yield {
          at,
          message: `no \`<Proxy balancer://${name}>\` has a member, so every request is answered with 503`,
        }
      }
    }
  },
})

function nameOf(url: string): string | null {
  return /^balancer:\/\/([^/]+)/i.exec(url)?.[1]?.toLowerCase() ?? null
}
