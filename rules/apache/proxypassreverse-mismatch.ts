import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { parseIp } from '../../src/servers/addresses/ip.ts'
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
      title: 'the path of the site instead of the one that is proxied',
      files: {
        'site.conf': site(conf`
          ProxyPass /wiki http://127.0.0.1:8080/wiki
          ProxyPassReverse «/» http://127.0.0.1:8080/wiki
        `),
      },
    },
    {
      title: 'a letter less, before a line for the whole site',
      files: {
        'site.conf': site(conf`
          ProxyPass /api/v3 http://127.0.0.1:8080/api/v3
          ProxyPassReverse «/api/3» http://127.0.0.1:8080/api/v3
          ProxyPass / http://127.0.0.1:8080/
          ProxyPassReverse / http://127.0.0.1:8080/
        `),
      },
    },
    {
      title: 'another port, of a rule for a path',
      files: {
        'site.conf': site(conf`
          RewriteEngine On
          RewriteRule ^/app/(.*)$ http://127.0.0.1:8080/app/$1 [P]
          ProxyPassReverse /app/ «http://127.0.0.1:8081/app/»
        `),
      },
    },
    {
      title: 'none',
      files: { 'site.conf': site('ProxyPass / «http://127.0.0.1:8080/»') },
    },
    {
      title: 'the name of the machine whose address is proxied to',
      files: {
        'site.conf': conf`
          <VirtualHost *:80>
              ServerName example.org
              ProxyPass /erp/ http://10.0.0.5:8080/erp/
              ProxyPassReverse /erp/ «http://erp-backend:8080/erp/»
          </VirtualHost>
        `,
      },
    },
  ],
  good: [
    {
      title: 'the public name that the backend uses whatever it is told',
      files: {
        'site.conf': conf`
          <VirtualHost *:80>
              ServerName example.org
              ProxyPass /erp/ http://10.0.0.5:8080/erp/
              ProxyPassReverse /erp/ http://erp.example.net:8080/erp/
              ProxyPass /wiki/ http://10.0.0.6/wiki/
              ProxyPassReverse /wiki/ http://10.0.0.6/wiki/
              ProxyPassReverse /wiki/ http://wiki/wiki/
          </VirtualHost>
        `,
      },
    },
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
      title: 'one line for several paths of a backend, and one that is another’s',
      files: {
        'site.conf': site(conf`
          ProxyPass /wiki http://127.0.0.1:8080/wiki
          ProxyPass /blog/ http://127.0.0.1:8080/blog/
          ProxyPassReverse / http://127.0.0.1:8080/
          ProxyPass /news http://127.0.0.1:8081/
          ProxyPass /old http://127.0.0.1:8081/
          ProxyPassReverse /news http://127.0.0.1:8081/
          ProxyPass /files http://127.0.0.1:8082/files
          ProxyPassReverse /files/deep http://127.0.0.1:8082/files/deep
          ProxyPassReverse /files http://127.0.0.1:8082/files/
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
      for (const { directive, path, base: written, at, scheme, endpoints } of proxyPasses(configuration)) {
        if (path === null || written === null || !scheme.known) continue
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
            message: `\`${directive.name}\` proxies \`${path}\` to \`${written}\`, so redirects from there are not changed`,
            related: [{ at, message: 'the backend' }],
          }
        } else if (wrong === undefined && reverses.length > 0) {
          if (preservesHost(configuration, directive) !== false) continue
          const astray = reverses.find(reverse => changedTo(reverse, written) !== null)
          // httpd takes the first line whose URL the redirect begins with.
          if (astray === undefined || leadsBack(astray, path, written)) continue
          const passes = proxyPasses(configuration)
          if (passes.some(pass => leadsBack(astray, pass.path ?? astray.path, pass.base ?? pass.written)))
            continue
          yield {
            at: argumentPlace(astray.directive, astray.index === 0 ? 0 : astray.index - 1),
            message: `redirects to \`${written}\` are changed to \`${changedTo(astray, written)}\`, and \`${directive.name}\` proxies \`${path}\` there`,
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

/** The path that a redirect of the backend to the URL that is proxied to becomes; null where it stays as it is. */
function changedTo(reverse: Reverse, written: string): string | null {
  const [url, target] = [reverse.url, written].map(text => text.replace(/\/+$/, ''))
  if (url === undefined || target === undefined || !`${target}/`.startsWith(`${url}/`)) return null
  const path = reverse.path.replace(/\/+$/, '') + target.slice(url.length)
  return path === '' ? '/' : path
}

/** True where redirects of the backend come back to the path that is proxied. */
function leadsBack(reverse: Reverse, path: string, written: string): boolean {
  const changed = changedTo(reverse, written)
  return changed !== null && changed === (path.replace(/(?<=.)\/+$/, '') || '/')
}

/** True for a URL of the same machine on another port, or by another name than the backend is told. */
function isOther(url: string, target: string): boolean {
  const [one, other] = [url, target].map(text => /^https?:\/\/([^/:]+)(?::(\d+))?/i.exec(text))
  if (!one || !other) return false
  const names = [one[1]?.toLowerCase() ?? '', other[1]?.toLowerCase() ?? ''] as const
  const isSamePort = (one[2] ?? '80') === (other[2] ?? '80')
  if (names[0] === names[1] || names.every(isLocal)) return !isSamePort || names[0] !== names[1]
  // The address of a machine, and what only the network of the two can call it.
  return isSamePort && names.some(name => parseIp(name) !== null) && names.some(isOwnName)
}

function isLocal(name: string): boolean {
  return /^(?:localhost|127\.0\.0\.1|\[::1\])$/.test(name)
}

function isOwnName(name: string): boolean {
  return /^[a-z][\w-]*$|\.(?:local|lan|internal|intra|intern|home|corp)$/.test(name)
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
