import { closedDirectory, wsgiSocketDirectory } from './_wsgi-socket-directory.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { modWsgiMain } from '../_examples.ts'

const MAIN = modWsgiMain()
const main = (lines: string): Record<string, string> => ({
  'etc/apache2/apache2.conf': conf`
    ${MAIN}
    ${lines}
    <VirtualHost *:9000>
        ServerName example.org
        WSGIDaemonProcess app
        WSGIProcessGroup app
        WSGIScriptAlias / /opt/app/wsgi.py
        <Directory /opt/app>
            Require all granted
        </Directory>
    </VirtualHost>
  `,
})

/** Directories that the distributions keep closed to the user of Apache: 0750 of root and adm, 0700 of root. */
const CLOSED = /^(?:\/var\/log(?:\/|$)|\/root(?:\/|$)|\/etc\/httpd\/logs(?:\/|$))/

export default defineRule({
  summary: 'Apache cannot reach the sockets of its daemon processes',
  severity: 'error',
  otherSeverities: { warning: 'for a directory that everybody may write to, or whose owner is not known' },
  confidence: 'medium',
  since: '0.1.0',
  why: 'Apache’s own processes run as www-data or apache and connect to the daemon processes by sockets in a directory. Where they may not enter it, every request is a 503, “(13)Permission denied … Unable to connect to WSGI daemon process”. In a directory that everybody may write to, another user of the machine may get in between.',
  remedy:
    'Put them where the user of Apache may go and nobody else may write: `WSGISocketPrefix run/wsgi`, or `/var/run/apache2/wsgi` on Debian',
  references: [
    'https://modwsgi.readthedocs.io/en/master/configuration-directives/WSGISocketPrefix.html',
    'https://modwsgi.readthedocs.io/en/master/user-guides/configuration-issues.html',
  ],
  bad: [
    {
      title: 'among the logs, which are for root alone',
      files: main('WSGISocketPrefix «/var/log/apache2/wsgi»'),
    },
    {
      title: 'a directory that root alone may enter, as the audit shows',
      files: { ...main('WSGISocketPrefix «/var/log/apache2/wsgi»'), 'var/log/apache2/error.log': '' },
      modes: { 'var/log/apache2': 0o700 },
    },
    { title: 'where everybody writes', files: main('WSGISocketPrefix «/tmp/wsgi»') },
  ],
  good: [
    { title: 'the directory of Apache', files: main('WSGISocketPrefix /run/apache2/wsgi') },
    {
      title: 'a directory of logs that was opened to all',
      files: { ...main('WSGISocketPrefix /var/log/apache2/wsgi'), 'var/log/apache2/error.log': '' },
      modes: { var: 0o755, 'var/log': 0o755, 'var/log/apache2': 0o755 },
    },
    {
      title: 'a directory of a container, where nobody else is',
      files: {
        'docker-compose.yml': conf`
          services:
            web:
              image: example/apache-wsgi
              volumes:
                - ./apache2.conf:/etc/apache2/apache2.conf
                - ./app:/opt/app
        `,
        'apache2.conf': main('WSGISocketPrefix /tmp/wsgi')['etc/apache2/apache2.conf']!,
        'app/wsgi.py': 'def application(environ, start_response): ...\n',
      },
    },
    { title: 'nothing said, which is right on Debian', files: main('') },
    {
      title: 'no daemon process, so no sockets',
      files: {
        'etc/apache2/apache2.conf': conf`
          ${MAIN}
          WSGISocketPrefix /tmp/wsgi
        `,
      },
    },
  ],
  *check(deployment) {
    const { apache, daemons, filesOf } = deployment
    for (const configuration of apache) {
      if (!daemons.some(daemon => daemon.configuration === configuration)) continue
      const files = filesOf(configuration)
      const directory = wsgiSocketDirectory(configuration, files)
      if (directory === null) continue
      const { path, at } = directory
      if (/^\/(?:var\/)?tmp(?:\/|$)/.test(path)) {
        // In a container nobody else is.
        const { container, beside } = deployment.programOf(configuration).machine
        if (container !== null || beside !== null) continue
        yield {
          at,
          severity: 'warning',
          message: `the sockets of the daemon processes lie in \`${path}\`, where everybody may put files of the same name`,
          label: 'open to every user',
        }
        continue
      }
      // Elsewhere the owner or the group of a closed directory may well be Apache's.
      if (!CLOSED.test(path)) continue
      const closed = closedDirectory(files, path)
      if (closed === null) continue
      const isSure = closed !== undefined && !closed.groupMayEnter
      yield {
        at,
        severity: isSure ? 'error' : 'warning',
        confidence: isSure ? 'high' : 'medium',
        message: isSure
          ? `the user of Apache may not enter \`${closed.path}\`, where the sockets of the daemon processes lie, so every request is a 503`
          : `the sockets of the daemon processes lie in \`${path}\`, which distributions close to the user of Apache: then every request is a 503`,
        label: 'closed to the user of Apache',
      }
    }
  },
})
