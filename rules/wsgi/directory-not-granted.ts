import { byText, argumentPlace } from '../../src/deployment/places.ts'
import type { Place } from '../../parsers/text/source.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { effectiveAccess } from '../../src/servers/apache/queries/effective-access.ts'
import { settingOf } from '../../src/servers/apache/queries/server-settings.ts'
import { aliasLevels } from '../../src/servers/apache/queries/wsgi-groups.ts'
import type { Application } from '../../src/deployment/build/applications.ts'

const MAIN =
  'ServerRoot /etc/apache2\nErrorLog /var/log/apache2/error.log\nLoadModule mpm_worker_module /usr/lib/apache2/modules/mod_mpm_worker.so\nLoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so\nLoadModule wsgi_module /usr/lib/apache2/modules/mod_wsgi.so\nListen 127.0.0.1:9000\n<Directory />\n    Require all denied\n</Directory>\n'
const host = (script: string, lines: string): Record<string, string> => ({
  'etc/apache2/apache2.conf': `${MAIN}<VirtualHost *:9000>\n    ServerName example.org\n    WSGIDaemonProcess app\n    WSGIScriptAlias / ${script} process-group=app\n${lines}</VirtualHost>\n`,
})

export default defineRule({
  summary: 'Apache is not allowed to run the script',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'A stock Apache 2.4 denies every folder. Where nothing grants the one of the script, each request is a 403, “client denied by server configuration” (AH01630) in the error log.',
  remedy: 'Grant the folder: `<Directory /opt/app>`, `Require all granted`',
  references: ['https://httpd.apache.org/docs/2.4/howto/access.html'],
  bad: [
    { title: 'nothing granted', files: host('«/opt/app/wsgi.py»', '') },
    {
      title: 'the folder above by mistake of a letter',
      files: host(
        '«/opt/app/wsgi.py»',
        '    <Directory /opt/ap>\n        Require all granted\n    </Directory>\n',
      ),
    },
  ],
  good: [
    {
      title: 'granted',
      files: host(
        '/opt/app/wsgi.py',
        '    <Directory /opt/app>\n        Require all granted\n    </Directory>\n',
      ),
    },
    {
      title: 'granted by URL',
      files: host('/opt/app/wsgi.py', '    <Location />\n        Require all granted\n    </Location>\n'),
    },
    {
      title: 'the one file granted',
      files: host(
        '/opt/app/wsgi.py',
        '    <Directory /opt/app>\n        <Files wsgi.py>\n            Require all granted\n        </Files>\n    </Directory>\n',
      ),
    },
    {
      title: 'a fragment, whose main file may grant it',
      files: {
        'site.conf':
          '<VirtualHost *:9000>\n    ServerName example.org\n    WSGIScriptAlias / /opt/app/wsgi.py\n</VirtualHost>\n',
      },
    },
  ],
  *check({ applications }) {
    const denied = new Map<Application['directive'], Place>()
    for (const application of applications) {
      const at = decidedBy(application)
      if (at !== null) denied.set(application.directive, at)
    }
    for (const [directive] of byText(denied.keys())) {
      const at = denied.get(directive)
      yield {
        at: argumentPlace(directive, 1),
        message: `nothing grants access to \`${directive.args[1]?.value}\`, so every request of this application is a 403`,
        label: 'denied',
        related: at === undefined ? [] : [{ at, message: 'this holds for it' }],
      }
    }
  },
})

/** Where a client is turned away, by `Require` alone: the old `Order` lines are another rule's. */
function decidedBy({ configuration, host, alias }: Application) {
  if (alias.regex || !alias.script.known || alias.script.value.endsWith('/')) return null
  const levels = aliasLevels(configuration, host?.virtualHost ?? null, alias)
  const access = effectiveAccess(configuration, levels, { address: '127.0.0.1' })
  if (access.allowed !== false || access.hostLines.length > 0) return null
  // A .htaccess that counts may grant what nothing else does.
  const override = settingOf(configuration, levels, 'AllowOverride')
  if (!override.known || (override.value !== null && override.value.toLowerCase() !== 'none')) return null
  return access.at
}
