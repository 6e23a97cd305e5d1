import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { argumentPlace, isSettled } from '../../src/servers/apache/queries/places.ts'
import { isWhole } from '../../src/servers/apache/queries/set-reach.ts'
import { apacheMain } from '../_examples.ts'

const MODULES = ['proxy', 'proxy_http', 'slotmem_shm', 'lbmethod_byrequests', 'proxy_balancer']

const main = (members: readonly [string, string], options: string, inside = ''): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      Listen 80
      ServerName example.org
      <Proxy balancer://nodes>
          BalancerMember http://127.0.0.1:3000${members[0]}
          BalancerMember http://127.0.0.1:3001${members[1]}
          ${inside}
      </Proxy>
      ProxyPass / balancer://nodes/${options}
    `,
    MODULES,
  ),
})

export default defineRule({
  summary: 'A balancer is to keep clients at one member, and no member has a route',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: '`stickysession` compares what stands behind the last dot of the cookie with the `route` of each member. Where none has one, nothing is ever found, and each request goes to the next member: logins and carts that a member keeps are lost.',
  remedy:
    'Give each `BalancerMember` the `route` that its application writes behind the dot, Tomcat its `jvmRoute`',
  references: ['https://httpd.apache.org/docs/2.4/mod/mod_proxy_balancer.html#stickyness'],
  bad: [
    {
      title: 'an option of ProxyPass',
      files: main(['', ''], ' «stickysession=JSESSIONID|jsessionid»'),
    },
    {
      title: 'ProxySet in the section',
      files: main(['', ' loadfactor=2'], '', 'ProxySet lbmethod=byrequests «stickysession=ROUTEID»'),
    },
  ],
  good: [
    { title: 'a route for each', files: main([' route=a', ' route=b'], ' stickysession=JSESSIONID') },
    {
      title: 'a route that a line of its own sets',
      files: {
        'etc/apache2/apache2.conf': apacheMain(
          conf`
            Listen 80
            ServerName example.org
            <Proxy balancer://nodes>
                BalancerMember http://127.0.0.1:3000
                ProxySet http://127.0.0.1:3000 route=a
                BalancerMember http://127.0.0.1:3001 route=b
            </Proxy>
            ProxyPass / balancer://nodes/ stickysession=JSESSIONID
          `,
          MODULES,
        ),
      },
    },
    { title: 'clients go wherever they go', files: main(['', ''], '') },
    {
      title: 'one member alone',
      files: {
        'etc/apache2/apache2.conf': apacheMain(
          conf`
            Listen 80
            ServerName example.org
            <Proxy balancer://nodes>
                BalancerMember http://127.0.0.1:3000
            </Proxy>
            ProxyPass / balancer://nodes/ stickysession=JSESSIONID
          `,
          MODULES,
        ),
      },
    },
  ],
  *check({ apache }) {
    for (const configuration of apache) {
      const { occurrences } = configuration
      const members = occurrences.get('balancermember') ?? []
      if (members.length < 2 || !isWhole(configuration)) continue
      const passes = occurrences.get('proxypass') ?? []
      const sets = occurrences.get('proxyset') ?? []
      const byBalancer = new Map<string, number>()
      const open = new Set<string | null>()
      for (const line of members) {
        const balancer = balancerOf(line)
        if (line.args.some(({ value }) => /^route=/i.test(value) || !isSettled(value))) open.add(balancer)
        if (balancer !== null) byBalancer.set(balancer, (byBalancer.get(balancer) ?? 0) + 1)
      }
      for (const line of sets)
        if (line.args.some(({ value }) => /^route=/i.test(value))) open.add(balancerOf(line))
      // What a line without a balancer of a known name sets may be meant for any.
      if (open.has(null)) continue
      for (const line of [...passes, ...sets]) {
        const index = line.args.findIndex(({ value }) => /^stickysession=./i.test(value))
        const balancer = index < 0 ? null : balancerOf(line)
        if (balancer === null || open.has(balancer) || (byBalancer.get(balancer) ?? 0) < 2) continue
        yield {
          at: argumentPlace(line, index),
          message: `no member of \`balancer://${balancer}\` has a \`route\`, so each request goes to the next member`,
        }
      }
    }
  },
})

/** The name in lower case that a line has, or the section around it; null for none that is settled. */
function balancerOf({ args, parent }: ApacheDirective): string | null {
  const words = [...args.slice(0, 2), ...(parent?.args.slice(0, 1) ?? [])]
  for (const { value } of words) {
    const name = /^balancer:\/\/([^/]+)/i.exec(value)?.[1]
    if (name !== undefined) return isSettled(value) && !/[$%*]/.test(name) ? name.toLowerCase() : null
  }
  return null
}
