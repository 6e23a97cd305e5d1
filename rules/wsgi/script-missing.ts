import { isAbsent } from '../../src/deployment/is-absent.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { modWsgiMain } from '../_examples.ts'

const MAIN = modWsgiMain()
const host = (script: string): string => conf`
  <VirtualHost *:9000>
      ServerName example.org
      WSGIDaemonProcess app
      WSGIScriptAlias / ${script} process-group=app
      <Directory /etc/app>
          Require all granted
      </Directory>
  </VirtualHost>
`

export default defineRule({
  summary: 'The WSGI script is not there',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'Apache looks for the file when a request comes: it starts, says “Syntax OK”, and answers every page with 404, “Target WSGI script not found” in the error log.',
  remedy: 'Correct the path, or deploy the script',
  references: ['https://modwsgi.readthedocs.io/en/master/configuration-directives/WSGIScriptAlias.html'],
  bad: [
    {
      title: 'a file that was renamed',
      files: {
        'etc/apache2/apache2.conf': `${MAIN}${host('«/etc/app/wsgi.py»')}`,
        'etc/app/application.py': conf`application = None`,
      },
    },
  ],
  good: [
    {
      title: 'there',
      files: {
        'etc/apache2/apache2.conf': `${MAIN}${host('/etc/app/wsgi.py')}`,
        'etc/app/wsgi.py': conf`application = None`,
      },
    },
    {
      title: 'a directory that is not in the audit',
      files: { 'etc/apache2/apache2.conf': `${MAIN}${host('/opt/app/wsgi.py')}` },
    },
  ],
  *check({ applications, filesOf }) {
    const missing = applications.filter(({ alias, configuration }) => {
      if (alias.regex || !alias.script.known || alias.script.value.endsWith('/')) return false
      const script = alias.script.value
      return isAbsent(filesOf(configuration), script)
    })
    for (const directive of missing.map(each => each.directive)) {
      yield {
        at: argumentPlace(directive, 1),
        message: `\`${directive.args[1]?.value}\` is not there, so every request of this application is a 404`,
        label: 'no such file',
      }
    }
  },
})
