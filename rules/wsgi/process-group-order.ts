import { placeText } from '../../parsers/text/source.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { modWsgiMain } from '../_examples.ts'

const MAIN = modWsgiMain()
const GRANT = conf`
  <Directory /opt/app>
      Require all granted
  </Directory>
`
const host = (lines: string): string => conf`
  <VirtualHost *:9000>
      ServerName example.org
      ${lines}
      ${GRANT}
  </VirtualHost>
`
const ALIAS = '    WSGIScriptAlias / /opt/app/wsgi.py process-group=app application-group=%{GLOBAL}\n'
const MARKED = ALIAS.replace('process-group=app', '«process-group=app»')

export default defineRule({
  summary: 'A script is loaded before its daemon process is defined',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'An alias with both `process-group=` and `application-group=` makes mod_wsgi load the script when the process starts, so the group has to be there when the line is read. Apache refuses the configuration: “WSGI process group not yet configured”. With `WSGIProcessGroup` alone the order does not matter.',
  remedy: 'Put the `WSGIDaemonProcess` above the alias, in a file that is included earlier where they differ',
  references: [
    'https://modwsgi.readthedocs.io/en/master/configuration-directives/WSGIScriptAlias.html',
    'https://modwsgi.readthedocs.io/en/master/configuration-directives/WSGIDaemonProcess.html',
  ],
  bad: [
    {
      title: 'in one virtual host',
      files: { 'etc/apache2/apache2.conf': `${MAIN}${host(conf`${MARKED}    WSGIDaemonProcess app`)}` },
    },
    {
      title: 'in a file that is included later',
      files: {
        'etc/apache2/apache2.conf': conf`
          ${MAIN}
          Include /etc/apache2/sites/*.conf
        `,
        'etc/apache2/sites/10-site.conf': host(MARKED),
        'etc/apache2/sites/20-daemons.conf': conf`WSGIDaemonProcess app`,
      },
    },
  ],
  good: [
    {
      title: 'defined above',
      files: {
        'etc/apache2/apache2.conf': `${MAIN}${host(conf`
          WSGIDaemonProcess app
          ${ALIAS}
        `)}`,
      },
    },
    {
      title: 'the group alone, which is looked up with each request',
      files: {
        'etc/apache2/apache2.conf': `${MAIN}${host(conf`
          WSGIScriptAlias / /opt/app/wsgi.py process-group=app
          WSGIDaemonProcess app
        `)}`,
      },
    },
    {
      title: 'fragments, whose order nobody knows',
      files: { 'a.conf': host(ALIAS), 'b.conf': conf`WSGIDaemonProcess app` },
    },
  ],
  *check({ apache, daemons }) {
    for (const { problems } of apache) {
      for (const { code, at, related = [], fatal } of problems) {
        if (code !== 'wsgi-daemon-below') continue
        const name = placeText(at).replace(/^process-group=/, '')
        const [line] = related
        const daemon = daemons.find(
          ({ directive }) => directive.source === line?.at.source && directive.start === line.at.start,
        )
        yield {
          at,
          fatal,
          message: `the script is loaded into \`${name}\`, which is defined only below, so Apache does not start`,
          label: 'not yet defined',
          related: [...(daemon === undefined ? related : [{ at: daemon.at, message: 'defined here' }])],
        }
      }
    }
  },
})
