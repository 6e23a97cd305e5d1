import { conf } from '../../src/engine/conf.ts'
import type { Place } from '../../parsers/text/source.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { ApacheProblemCode } from '../../src/servers/apache/configuration.ts'
import type { World } from '../../src/servers/presence.ts'
import { apacheMain } from '../_examples.ts'
import { NO_BREAK_SPACE } from '../../parsers/text/no-break-space.ts'
import { endsLeftOut, isAddressToFillIn } from '../_excerpts.ts'
import { isPasted } from '../_pasted.ts'

/** Told by rules of their own, with what to do about them. */
const TOLD_ELSEWHERE: ReadonlySet<ApacheProblemCode> = new Set([
  'wsgi-daemon-twice',
  'wsgi-daemon-as-root',
  'wsgi-daemon-below',
])

const portsConf = (...modules: readonly string[]): Record<string, string> => ({
  'etc/apache2/ports.conf': [
    'Listen 80',
    ...modules.map(module => `<IfModule ${module}>\n    Listen 443\n</IfModule>`),
    '',
  ].join('\n'),
})

export default defineRule({
  summary: 'Apache refuses the configuration, or warns of it',
  severity: 'error',
  otherSeverities: {
    warning:
      'for what Apache accepts with a warning, or silently ignores, and below the condition of a module that few servers load',
    info: 'for a parameter that a macro does not use, where no macro is used, and where a manual leaves out the end of a file or the numbers of an address',
  },
  confidence: 'high',
  since: '0.1.0',
  why: 'Apache stops reading at the first fault: it does not start, and a graceful restart takes the running server down with every site on it.',
  remedy: 'Correct the line, and ask `apache2ctl configtest` before each reload',
  references: ['https://httpd.apache.org/docs/2.4/configuring.html'],
  bad: [
    {
      title: 'a section that is never closed',
      files: {
        'site.conf': conf`
          <«VirtualHost» *:80>
              ServerName example.org
        `,
      },
    },
    {
      title: 'a file of which the rest is left out',
      files: {
        'site.conf': conf`
          <«VirtualHost» *:80>
              ServerName example.org
              # ...
        `,
      },
    },
    {
      title: 'a name made of two directives of one family',
      files: {
        'site.conf': conf`
          <VirtualHost *:80>
              ServerName example.org
              ProxyPass / http://127.0.0.1:8000/ interpolate
              ProxyPassReverse / http://127.0.0.1:8000/ interpolate
              «ProxyPassReverseInterpolateEnv» On
          </VirtualHost>
        `,
      },
    },
    {
      title: 'a closing line without its first character, in a template',
      files: {
        'shop.conf.j2': conf`
          <VirtualHost *:80>
              ServerName {{ name }}
              {% if tls %}
              Redirect / https://{{ name }}/
              {% endif %}
          «/VirtualHost»>
        `,
      },
    },
    {
      title: 'a section without its `>`, in a template',
      files: {
        'shop.conf.erb': conf`
          <VirtualHost *:80>
              ServerName <%= @name %>
              <«LocationMatch» "^<%= @path %>/[0-9]+"
                  Require valid-user
              </LocationMatch>
          </VirtualHost>
        `,
      },
    },
    {
      title: 'no-break spaces, pasted from a page',
      files: {
        'site.conf': conf`
          <VirtualHost *:80>
          «${NO_BREAK_SPACE}»   ServerName example.org
              DocumentRoot${NO_BREAK_SPACE}/srv/www
          ${NO_BREAK_SPACE}   LogLevel warn
          </VirtualHost>
        `,
      },
    },
    {
      title: 'a line that does not end in a backslash, and the rest of it',
      files: {
        'site.conf': conf`
          <VirtualHost *:80>
              ServerName example.org
              WSGIDaemonProcess shop python-home=/srv/venv
                  «python-path=/srv/shop»
          </VirtualHost>
        `,
      },
    },
    {
      title: 'a name with a letter too many, which no module knows',
      files: {
        'site.conf': conf`
          <VirtualHost *:80>
              ServerName example.org
              «ServerAliases» www.example.org
          </VirtualHost>
        `,
      },
    },
    {
      title: 'below the condition of a module that is seldom loaded',
      files: {
        'site.conf': conf`
          <VirtualHost *:80>
              ServerName cloud.example.org
              <IfModule mod_dav.c>
                  «Dav» off
              </IfModule>
          </VirtualHost>
        `,
      },
    },
    {
      title: 'a module above the one whose functions it needs',
      files: {
        'etc/apache2/apache2.conf': apacheMain(conf`
          LoadModule «proxy_fcgi_module» /usr/lib/apache2/modules/mod_proxy_fcgi.so
          LoadModule proxy_module /usr/lib/apache2/modules/mod_proxy.so
          Listen 80
        `),
      },
    },
    {
      title: 'the same in a template',
      files: {
        'httpd.conf.tpl': conf`
          ServerRoot /usr/local/apache2
          LoadModule «session_cookie_module» modules/mod_session_cookie.so
          LoadModule session_module modules/mod_session.so
          LogLevel {{ getenv "LOG_LEVEL" "warn" }}
          Listen 80
        `,
      },
    },
    {
      title: 'two parameters that a macro does not use',
      files: {
        'site.conf': conf`
          <Macro Site «$ip» $port>
              <VirtualHost *:80>
                  ServerName example.org
              </VirtualHost>
          </Macro>
          Use Site 192.0.2.1 80
        `,
      },
    },
    {
      title: 'two parameters of a macro that nothing uses: advice',
      files: {
        'init.conf': conf`
          <Macro Init «$ip» $port>
              Listen \${ip}:\${port}
          </Macro>
        `,
      },
    },
    {
      title: "a port that a site opens beside Debian's ports.conf",
      files: {
        'etc/apache2/mods-enabled/ssl.load': 'LoadModule ssl_module /usr/lib/apache2/modules/mod_ssl.so\n',
        ...portsConf('ssl_module'),
        'etc/apache2/sites-enabled/shop.conf': conf`
          Listen «443»
          <VirtualHost *:443>
              ServerName example.org
          </VirtualHost>
        `,
      },
    },
  ],
  good: [
    {
      title: "Debian's ports.conf, which names both modules of TLS",
      files: portsConf('ssl_module', 'mod_gnutls.c'),
    },
    {
      title: 'the ports of Debian, of whose modules one is loaded',
      files: {
        'etc/apache2/apache2.conf': apacheMain('Include ports.conf\nIncludeOptional mods-enabled/*.load'),
        ...portsConf('ssl_module', 'mod_gnutls.c'),
      },
    },
    {
      title: 'a main file for Apache 2.2, which takes options with and without a sign',
      files: {
        'httpd.conf': conf`
          ServerRoot "/etc/httpd"
          Listen 80
          SSLMutex default
          <Directory "/var/www/icons">
              Options -Indexes MultiViews
              Order allow,deny
              Allow from all
          </Directory>
        `,
      },
    },
    {
      title: 'a macro in two files, of which one is put in place',
      files: {
        'with-logs.conf': conf`
          <Macro Site $name>
              <VirtualHost *:80>
                  ServerName $name
                  CustomLog /var/log/$name.log combined
              </VirtualHost>
          </Macro>
        `,
        'without-logs.conf': conf`
          <Macro Site $name>
              <VirtualHost *:80>
                  ServerName $name
              </VirtualHost>
          </Macro>
        `,
      },
    },
    {
      title: 'a continued line',
      files: {
        'site.conf': conf`
          <VirtualHost *:80>
              ServerName \
                  example.org
          </VirtualHost>
        `,
      },
    },
    {
      title: '`Error` under a condition that has to be false for httpd to run',
      files: {
        'site.conf': conf`
          <IfModule !ssl_module>
              Error "enable mod_ssl first"
          </IfModule>
          <IfDefine PROXIED>
              <IfModule !proxy_module>
                  Error "enable mod_proxy first"
              </IfModule>
          </IfDefine>
        `,
      },
    },
  ],
  *check({ apache }) {
    for (const { problems, world, executed } of apache) {
      const usesMacros = executed?.some(({ name }) => name.toLowerCase() === 'use') === true
      const pasted = new Set(problems.flatMap(({ at }) => (isPasted(at) ? [at.source] : [])))
      for (const { code, fatal, message, at, related, help } of problems) {
        if (TOLD_ELSEWHERE.has(code)) continue
        // A section whose line is lost so lets the lines in it stand where they may not.
        if (pasted.has(at.source) && !isPasted(at)) continue
        const module = fatal ? rareModuleAround(world, at) : null
        // Debian's own ports.conf has a `Listen` for each of two modules, of which nobody loads both.
        if (code === 'duplicate-listen' && module !== null && /gnutls/.test(module)) continue
        const isOfExcerpt =
          code === 'section-unclosed'
            ? endsLeftOut(at.source)
            : code === 'invalid-value' && isAddressToFillIn(at)
        yield {
          at,
          // One line may be wrong in several ways.
          aspect: message,
          ...(code === 'unknown-directive' && isPasted(at) && { cause: at.source }),
          message: module === null ? message : `${message}: with \`${module}\` httpd does not start`,
          fatal: fatal && !isOfExcerpt,
          severity:
            isOfExcerpt || (code === 'macro-argument-unused' && !usesMacros)
              ? 'info'
              : fatal && module === null
                ? 'error'
                : 'warning',
          ...(related === undefined ? {} : { related }),
          ...(help === undefined ? {} : { help }),
        }
      }
    }
  },
})

/** Modules that most servers load, so that what their conditions guard is there. */
const USUAL = new Set(
  (
    'alias auth_basic authn_file authz_host authz_user access_compat autoindex deflate dir env expires filter headers ' +
    'http2 log_config mime negotiation proxy proxy_fcgi proxy_http proxy_wstunnel reqtimeout rewrite setenvif ssl ' +
    'status unixd version wsgi php php7 php5 cgi cgid'
  )
    .split(' ')
    .map(name => `module ${name}_module`),
)

/** The module of which nobody knows that it is loaded, and without which the line is never read; null for all others. */
function rareModuleAround(world: World, at: Place): string | null {
  let found: string | null = null
  for (const presence of world.presences(at)) {
    const rare = presence.find(
      ({ condition, negated }) => condition.startsWith('module ') && !negated && !USUAL.has(condition),
    )
    if (rare === undefined) return null
    found = rare.condition.slice('module '.length)
  }
  return found
}
