import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { distance } from 'fastest-levenshtein'
import { defineRule } from '../../src/engine/rule.ts'

const host = (lines: string): string =>
  `<VirtualHost *:9000>\n    ServerName example.org\n${lines}</VirtualHost>\n`
const MAIN =
  'ServerRoot /etc/apache2\nErrorLog /var/log/apache2/error.log\nLoadModule mpm_worker_module /usr/lib/apache2/modules/mod_mpm_worker.so\nLoadModule wsgi_module /usr/lib/apache2/modules/mod_wsgi.so\nListen 127.0.0.1:9000\n'

export default defineRule({
  summary: 'A script is sent to a daemon process that nobody defines',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'Apache starts and says “Syntax OK”; every request is a 500 with “No WSGI daemon process called … has been configured” in the error log.',
  remedy: 'Give `WSGIDaemonProcess` and the process group the same name',
  references: ['https://modwsgi.readthedocs.io/en/master/configuration-directives/WSGIProcessGroup.html'],
  bad: [
    {
      title: 'two letters swapped',
      files: {
        'site.conf': host(
          '    WSGIDaemonProcess shop\n    WSGIProcessGroup «shpo»\n    WSGIScriptAlias / /srv/shop/wsgi.py\n',
        ),
      },
    },
    {
      title: 'no daemon process at all',
      files: {
        'etc/apache2/apache2.conf': `${MAIN}${host('    WSGIScriptAlias / /srv/shop/wsgi.py process-group=«shop»\n')}`,
      },
    },
  ],
  good: [
    {
      title: 'defined',
      files: {
        'site.conf': host(
          '    WSGIDaemonProcess shop\n    WSGIProcessGroup shop\n    WSGIScriptAlias / /srv/shop/wsgi.py\n',
        ),
      },
    },
    {
      title: 'defined at server level, below the virtual host',
      files: {
        'etc/apache2/apache2.conf': `${MAIN}${host('    WSGIProcessGroup shop\n    WSGIScriptAlias / /srv/shop/wsgi.py\n')}WSGIDaemonProcess shop\n`,
      },
    },
    {
      title: 'a fragment whose daemon process stands elsewhere',
      files: {
        'site.conf': host('    WSGIProcessGroup shop\n    WSGIScriptAlias / /srv/shop/wsgi.py\n'),
      },
    },
    {
      title: 'a name that the environment holds',
      files: {
        'etc/apache2/apache2.conf': `${MAIN}${host('    WSGIProcessGroup %{ENV:GROUP}\n    WSGIScriptAlias / /srv/shop/wsgi.py\n')}`,
      },
    },
  ],
  *check({ applications, daemons, apache }) {
    for (const configuration of apache) {
      const own = daemons.filter(daemon => daemon.configuration === configuration)
      if (own.some(({ name }) => !name.known)) continue
      const names = new Set(own.flatMap(({ name }) => (name.known ? [name.value] : [])))
      const isWhole = configuration.main !== null && !configuration.problems.some(isUnseenPart)
      for (const { configuration: home, processGroup, directive, daemon } of applications) {
        if (home !== configuration || daemon !== null) continue
        if (!processGroup.known || processGroup.at === null) continue
        const { value, at } = processGroup
        if (value === '' || names.has(value)) continue
        const near = [...names].filter(name => distance(name, value) <= (value.length > 3 ? 2 : 1))
        // In a fragment the missing main file may define it, unless a name beside it says what was meant.
        if (!isWhole && near.length === 0) continue
        const candidate = near.length === 1 ? near[0] : undefined
        const written = at.source.text.slice(at.start, at.end)
        yield {
          at,
          severity: isWhole ? 'error' : 'warning',
          confidence: isWhole ? 'high' : 'medium',
          message:
            candidate === undefined
              ? `no \`WSGIDaemonProcess\` is called \`${value}\`, so every request of this application is a 500`
              : `no \`WSGIDaemonProcess\` is called \`${value}\`, only \`${candidate}\`, so every request of this application is a 500`,
          label: 'nobody defines this group',
          related: [
            ...own
              .filter(({ name }) => name.known && name.value === candidate)
              .slice(0, 1)
              .map(daemon => ({ at: daemon.at, message: 'defined under this name' })),
            {
              at: { source: directive.source, start: directive.nameStart, end: directive.nameEnd },
              message: 'the application',
            },
          ],
          ...(candidate !== undefined && written.endsWith(value)
            ? propose(`Name the group ${candidate}`, 'unsafe', [
                replacePlace(at, written.slice(0, -value.length) + candidate),
              ])
            : {}),
        }
      }
    }
  },
})

function isUnseenPart({ code }: { readonly code: string }): boolean {
  return code === 'include-unknown'
}
