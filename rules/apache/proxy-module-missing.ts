import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import { type ApacheConfiguration, isModuleLoaded } from '../../src/servers/apache/configuration.ts'
import { type ProxyScheme, proxyPasses } from '../../src/servers/apache/queries/proxy-passes.ts'
import { placedRules } from '../../src/servers/apache/queries/rewriting.ts'
import { apacheMain } from '../_examples.ts'
import { proxyAlone } from './_modules-of-setups.ts'

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

const playbook = (modules: string): string => conf`
  ---
  - name: install apache
    ansible.builtin.apt:
      name: apache2
  - name: enable modules
    community.general.apache2_module:
      name: "{{ item }}"
      state: present
    loop:
      ${modules}
    notify: restart apache
`

/** A site whose `.htaccess` rewrites by these lines. */
const htaccess = (modules: readonly string[], lines: string): Record<string, string> => ({
  'etc/apache2/apache2.conf': main(
    modules,
    conf`
      DocumentRoot /srv/www
      <Directory /srv/www>
          AllowOverride All
          Require all granted
      </Directory>
    `,
  ),
  'srv/www/.htaccess': conf`
    RewriteEngine On
    ${lines}
  `,
})

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
    {
      title: 'a rule of a .htaccess without any proxy',
      files: htaccess(['rewrite'], 'RewriteRule ^api/(.*)$ «http://127.0.0.1:8000/$1» [P,L]'),
    },
    {
      title: 'a rule of a .htaccess to TLS, with mod_proxy alone',
      files: htaccess(
        ['rewrite', 'proxy', 'ssl'],
        'RewriteRule ^api/(.*)$ «https://127.0.0.1:8000/$1» [P,L]',
      ),
    },
    {
      title: 'a playbook that enables mod_proxy alone',
      files: {
        'roles/proxy/tasks/main.yml': playbook('- ssl\n- proxy'),
        'roles/proxy/templates/site.conf': conf`
          <VirtualHost *:80>
              ServerName example.org
              ProxyPass / «http://127.0.0.1:8000/»
          </VirtualHost>
        `,
      },
    },
    {
      title: 'a script that does',
      files: {
        'deploy/setup.sh': conf`
          #!/bin/sh
          apt-get install -y apache2
          a2enmod ssl headers \
              proxy rewrite
          systemctl restart apache2
        `,
        'deploy/site.conf': conf`
          <VirtualHost *:80>
              ServerName example.org
              ProxyPass / «http://127.0.0.1:8000/»
          </VirtualHost>
        `,
      },
    },
  ],
  good: [
    {
      title: 'a playbook with both, or with a list of variables',
      files: {
        'roles/proxy/tasks/main.yml': playbook('- proxy\n- proxy_http'),
        'roles/proxy/templates/site.conf': conf`ProxyPass / http://127.0.0.1:8000/`,
      },
    },
    {
      title: 'what people are told to enable by hand',
      files: {
        'README.md': conf`
          Then \`a2enmod proxy_http\`.
        `,
        'setup.sh': conf`
          #!/bin/sh
          a2enmod proxy
        `,
        'site.conf': conf`ProxyPass / http://127.0.0.1:8000/`,
      },
    },
    ...['proxy*', '"prox?" "proxy_*"', 'proxy{,_http}', 'proxy proxy_[a-h]*'].map(words => ({
      title: `wildcards: \`${words}\``,
      files: {
        'setup.sh': conf`
          #!/bin/bash
          a2enmod ${words}
        `,
        'site.conf': conf`ProxyPass / http://127.0.0.1:8000/`,
      },
    })),
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
      title: 'a rule of a .htaccess with both modules, or for a server that has them',
      files: htaccess(
        ['rewrite', 'proxy', 'proxy_http'],
        conf`
          RewriteRule ^api/(.*)$ http://127.0.0.1:8000/$1 [P,L]
          <IfModule mod_proxy_balancer.c>
              RewriteRule ^shop/(.*)$ http://127.0.0.1:8001/$1 [P,L]
          </IfModule>
        `,
      ),
    },
    {
      title: 'a fragment, whose modules nobody knows',
      files: { 'site.conf': conf`ProxyPass / http://127.0.0.1:8000/` },
    },
  ],
  *check(deployment) {
    for (const configuration of deployment.apache) {
      yield* refusedRules(configuration, deployment.filesOf(configuration))
      for (const { scheme, at, directive } of proxyPasses(configuration)) {
        if (!scheme.known) continue
        const module = MODULES[scheme.value]
        const isLoaded = isModuleLoaded(configuration, module)
        const enabled =
          isLoaded === undefined && module !== 'proxy_wstunnel_module'
            ? proxyAlone(deployment, module.replace(/_module$/, ''))
            : null
        if (isLoaded !== false && enabled === null) continue
        // Since 2.4.47 mod_proxy_http speaks WebSocket too.
        if (
          module === 'proxy_wstunnel_module' &&
          isModuleLoaded(configuration, 'proxy_http_module') !== false
        )
          continue
        yield {
          at,
          ...(enabled !== null && {
            confidence: 'medium' as const,
            related: [{ at: enabled, message: '`mod_proxy` alone is enabled here' }],
          }),
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

/** Rules of `.htaccess` with `[P]`, which mod_rewrite refuses where there is no proxy. */
function* refusedRules(configuration: ApacheConfiguration, files: FileSystem): Iterable<RuleFinding> {
  const missing = ['proxy_module', 'proxy_http_module'].find(
    module => isModuleLoaded(configuration, module) === false,
  )
  if (missing === undefined) return
  for (const { htaccess, flags, output, directive } of placedRules(configuration, files)) {
    const scheme = /^https?(?=:)/i.exec(output)?.[0].toLowerCase()
    if (htaccess === null || !flags.has('P') || scheme === undefined) continue
    const isProxy = missing === 'proxy_http_module'
    yield {
      at: argumentPlace(directive, 1),
      message: `\`${missing}\` is not loaded, so ${isProxy ? `nothing serves \`${scheme}://\`: 500` : 'mod_rewrite may not proxy: 403'}`,
      label: isProxy ? 'no handler' : 'attempt to make remote request from mod_rewrite without proxy enabled',
      help: 'Load both modules: `a2enmod proxy proxy_http` on Debian',
    }
  }
}
