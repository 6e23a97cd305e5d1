import { argumentPlace } from '../../src/deployment/places.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { serverLevels } from '../../src/servers/apache/queries/effective.ts'
import { settingOf } from '../../src/servers/apache/queries/server-settings.ts'
import { virtualHostOf } from '../../src/servers/apache/queries/virtual-hosts.ts'
import { wsgiScriptAliasFor } from '../../src/servers/apache/queries/wsgi-script-aliases.ts'

const host = (root: string, alias: string): string =>
  `<VirtualHost *:9000>\n    ServerName example.org\n    DocumentRoot ${root}\n    WSGIDaemonProcess app\n    WSGIProcessGroup app\n    WSGIScriptAlias ${alias}\n    <Directory /srv/www>\n        Require all granted\n    </Directory>\n</VirtualHost>\n`

export default defineRule({
  summary: 'Apache hands out the WSGI script as a file',
  severity: 'error',
  confidence: 'high',
  securitySeverity: 7.5,
  since: '0.1.0',
  why: 'The script runs at its own URL, and lies below the document root under another: there Apache sends its text, and that of everything beside it.',
  remedy: 'Keep programs out of the document root',
  references: ['https://modwsgi.readthedocs.io/en/master/user-guides/configuration-guidelines.html'],
  bad: [
    {
      title: 'a script below the document root',
      files: { 'site.conf': host('/srv/www', '/run «/srv/www/app/wsgi.py»') },
    },
  ],
  good: [
    { title: 'elsewhere', files: { 'site.conf': host('/srv/www', '/app /opt/app/wsgi.py') } },
    {
      title: 'the application answers every URL, so that no file is handed out',
      files: { 'site.conf': host('/srv/www', '/ /srv/www/app/wsgi.py') },
    },
  ],
  *check({ applications }) {
    for (const { configuration, directive, alias } of applications) {
      if (alias.regex || !alias.script.known) continue
      const host = virtualHostOf(configuration, directive)
      const levels = serverLevels(host)
      const own = directive.parent?.children.findLast(({ name }) => name === 'DocumentRoot')
      const root = own?.args[0]?.value ?? known(settingOf(configuration, levels, 'DocumentRoot'))
      if (root === null || !alias.script.value.startsWith(`${root.replace(/\/+$/, '')}/`)) continue
      const url = alias.script.value.slice(root.replace(/\/+$/, '').length)
      // Another alias, or this one, that takes the URL runs a program instead of sending its text.
      if (wsgiScriptAliasFor(configuration, host, url) !== null) continue
      yield {
        at: argumentPlace(directive, 1),
        message: `\`${alias.script.value}\` lies below the document root, so Apache sends its text at \`${url}\``,
        label: 'a program among the files',
        related: own === undefined ? [] : [{ at: argumentPlace(own, 0), message: 'the document root' }],
      }
    }
  },
})

function known(fact: ReturnType<typeof settingOf>): string | null {
  return fact.known ? fact.value : null
}
