import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { placeText } from '../../parsers/text/source.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { argumentPlace, isSettled } from '../../src/servers/apache/queries/places.ts'
import { apacheMain } from '../_examples.ts'

const site = (lines: string): string =>
  apacheMain(
    conf`
      Listen 80
      Listen 127.0.0.1:8080
      <VirtualHost *:80>
          ServerName example.org
          ${lines}
      </VirtualHost>
      <VirtualHost 127.0.0.1:8080>
          Redirect /start http://127.0.0.1:8080/login
      </VirtualHost>
    `,
    ['proxy', 'proxy_http', 'alias'],
  )

export default defineRule({
  summary: 'ProxyPassReverse glues the path of a redirect to its own',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: '`ProxyPassReverse` takes its URL away from the front of a redirect and puts its path there. Where the URL ends in a slash and the path does not, the slash is gone: `http://127.0.0.1:8080/login` becomes `/applogin`, and the client gets 404 after the login.',
  remedy: 'End both in a slash, or neither: `ProxyPassReverse /app/ http://127.0.0.1:8080/`',
  references: ['https://httpd.apache.org/docs/2.4/mod/mod_proxy.html#proxypassreverse'],
  bad: [
    {
      title: 'a path without its slash',
      files: {
        'etc/apache2/apache2.conf': site(conf`
          ProxyPass /app/ http://127.0.0.1:8080/
          ProxyPassReverse «/app» http://127.0.0.1:8080/
        `),
      },
    },
    {
      title: 'in a section',
      files: {
        'etc/apache2/apache2.conf': site(conf`
          <Location /app>
              ProxyPass http://127.0.0.1:8080
              ProxyPassReverse «http://127.0.0.1:8080/»
          </Location>
        `),
      },
    },
  ],
  good: [
    {
      title: 'a WebSocket, whose answer is no redirect',
      files: {
        'etc/apache2/apache2.conf': site(conf`
          <Location /app>
              ProxyPass http://127.0.0.1:8080/ upgrade=websocket
              ProxyPassReverse http://127.0.0.1:8080/
          </Location>
        `),
      },
    },
    {
      title: 'a slash on both sides, or on neither',
      files: {
        'etc/apache2/apache2.conf': site(conf`
          ProxyPass /app/ http://127.0.0.1:8080/
          ProxyPassReverse /app/ http://127.0.0.1:8080/
          ProxyPass /api http://127.0.0.1:8080/api
          ProxyPassReverse /api http://127.0.0.1:8080/api
          <Location /blog/>
              ProxyPass http://127.0.0.1:8080/
              ProxyPassReverse http://127.0.0.1:8080/
          </Location>
        `),
      },
    },
    {
      title: 'everything',
      files: {
        'etc/apache2/apache2.conf': site(conf`
          ProxyPass / http://127.0.0.1:8080/
          ProxyPassReverse / http://127.0.0.1:8080/
        `),
      },
    },
  ],
  *check({ apache }) {
    for (const configuration of apache) {
      for (const directive of configuration.occurrences.get('proxypassreverse') ?? []) {
        const { parent, args } = directive
        const section = parent !== null && /^Location/i.test(parent.name) ? parent : null
        if (section !== null && (section.name !== 'Location' || section.args.length !== 1)) continue
        const path = section === null ? args[0]?.value : section.args[0]?.value
        const url = args[section === null ? 1 : 0]?.value
        if (path === undefined || url === undefined || !isSettled(path) || !isSettled(url)) continue
        if (!path.startsWith('/') || path.endsWith('/') || !/^https?:\/\/.+\/$/i.test(url)) continue
        if (section?.children.some(isForWebSockets) === true) continue
        const at = argumentPlace(directive, 0)
        yield {
          at,
          message: `\`${url}login\` becomes \`${path}login\`: \`${url}\` ends in a slash, and \`${path}\` does not`,
          ...propose('End both in a slash', 'unsafe', [
            section === null && placeText(at) === path ? replacePlace(at, `${path}/`) : null,
          ]),
        }
      }
    }
  },
})

/** No answer over a WebSocket is a redirect. */
function isForWebSockets({ name, args }: ApacheDirective): boolean {
  return name === 'ProxyPass' && args.some(({ value }) => /^upgrade=websocket$|^wss?:/i.test(value))
}
