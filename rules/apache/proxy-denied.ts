import { proxyPasses } from '../../src/servers/apache/queries/proxy-passes.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { argumentPlace, namePlace } from '../../src/servers/apache/queries/places.ts'
import { isWhole } from '../../src/servers/apache/queries/set-reach.ts'
import { apacheMain } from '../_examples.ts'

const main = (lines: string): string =>
  apacheMain(
    conf`
      Listen 80
      ServerName example.org
      ProxyPass / http://127.0.0.1:8001/
      <Proxy *>
          ${lines}
      </Proxy>
    `,
    ['proxy', 'proxy_http', 'access_compat', 'authz_host'],
  )

export default defineRule({
  summary: '`<Proxy *>` denies what is proxied',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'A section for `*` holds for every backend of `ProxyPass`, not for a forward proxy alone: every request is answered with 403 (AH01797, AH01630).',
  remedy: 'Write `Require all granted`, or drop the section: `ProxyRequests` is off by default',
  references: ['https://httpd.apache.org/docs/2.4/mod/mod_proxy.html#proxy'],
  bad: [
    {
      title: 'in the words of 2.2',
      files: {
        'etc/apache2/apache2.conf': main(conf`
          Order deny,allow
          «Deny» from all
        `),
      },
    },
    { title: 'in those of 2.4', files: { 'etc/apache2/apache2.conf': main('«Require» all denied') } },
  ],
  good: [
    {
      title: 'granted, or granted to some',
      files: {
        'etc/apache2/apache2.conf': main(conf`
          Order deny,allow
          Deny from all
          Allow from 127.0.0.1
        `),
      },
    },
    {
      title: 'granted by a Location, which comes later',
      files: {
        'etc/apache2/apache2.conf': conf`
          ${main('Require all denied')}
          <Location /app>
              Require all granted
          </Location>
        `,
      },
    },
  ],
  *check({ apache }) {
    for (const configuration of apache) {
      const { occurrences } = configuration
      const sections = (occurrences.get('proxy') ?? []).filter(({ args }) => args[0]?.value === '*')
      if (sections.length === 0 || !isWhole(configuration)) continue
      // A Location is merged later and may grant.
      const grants = ['require', 'allow', 'satisfy'].some(name =>
        occurrences.get(name)?.some(({ parent }) => parent !== null && /^(?:Location|If)/.test(parent.name)),
      )
      if (grants) continue
      const last = sections.at(-1)
      const line = last === undefined ? null : denialIn(last)
      const pass = proxyPasses(configuration)[0]?.directive
      if (line === null || pass === undefined) continue
      yield {
        at: namePlace(line),
        message: `this denies every request that \`${pass.name}\` takes: 403`,
        related: [{ at: argumentPlace(pass, 0), message: 'proxied' }],
      }
    }
  },
})

/** The line that denies everybody, where no other of the section grants anything. */
function denialIn({ children }: ApacheDirective): ApacheDirective | null {
  const lines = children.filter(({ name }) => /^(?:Require\w*|Allow|Deny|Satisfy|Order)$/i.test(name))
  const isDenial = ({ name, args }: ApacheDirective): boolean =>
    args.length === 2 &&
    ((name === 'Require' && args[0]?.value === 'all' && args[1]?.value === 'denied') ||
      (/^deny$/i.test(name) && args[1]?.value.toLowerCase() === 'all'))
  const others = lines.filter(line => !isDenial(line) && !/^order$/i.test(line.name))
  return others.length > 0 ? null : (lines.find(isDenial) ?? null)
}
