import { apacheMain } from '../_examples.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { isModuleLoaded } from '../../src/servers/apache/configuration.ts'
import { type ProxyScheme, proxyPasses } from '../../src/servers/apache/queries/proxy-passes.ts'

/** The module that serves a scheme of mod_proxy. */
const MODULES: Readonly<Record<ProxyScheme, string>> = {
  http: 'proxy_http_module',
  https: 'proxy_http_module',
  h2c: 'proxy_http2_module',
  h2: 'proxy_http2_module',
  ws: 'proxy_wstunnel_module',
  wss: 'proxy_wstunnel_module',
  fcgi: 'proxy_fcgi_module',
  scgi: 'proxy_scgi_module',
  uwsgi: 'proxy_uwsgi_module',
  ajp: 'proxy_ajp_module',
  ftp: 'proxy_ftp_module',
}

const main = (modules: readonly string[], lines: string): string =>
  apacheMain(
    conf`
      Listen 80
      ServerName example.org
      ${lines}
    `,
    modules,
  )

export default defineRule({
  summary: 'No loaded module serves the scheme that is proxied to',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'mod_proxy leaves every scheme to a module of its own. Without it the request has no handler: `ProxyPass` answers 500 with AH01144 `No protocol handler was valid for the URL`, and with `SetHandler "proxy:fcgi://…"` httpd sends the source of the script, with status 200.',
  remedy: 'Load the module: `a2enmod proxy_http` and the like on Debian',
  references: ['https://httpd.apache.org/docs/2.4/mod/mod_proxy.html'],
  bad: [
    {
      title: 'mod_proxy alone',
      files: {
        'etc/apache2/apache2.conf': main(['proxy'], 'ProxyPass / «http://127.0.0.1:8000/»'),
      },
    },
    {
      title: 'PHP-FPM without mod_proxy_fcgi',
      files: {
        'etc/apache2/apache2.conf': main(
          ['proxy', 'proxy_http'],
          conf`
            <FilesMatch \.php$>
                SetHandler «"proxy:unix:/run/php/php8.2-fpm.sock|fcgi://localhost"»
            </FilesMatch>
          `,
        ),
      },
    },
  ],
  good: [
    {
      title: 'both modules',
      files: {
        'etc/apache2/apache2.conf': main(['proxy', 'proxy_http'], 'ProxyPass / http://127.0.0.1:8000/'),
      },
    },
    {
      title: 'WebSocket through mod_proxy_http, which httpd 2.4.47 upgrades',
      files: {
        'etc/apache2/apache2.conf': main(
          ['proxy', 'proxy_http'],
          conf`
            ProxyPass /ws ws://127.0.0.1:8000/ws
            ProxyPass / http://127.0.0.1:8000/ upgrade=websocket
          `,
        ),
      },
    },
    {
      title: 'a fragment, whose modules nobody knows',
      files: { 'site.conf': conf`ProxyPass / http://127.0.0.1:8000/` },
    },
  ],
  *check({ apache }) {
    for (const configuration of apache) {
      for (const { scheme, at, directive } of proxyPasses(configuration)) {
        if (!scheme.known) continue
        const module = MODULES[scheme.value]
        if (isModuleLoaded(configuration, module) !== false) continue
        // Since 2.4.47 mod_proxy_http speaks WebSocket too.
        if (
          module === 'proxy_wstunnel_module' &&
          isModuleLoaded(configuration, 'proxy_http_module') !== false
        )
          continue
        yield {
          at,
          message: `\`${module}\` is not loaded, and nothing else serves \`${scheme.value}://\`${
            /handler$/i.test(directive.name) ? ': httpd sends the source of the file' : ''
          }`,
          label: `no handler for ${scheme.value}://`,
          help: `Load \`${module}\`: \`a2enmod ${module.replace(/_module$/, '')}\` on Debian`,
        }
      }
    }
  },
})
