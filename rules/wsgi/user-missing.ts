import { alsoElsewhere, groupByText } from '../../src/deployment/places.ts'
import { defineRule } from '../../src/engine/rule.ts'

const MAIN =
  'ServerRoot /etc/apache2\nServerName localhost\nErrorLog /var/log/apache2/error.log\nLoadModule mpm_worker_module /usr/lib/apache2/modules/mod_mpm_worker.so\nLoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so\nLoadModule wsgi_module /usr/lib/apache2/modules/mod_wsgi.so\nListen 127.0.0.1:9000\n'
const host = (daemon: string): string =>
  `<VirtualHost *:9000>\n    ServerName example.org\n    WSGIDaemonProcess ${daemon}\n    WSGIProcessGroup app\n    WSGIScriptAlias / /opt/app/wsgi.py\n    <Directory /opt/app>\n        Require all granted\n    </Directory>\n</VirtualHost>\n`

export default defineRule({
  summary: 'A daemon process runs as the user of Apache',
  severity: 'info',
  confidence: 'high',
  since: '0.1.0',
  why: 'Without `user=` the application is www-data like Apache and every other application that says nothing: each reads the settings, keys and uploads of all others, and a fault in one is a fault in all.',
  remedy: 'Give the application a user of its own: `user=app group=app`',
  references: ['https://modwsgi.readthedocs.io/en/master/configuration-directives/WSGIDaemonProcess.html'],
  bad: [
    { title: 'no user', files: { 'etc/apache2/apache2.conf': `${MAIN}${host('«app» threads=5')}` } },
    {
      title: 'several without, said once',
      files: { 'etc/apache2/apache2.conf': `${MAIN}WSGIDaemonProcess «wiki»\n${host('app threads=5')}` },
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
  *check({ apache, daemons }) {
    for (const configuration of apache) {
      const lacking = daemons.filter(
        daemon => daemon.configuration === configuration && !daemon.options.has('user'),
      )
      const [first, ...others] = groupByText(lacking, ({ directive }) => directive).map(([daemon]) => daemon)
      if (first === undefined) continue
      const name = first.name.known ? `\`${first.name.value}\`` : 'the daemon process'
      yield {
        at: first.at,
        message: `${name} has no \`user=\`, so it runs as the user of Apache${alsoElsewhere(lacking.length, 'daemon processes')}`,
        label: 'shares its user with Apache',
        related: others.slice(0, 5).map(({ at }) => ({ at, message: 'and this one' })),
      }
    }
  },
})
