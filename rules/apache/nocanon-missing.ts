import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { askHost } from '../../src/deployment/requests/ask-host.ts'
import { hostsHolding } from '../../src/deployment/requests/hosts-holding.ts'
import { EXISTING } from '../../src/deployment/requests/made-up-requests.ts'
import type { ApacheConfiguration, ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { directivesIn } from '../../src/servers/apache/queries/directives-in.ts'
import { argumentPlace, isSettled, namePlace } from '../../src/servers/apache/queries/places.ts'
import { sectionPattern } from '../../src/servers/apache/queries/section-matches.ts'
import type { VirtualHost } from '../../src/servers/apache/queries/virtual-hosts.ts'

const host = (lines: string): string => conf`
  <VirtualHost *:80>
      ServerName example.org
      ${lines}
  </VirtualHost>
`

export default defineRule({
  summary: 'ProxyPass without nocanon escapes an encoded slash once more',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: '`AllowEncodedSlashes NoDecode` keeps `%2F` as it is written, and mod_proxy then escapes the path anew: where a `<Location>` applies, `/rooms/a%2Fb` reaches the backend as `/rooms/a%252Fb`. Names with a slash are not found there, and signatures over the URL are wrong.',
  remedy: 'Write `nocanon` behind the target: `ProxyPass http://127.0.0.1:8008/ nocanon`',
  references: [
    'https://httpd.apache.org/docs/2.4/mod/mod_proxy.html#proxypass',
    'https://httpd.apache.org/docs/2.4/mod/core.html#allowencodedslashes',
  ],
  bad: [
    {
      title: 'in a Location',
      files: {
        'site.conf': host(conf`
          AllowEncodedSlashes NoDecode
          <Location /api/>
              «ProxyPass» http://127.0.0.1:9000/api/
          </Location>
        `),
      },
    },
    {
      title: 'beside a Location that sets a header',
      files: {
        'site.conf': host(conf`
          AllowEncodedSlashes NoDecode
          «ProxyPass» / http://127.0.0.1:9000/
          <Location />
              SetEnv traced 1
          </Location>
        `),
      },
    },
  ],
  good: [
    {
      title: 'nocanon, and what is not proxied',
      files: {
        'site.conf': host(conf`
          AllowEncodedSlashes NoDecode
          ProxyPass /static/ !
          ProxyPass / http://127.0.0.1:9000/ nocanon retry=0
          <Location />
              SetEnv traced 1
          </Location>
          <Location /api/>
              ProxyPass http://127.0.0.1:9000/api/ nocanon
          </Location>
        `),
      },
    },
    {
      title: 'no section of a Location',
      files: {
        'site.conf': host(conf`
          AllowEncodedSlashes NoDecode
          ProxyPass / http://127.0.0.1:9000/
        `),
      },
    },
    {
      title: 'slashes are refused, or decoded',
      files: {
        'a.conf': host(conf`
          <Location /api/>
              ProxyPass http://127.0.0.1:9000/api/
          </Location>
        `),
        'b.conf': host(conf`
          AllowEncodedSlashes On
          <Location /api/>
              ProxyPass http://127.0.0.1:9000/api/
          </Location>
        `).replace('example.org', 'b.example.org'),
      },
    },
  ],
  *check(deployment) {
    for (const asked of hostsHolding(deployment, ['allowencodedslashes'])) {
      const { configuration, host } = asked
      const slashes = directivesIn(configuration, host?.directive ?? null, 'allowencodedslashes').at(-1)
      if (slashes?.args[0]?.value.toLowerCase() !== 'nodecode') continue
      for (const { line, path } of passes(configuration, host)) {
        const target = `${path.replace(/\/$/, '')}/${EXISTING}%2F${EXISTING}`
        const { end } = askHost(deployment, asked, target)
        if (end.kind !== 'pass' || end.directive !== line || !end.url.includes('%252F')) continue
        yield {
          at: namePlace(line),
          message: `the backend gets \`%252F\` for \`%2F\`, which is escaped once more without \`nocanon\``,
          related: [{ at: argumentPlace(slashes, 0), message: 'lets the encoded slash through' }],
        }
      }
    }
  },
})

/** The lines that pass a plain path on, in the host and in its `<Location>` sections. */
function passes(
  configuration: ApacheConfiguration,
  host: VirtualHost | null,
): readonly { readonly line: ApacheDirective; readonly path: string }[] {
  const scope = host?.directive ?? null
  const own = directivesIn(configuration, scope, 'proxypass').map(line => ({
    line,
    path: line.args[0]?.value ?? '',
  }))
  const inSections = directivesIn(configuration, scope, 'location').flatMap(section => {
    const { kind, text } = sectionPattern(section)
    if (kind !== 'plain') return []
    return section.children.filter(({ name }) => name === 'ProxyPass').map(line => ({ line, path: text }))
  })
  return [...own, ...inSections].filter(
    ({ line, path }) =>
      path.startsWith('/') && isSettled(path) && !line.args.some(({ value }) => value === 'nocanon'),
  )
}
