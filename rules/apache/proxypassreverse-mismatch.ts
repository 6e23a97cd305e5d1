import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { ApacheConfiguration, ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { directivesIn } from '../../src/servers/apache/queries/directives-in.ts'
import { argumentPlace, isSettled } from '../../src/servers/apache/queries/places.ts'
import { proxyPasses } from '../../src/servers/apache/queries/proxy-passes.ts'
import { serverLevels } from '../../src/servers/apache/queries/effective.ts'
import { settingOf } from '../../src/servers/apache/queries/server-settings.ts'
import { directivesByHost, virtualHostOf } from '../../src/servers/apache/queries/virtual-hosts.ts'

const site = (lines: string): string => conf`
  <VirtualHost *:80>
      ServerName example.org
      ${lines}
  </VirtualHost>
`

export default defineRule({
  summary: 'Redirects of the backend lead to the address of the backend',
  severity: 'warning',
  otherSeverities: {
    info: 'where no `ProxyPassReverse` is written: whether the backend redirects, no file says',
  },
  confidence: 'high',
  since: '0.1.0',
  why: '`ProxyPassReverse` changes the `Location` of a redirect from the URL of the backend back to that of the site. Without it, or with another URL than the one that `ProxyPass` proxies to, clients are sent to an address like `http://127.0.0.1:8080/`, which is their own machine.',
  remedy: 'Write `ProxyPassReverse` with the same two arguments as `ProxyPass`',
  references: ['https://httpd.apache.org/docs/2.4/mod/mod_proxy.html#proxypassreverse'],
  bad: [
    {
      title: 'another port',
      files: {
        'site.conf': site(conf`
          ProxyPass /app/ http://127.0.0.1:8080/app/
          ProxyPassReverse /app/ «http://127.0.0.1:8081/app/»
        `),
      },
    },
    {
      title: 'another name of the same machine',
      files: {
        'site.conf': site(conf`
          ProxyPass / http://127.0.0.1:8080/
          ProxyPassReverse / «http://localhost:8080/»
        `),
      },
    },
    {
      title: 'none',
      files: { 'site.conf': site('ProxyPass / «http://127.0.0.1:8080/»') },
    },
  ],
  good: [
    {
      title: 'the same two arguments',
      files: {
        'site.conf': site(conf`
          ProxyPass /app/ http://127.0.0.1:8080/app/
          ProxyPassReverse /app/ http://127.0.0.1:8080/app/
        `),
      },
    },
    {
      title: 'both names of the same machine',
      files: {
        'site.conf': site(conf`
          ProxyPass / http://127.0.0.1:8080/
          ProxyPassReverse / http://localhost:8080/
          ProxyPassReverse / http://127.0.0.1:8080/
        `),
      },
    },
    {
      title: 'the backend knows the name, or is reached through a wider line',
      files: {
        'site.conf': site(conf`
          ProxyPreserveHost On
          ProxyPass /ws ws://127.0.0.1:8080/ws
          ProxyPass / http://127.0.0.1:8080/
          ProxyPassReverse / http://example.org/
        `),
      },
    },
    {
      title: 'in a section, and by a handler',
      files: {
        'site.conf': site(conf`
          <Location /app/>
              ProxyPass http://localhost:8080/
              ProxyPassReverse http://localhost:8080/
          </Location>
          <FilesMatch \.php$>
              SetHandler "proxy:unix:/run/php/fpm.sock|fcgi://localhost"
          </FilesMatch>
        `),
      },
    },
  ],
  *check({ apache }) {
    for (const configuration of apache) {
      for (const { directive, path, written, at, scheme, endpoints } of proxyPasses(configuration)) {
        if (path === null || !/^ProxyPass$/i.test(directive.name) || !scheme.known) continue
        if (!/^https?$/.test(scheme.value) || !isSettled(written) || /^(?:balancer|unix):/i.test(written))
          continue
        if (endpoints.length !== 1) continue
        const reverses = reversesFor(configuration, directive)
        const same = reverses.filter(reverse => reverse.path === path)
        const [wrong] = same
        if (wrong !== undefined && same.every(({ url }) => isOther(url, written))) {
          // What the backend is told of its name is what it builds redirects from.
          if (preservesHost(configuration, directive) !== false) continue
          yield {
            at: argumentPlace(wrong.directive, wrong.index),
            message: `\`ProxyPass\` proxies \`${path}\` to \`${written}\`, so redirects from there are not changed`,
            related: [{ at, message: 'the backend' }],
          }
        } else if (reverses.length === 0 && preservesHost(configuration, directive) === false) {
          yield {
            at,
            severity: 'info',
            confidence: 'medium',
            message:
              'no `ProxyPassReverse` changes the redirects of this backend, which name its own address',
          }
        }
      }
    }
  },
})

interface Reverse {
  readonly directive: ApacheDirective
  readonly index: number
  readonly path: string
  readonly url: string
}

/** Those that may hold for what a line proxies: of its section, its virtual host and the main server. */
function reversesFor(configuration: ApacheConfiguration, pass: ApacheDirective): readonly Reverse[] {
  const host = virtualHostOf(configuration, pass)?.directive ?? null
  const byHost = directivesByHost(configuration, 'proxypassreverse')
  const [main, own] = [byHost.get(null) ?? [], host === null ? [] : (byHost.get(host) ?? [])]
  const both = new Set([...main, ...own])
  // Where both have some, in reading order.
  const all =
    main.length === 0
      ? own
      : own.length === 0
        ? main
        : (configuration.occurrences.get('proxypassreverse') ?? []).filter(line => both.has(line))
  return all.flatMap((directive): readonly Reverse[] => {
    const isInside = directive.parent !== null && /^Location/i.test(directive.parent.name)
    const path = isInside ? directive.parent?.args[0]?.value : directive.args[0]?.value
    const index = isInside ? 0 : 1
    const url = directive.args[index]?.value
    return path === undefined || url === undefined ? [] : [{ directive, index, path, url }]
  })
}

/** True for a URL of the same machine on another port, or by another name than the backend is told. */
function isOther(url: string, target: string): boolean {
  const [one, other] = [url, target].map(text => /^https?:\/\/([^/:]+)(?::(\d+))?/i.exec(text))
  if (!one || !other) return false
  const isLocal = (name: string | undefined): boolean =>
    /^(?:localhost|127\.0\.0\.1|\[::1\])$/i.test(name ?? '')
  const sameHost = one[1]?.toLowerCase() === other[1]?.toLowerCase() || (isLocal(one[1]) && isLocal(other[1]))
  if (!sameHost) return false
  // Without `ProxyPreserveHost` the backend is told the name that `ProxyPass` has, and redirects to that.
  return (one[2] ?? '80') !== (other[2] ?? '80') || one[1]?.toLowerCase() !== other[1]?.toLowerCase()
}

function preservesHost(configuration: ApacheConfiguration, pass: ApacheDirective): boolean | undefined {
  const section = pass.parent
  if (section !== null && directivesIn(configuration, section, 'proxypreservehost').length > 0) {
    const last = directivesIn(configuration, section, 'proxypreservehost').at(-1)
    return last?.args[0]?.value.toLowerCase() === 'on'
  }
  const setting = settingOf(
    configuration,
    serverLevels(virtualHostOf(configuration, pass)),
    'ProxyPreserveHost',
  )
  if (!setting.known) return configuration.main === null ? false : undefined
  return setting.value?.toLowerCase() === 'on'
}
