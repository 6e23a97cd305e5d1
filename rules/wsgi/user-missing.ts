import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { modWsgiMain } from '../_examples.ts'

const MAIN = modWsgiMain()
const host = (daemon: string): string => conf`
  <VirtualHost *:9000>
      ServerName example.org
      WSGIDaemonProcess ${daemon}
      WSGIProcessGroup app
      WSGIScriptAlias / /opt/app/wsgi.py
      <Directory /opt/app>
          Require all granted
      </Directory>
  </VirtualHost>
`

export default defineRule({
  summary: 'A daemon process runs as the user of Apache',
  severity: 'info',
  confidence: 'high',
  since: '0.1.0',
  advises: 'mod_wsgi',
  why: 'Without `user=` the application is www-data like Apache and every other application that says nothing: each reads the settings, keys and uploads of all others, and a fault in one is a fault in all.',
  remedy: 'Give the application a user of its own: `user=app group=app`',
  references: ['https://modwsgi.readthedocs.io/en/master/configuration-directives/WSGIDaemonProcess.html'],
  bad: [
    { title: 'no user', files: { 'etc/apache2/apache2.conf': `${MAIN}${host('«app» threads=5')}` } },
    {
      title: 'several without, said once',
      files: {
        'etc/apache2/apache2.conf': conf`
          ${MAIN}
          WSGIDaemonProcess «wiki»
          ${host('app threads=5')}
        `,
      },
    },
  ],
  good: [
    {
      title: 'a user of its own',
      files: { 'etc/apache2/apache2.conf': `${MAIN}${host('app user=app group=app')}` },
    },
    {
      title: 'a user that a template fills in',
      files: { 'site.conf': host('app user=${APP_USER}') },
    },
  ],
  *check({ daemons }) {
    for (const daemon of daemons) {
      if (daemon.options.has('user')) continue
      const name = daemon.name.known ? `\`${daemon.name.value}\`` : 'the daemon process'
      yield {
        at: daemon.at,
        cause: daemon.configuration,
        per: 'daemon processes',
        message: often => `${name} has no \`user=\`, so it runs as the user of Apache${often}`,
        label: 'shares its user with Apache',
        also: 'and this one',
      }
    }
  },
})
