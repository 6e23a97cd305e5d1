import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { modWsgiMain } from '../_examples.ts'

const MAIN = modWsgiMain()
const main = (options: string): Record<string, string> => ({
  'etc/apache2/apache2.conf': conf`
    ${MAIN}
    <VirtualHost *:9000>
        ServerName example.org
        WSGIDaemonProcess app ${options}
        WSGIProcessGroup app
        WSGIScriptAlias / /opt/app/wsgi.py
        <Directory /opt/app>
            Require all granted
        </Directory>
    </VirtualHost>
  `,
})

export default defineRule({
  summary: 'A daemon process is to run as root',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'Every fault of the application would be a fault of root, so mod_wsgi refuses it, and Apache does not start: “WSGI process blocked from running as root”.',
  remedy: 'Make a user for the application: `user=app group=app`',
  references: ['https://modwsgi.readthedocs.io/en/master/configuration-directives/WSGIDaemonProcess.html'],
  bad: [
    { title: 'by name', files: main('«user=root» group=root') },
    { title: 'by number', files: main('«user=#0»') },
  ],
  good: [
    { title: 'a user of its own', files: main('user=app group=app') },
    { title: 'the user of Apache', files: main('threads=5') },
  ],
  *check({ apache }) {
    for (const { problems } of apache) {
      for (const { code, at, message, fatal } of problems) {
        if (code !== 'wsgi-daemon-as-root') continue
        yield { at, message, fatal, label: 'root' }
      }
    }
  },
})
