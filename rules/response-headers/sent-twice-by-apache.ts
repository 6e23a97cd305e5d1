import { groupBy } from '../../parsers/collections/group-by.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { levelsOfStartPage } from '../../src/deployment/requests/levels-of-start-page.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import type { ApacheConfiguration } from '../../src/servers/apache/configuration.ts'
import { scopeOf } from '../../src/servers/apache/queries/directives-in.ts'
import { serverLevels } from '../../src/servers/apache/queries/effective.ts'
import {
  type HeaderAction,
  type HeaderLine,
  headerLine,
  headerTable,
  responseHeaders,
} from '../../src/servers/apache/queries/header-tables.ts'
import { everywhere } from '../../src/servers/apache/queries/htaccess.ts'
import { proxyPasses } from '../../src/servers/apache/queries/proxy-passes.ts'
import { type VirtualHost, virtualHosts } from '../../src/servers/apache/queries/virtual-hosts.ts'
import { apacheMain } from '../_examples.ts'

const site = (lines: string): string => conf`
  <VirtualHost *:80>
      ServerName example.org
      DocumentRoot /srv/www
      <Directory /srv/www>
          Require all granted
      </Directory>
      ${lines}
  </VirtualHost>
`

export default defineRule({
  summary: 'Header sends one header twice',
  severity: 'warning',
  otherSeverities: { error: 'for `Access-Control-Allow-Origin`, which browsers then refuse' },
  confidence: 'high',
  ofLoneHtaccess: true,
  since: '0.1.0',
  why: '`always` and `onsuccess` are two tables, and a success gets both: the header goes out twice. Browsers join the values: `DENY, DENY` is no value of `X-Frame-Options`, and two `Access-Control-Allow-Origin` are refused.',
  remedy: 'Keep the line with `always`, and take the other one away; set one origin',
  references: ['https://httpd.apache.org/docs/2.4/mod/mod_headers.html#header'],
  bad: [
    {
      title: 'both tables',
      files: {
        'site.conf': site(conf`
          Header always set X-Frame-Options DENY
          Header set «X-Frame-Options» DENY
        `),
      },
    },
    {
      title: 'the table of the server, and that of a .htaccess',
      files: {
        'etc/apache2/apache2.conf': apacheMain(
          conf`
            Listen 80
            ServerName example.org
            DocumentRoot /srv/www
            Header always set X-Frame-Options DENY
            <Directory /srv/www>
                AllowOverride All
                Require all granted
            </Directory>
          `,
          ['headers'],
        ),
        'srv/www/.htaccess': 'Header set «X-Frame-Options» SAMEORIGIN\n',
      },
    },
    {
      title: 'two origins',
      files: {
        'site.conf': site(conf`
          Header set Access-Control-Allow-Origin "https://app.example.org"
          Header add «Access-Control-Allow-Origin» "https://shop.example.org"
        `),
      },
    },
    {
      title: 'two origins that append joins, for all answers',
      files: {
        'site.conf': site(conf`
          Header always set Access-Control-Allow-Origin "https://app.example.org"
          Header always append «Access-Control-Allow-Origin» "https://shop.example.org"
        `),
      },
    },
    {
      title: 'two origins that merge joins, in a section',
      files: {
        'site.conf': site(conf`
          <Location /api>
              Header set Access-Control-Allow-Origin "https://app.example.org"
              Header merge «Access-Control-Allow-Origin» "https://shop.example.org"
          </Location>
        `),
      },
    },
    {
      title: 'two origins of which the second replaces the first, in a .htaccess alone',
      files: {
        '.htaccess': conf`
          <IfModule mod_headers.c>
              Header set Access-Control-Allow-Origin "https://app.example.org"
              Header set «Access-Control-Allow-Origin» "https://shop.example.org"
          </IfModule>
        `,
      },
    },
  ],
  good: [
    {
      title: 'one origin that a section replaces, one written twice, and a list of methods',
      files: {
        'site.conf': site(conf`
          Header set Access-Control-Allow-Origin "https://app.example.org"
          <Location /fonts>
              Header set Access-Control-Allow-Origin "*"
          </Location>
          <Location /api>
              Header set Access-Control-Allow-Origin "https://app.example.org"
              Header merge Access-Control-Allow-Origin "https://app.example.org"
              Header set Access-Control-Allow-Methods GET
              Header append Access-Control-Allow-Methods POST
          </Location>
          <Location /old>
              Header set Access-Control-Allow-Origin "https://app.example.org"
              Header unset Access-Control-Allow-Origin
              Header set Access-Control-Allow-Origin "https://shop.example.org"
          </Location>
        `),
      },
    },
    {
      title: 'an origin of the request',
      files: {
        'site.conf': site(conf`
          SetEnvIf Origin "^(https://(?:app|shop)\.example\.org)$" from=$1
          Header set Access-Control-Allow-Origin "https://app.example.org"
          Header set Access-Control-Allow-Origin "%{from}e" env=from
        `),
      },
    },
    {
      title: 'origins by conditions',
      files: {
        'site.conf': site(conf`
          Header add Access-Control-Allow-Origin "https://app.example.org" env=app
          Header add Access-Control-Allow-Origin "https://shop.example.org" env=shop
        `),
      },
    },
    {
      title: 'a proxy, which reads no .htaccess',
      files: {
        'etc/apache2/apache2.conf': apacheMain(
          conf`
            Listen 80
            ServerName example.org
            DocumentRoot /srv/www
            Header always set X-Frame-Options DENY
            ProxyPass / http://127.0.0.1:8080/
            <Directory /srv/www>
                AllowOverride All
                Require all granted
            </Directory>
          `,
          ['headers', 'proxy', 'proxy_http'],
        ),
        'srv/www/.htaccess': 'Header set X-Frame-Options SAMEORIGIN\n',
      },
    },
    {
      title: 'one table',
      files: { 'site.conf': site('Header always set X-Frame-Options DENY') },
    },
    {
      title: 'taken out of the other one',
      files: {
        'site.conf': site(conf`
          Header set X-Frame-Options DENY
          Header onsuccess unset X-Frame-Options
          Header always set X-Frame-Options DENY
          Header always edit Set-Cookie $ ;Secure
          Header edit Set-Cookie $ ;Secure
        `),
      },
    },
  ],
  *check(deployment) {
    for (const configuration of deployment.apache) {
      yield* originsInOneScope(configuration, deployment.filesOf(configuration))
      if (!configuration.occurrences.has('header')) continue
      for (const host of [null, ...virtualHosts(configuration)]) {
        const { lines } = responseHeaders(configuration, serverLevels(host))
        for (const table of ['always', 'onsuccess'] as const) {
          const origin = headerTable(lines, table).get('access-control-allow-origin')
          if (origin === undefined || origin.values.length < 2 || origin.values.includes(null)) continue
          yield {
            at: origin.line.nameAt,
            severity: 'error' as const,
            message: `\`${origin.line.name}\` goes out ${origin.values.length} times, and browsers take one origin alone`,
            help: ONE_OF_A_LIST,
          }
        }
        yield* inBothTables(lines)
        yield* inBothTables(linesOfStartPage(deployment, configuration, host))
      }
    }
  },
})

/** What sections and `.htaccess` of the document root set beside the server, where no proxy answers instead. */
function linesOfStartPage(
  deployment: Deployment,
  configuration: ApacheConfiguration,
  virtualHost: VirtualHost | null,
): readonly HeaderLine[] {
  if (proxyPasses(configuration).some(({ path }) => path === '/')) return []
  const levels = levelsOfStartPage(deployment, { configuration, virtualHost }).filter(
    ({ applies }) => applies === true,
  )
  return responseHeaders(configuration, levels).lines
}

function* inBothTables(lines: readonly HeaderLine[]): Iterable<RuleFinding> {
  // Most have one table alone.
  if (groupBy(lines, ({ table }) => table).size < 2) return
  const always = headerTable(lines, 'always')
  for (const [name, { values, line }] of headerTable(lines, 'onsuccess')) {
    const other = always.get(name)
    if (other === undefined || values.length !== 1 || other.values.length !== 1) continue
    if (values[0] === null || other.values[0] === null || name === 'set-cookie') continue
    if (line.action !== 'set' || other.line.action !== 'set') continue
    yield {
      at: line.nameAt,
      message: `\`${line.name}\` goes out twice, for \`always\` sets it too`,
      related: [{ at: other.line.nameAt, message: 'the other table' }],
    }
  }
}

const ORIGIN = 'access-control-allow-origin'

/** Lines of one section that give several origins: `append` and `merge` join them, `set` keeps the last. */
function* originsInOneScope(configuration: ApacheConfiguration, files: FileSystem): Iterable<RuleFinding> {
  const written = everywhere(configuration, files, 'header').flatMap(line => headerLine(line) ?? [])
  const origins = written.filter(({ name }) => name.toLowerCase() === ORIGIN)
  if (origins.length < 2) return
  const places = groupBy(origins, ({ directive, table }) => `${table} ${directive.source.path}`)
  for (const inFile of places.values())
    for (const lines of groupBy(inFile, ({ directive }) => scopeOf(directive)).values()) {
      // What a condition or an expression decides may be one origin for each request.
      if (lines.some(({ condition, value, action }) => condition !== null || !isPlain(action, value)))
        continue
      const before: string[] = []
      for (const { action, value, nameAt, valueAt } of lines) {
        const former = before.at(-1)
        if (action === 'unset' || value === null) before.length = 0
        else if (former !== undefined && !before.includes(value)) {
          const isJoined = action === 'append' || action === 'merge'
          if (isJoined)
            yield {
              at: nameAt,
              severity: 'error',
              message: `\`Header ${action}\` joins the values, and \`${former}, ${value}\` is no origin: browsers refuse it`,
              help: ONE_OF_A_LIST,
            }
          else if (action === 'set')
            yield {
              at: nameAt,
              message: `\`Header set\` overwrites the line before, so \`${value}\` alone is sent, and scripts of \`${former}\` are refused`,
              related: [
                {
                  at: lines.find(each => each.value === former)?.valueAt ?? valueAt ?? nameAt,
                  message: 'never sent',
                },
              ],
              help: ONE_OF_A_LIST,
            }
        }
        if (value !== null && action !== 'unset' && action !== 'setifempty') before.push(value)
      }
    }
}

const ONE_OF_A_LIST = 'set the one that the client sent, from a list: `SetEnvIf Origin` and `env=`'

function isPlain(action: HeaderAction, value: string | null): boolean {
  return (
    action === 'unset' ||
    (['set', 'add', 'append', 'merge', 'setifempty'].includes(action) &&
      value !== null &&
      !/[%$,{]|^expr=/.test(value))
  )
}
