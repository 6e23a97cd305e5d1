import { parseApache } from '../../parsers/apache/parse.ts'
import type { ApacheLineNode } from '../../parsers/apache/syntax.ts'
import { memo } from '../../parsers/collections/memo.ts'
import type { Source } from '../../parsers/text/source.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { askHost, urlOfDirectory } from '../../src/deployment/requests/ask-host.ts'
import { EXISTING } from '../../src/deployment/requests/made-up-requests.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { type ApacheConfiguration, loadsPhp } from '../../src/servers/apache/configuration.ts'
import { apacheModuleOfFile } from '../../src/servers/apache/modules.ts'
import { conditionsAround } from '../../src/servers/apache/queries/conditions-around.ts'
import { type Htaccess, htaccessFiles } from '../../src/servers/apache/queries/htaccess.ts'
import { runsPhp } from '../../src/servers/apache/requests/runs-php.ts'

const REWRITING = conf`
  <IfModule mod_rewrite.c>
      RewriteEngine On
  </IfModule>
  <IfModule mod_deflate.c>
      SetOutputFilter DEFLATE
  </IfModule>
`

export default defineRule({
  summary: 'A `.htaccess` for any server has a line for a module that not every server loads',
  severity: 'info',
  otherSeverities: {
    error: 'for settings of PHP, where PHP-FPM runs the scripts',
    warning: 'for settings of PHP, where the file guards others of them',
  },
  confidence: 'medium',
  ofLoneHtaccess: true,
  since: '0.1.0',
  why: "httpd knows a directive by its module alone: without that, every request below the directory is answered with 500 (`Invalid command 'php_flag', perhaps misspelled or defined by a module not included in the server configuration`). PHP-FPM and CGI are no module of PHP, and Debian loads neither mod_headers nor mod_expires by itself.",
  remedy:
    'Put the line into `<IfModule>` of its module; what PHP-FPM is to take as well stands in `.user.ini`',
  references: [
    'https://httpd.apache.org/docs/2.4/mod/core.html#ifmodule',
    'https://www.php.net/manual/en/configuration.changes.php',
    'https://www.php.net/manual/en/configuration.file.per-user.php',
  ],
  unproven:
    'It is about servers that nobody sees; of one that is seen `apache/htaccess-syntax` says it, and shows it on a server',
  bad: [
    {
      title: 'PHP is turned off among the uploads',
      files: {
        'uploads/.htaccess': conf`
          Options -ExecCGI
          «php_flag» engine off
        `,
      },
    },
    {
      title: 'some of the settings are guarded',
      files: {
        '.htaccess': conf`
          <IfModule mod_php5.c>
              php_value always_populate_raw_post_data -1
          </IfModule>
          «php_value» upload_max_filesize 513M
          php_value post_max_size 513M
        `,
      },
    },
    {
      title: 'headers, where lines of other modules are guarded',
      files: {
        '.htaccess': conf`
          ${REWRITING}
          <FilesMatch "\.(css|js)$">
              «Header» set Cache-Control public
          </FilesMatch>
        `,
      },
    },
    {
      title: 'the version is asked in a section of another module',
      files: {
        '.htaccess': conf`
          ${REWRITING}
          <IfModule mod_setenvif.c>
              <«IfVersion» >= 2.4>
                  SetEnvIfExpr "%{CONN_REMOTE_ADDR} =~ /(.*)/" CONN_REMOTE_ADDR=$1
              </IfVersion>
          </IfModule>
        `,
      },
    },
    {
      title: 'settings of PHP, whose scripts PHP-FPM runs',
      files: {
        'etc/apache2/sites-available/shop.conf': conf`
          <VirtualHost *:80>
              ServerName example.org
              DocumentRoot /srv/shop
              <Directory /srv/shop>
                  AllowOverride All
                  Require all granted
              </Directory>
              <FilesMatch "\.php$">
                  SetHandler "proxy:unix:/run/php/php8.2-fpm.sock|fcgi://localhost"
              </FilesMatch>
          </VirtualHost>
        `,
        'srv/shop/.htaccess': conf`
          «php_value» upload_max_filesize 32M
        `,
      },
    },
  ],
  good: [
    {
      title: 'what httpd does not know, where it is to be passed over',
      files: {
        'etc/apache2/apache2.conf': conf`
          Include /opt/vendor/modules.conf
          Listen 80
          <VirtualHost *:80>
              ServerName example.org
              DocumentRoot /srv/shop
              <Directory /srv/shop>
                  AllowOverride All Nonfatal=Unknown
                  Require all granted
              </Directory>
              <FilesMatch "\.php$">
                  SetHandler "proxy:unix:/run/php/php8.2-fpm.sock|fcgi://localhost"
              </FilesMatch>
          </VirtualHost>
        `,
        'srv/shop/.htaccess': conf`
          php_value upload_max_filesize 32M
        `,
      },
    },
    {
      title: 'guarded',
      files: {
        '.htaccess': conf`
          ${REWRITING}
          <IfModule mod_php.c>
              php_flag engine off
          </IfModule>
          <IfModule mod_headers.c>
              Header set X-Frame-Options DENY
          </IfModule>
          <IfModule mod_version.c>
              <IfVersion >= 2.4>
                  SetEnv A b
              </IfVersion>
          </IfModule>
        `,
      },
    },
    {
      title: 'guarded by whether the directive is there, or in another way',
      files: {
        '.htaccess': conf`
          ${REWRITING}
          <IfDirective php_flag>
              php_flag engine off
          </IfDirective>
          <IfModule !mod_cgi.c>
              Header set X-Frame-Options DENY
          </IfModule>
        `,
      },
    },
    {
      title: 'a file that guards nothing, for a server that its owner knows',
      files: {
        '.htaccess': conf`
          RewriteEngine On
          RewriteRule ^old$ /new [R=301,L]
          Header set X-Frame-Options DENY
          ExpiresActive On
        `,
      },
    },
  ],
  *check(deployment) {
    for (const configuration of deployment.apache) {
      if (configuration.modulesComplete) continue
      for (const found of htaccessFiles(configuration, deployment.filesOf(configuration))) {
        const { file, overrides } = found
        if (!overrides.known || !overrides.value.reads || file.source.template) continue
        // What httpd does not know it passes over there, and says so in its log.
        if (overrides.value.nonfatal.unknown) continue
        for (const { node, module, isPartly } of unguardedIn(file.source)) {
          const name = node.name.value
          const isOfFpm =
            module === PHP && !loadsPhp(configuration) && runsByFpm(deployment, configuration, found)
          yield {
            at: { source: file.source, start: node.name.start, end: node.name.end },
            ...(isOfFpm
              ? { severity: 'error' as const }
              : module === PHP && isPartly
                ? { severity: 'warning' as const }
                : {}),
            message: isOfFpm
              ? `\`${name}\` is known to mod_php alone, and PHP-FPM runs the scripts: every request here is answered with 500`
              : module === PHP
                ? `\`${name}\` is known to mod_php alone: where PHP runs as PHP-FPM or CGI, every request here is answered with 500`
                : `where \`${module}\` is not loaded, \`${name}\` is an invalid command and every request here is answered with 500`,
            label: 'in no `<IfModule>` of it',
          }
        }
      }
    }
  },
})

/** True where a script of the directory is passed to PHP-FPM. */
function runsByFpm(
  deployment: Deployment,
  configuration: ApacheConfiguration,
  { directory, virtualHost: host }: Htaccess,
): boolean {
  const url = urlOfDirectory({ configuration, host }, directory)
  if (url === null) return false
  const { end } = askHost(deployment, { configuration, host }, `${url}${EXISTING}.php`)
  return end.kind === 'pass' && runsPhp(end)
}

const PHP = 'php_module'

/** Whose lines a file can often do without, by their directives. */
const MODULES: ReadonlyMap<string, string> = new Map([
  ['php_value', PHP],
  ['php_flag', PHP],
  ['header', 'headers_module'],
  ['requestheader', 'headers_module'],
  ['expiresactive', 'expires_module'],
  ['expiresbytype', 'expires_module'],
  ['expiresdefault', 'expires_module'],
  ['ifversion', 'version_module'],
])

interface Unguarded {
  readonly node: ApacheLineNode
  readonly module: string
  /** True where the file guards other lines of this module. */
  readonly isPartly: boolean
}

/** The first unguarded line of each module, in a file that guards the lines of others; of PHP in any file. */
const unguardedIn = memo((source: Source): readonly Unguarded[] => {
  const guarded = new Set<string>()
  const first = new Map<string, ApacheLineNode>()
  for (const node of parseApache(source)) {
    if (node.kind === 'comment' || node.kind === 'close') continue
    const name = node.name.value.toLowerCase()
    if (name === 'ifmodule') guarded.add(moduleOf(node.words[0]?.value ?? ''))
    const module = MODULES.get(name)
    if (module === undefined || first.has(module)) continue
    const around = conditionsAround({ source, start: node.start, end: node.end })
    // A condition of another kind may stand for the module, as one for a release does.
    const isPlain = name === 'ifversion' ? !around.some(asksFor(module)) : around.length === 0
    if (isPlain) first.set(module, node)
  }
  return [...first].flatMap(([module, node]) => {
    const others = [...guarded].filter(each => each !== module)
    return module === PHP || others.length >= ENOUGH_GUARDED
      ? { node, module, isPartly: guarded.has(module) }
      : []
  })
})

/** Of one module nearly every file asks: that of its front controller. */
const ENOUGH_GUARDED = 2

function asksFor(module: string) {
  return ({ name, asks }: { readonly name: string; readonly asks: string }): boolean =>
    name === 'ifmodule' && moduleOf(asks) === module
}

/** The identifier of what an `<IfModule>` asks for. */
function moduleOf(asked: string): string {
  const name = asked.replace(/^!/, '')
  if (/php\d?(?:\.c|_module)$/i.test(name)) return PHP
  return apacheModuleOfFile(name)?.id ?? name
}
