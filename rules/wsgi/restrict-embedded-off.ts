import { namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { modWsgiMain } from '../_examples.ts'

const MAIN = modWsgiMain()
const main = (lines: string, mark = false): Record<string, string> => ({
  'etc/apache2/apache2.conf': conf`
    ${MAIN}
    ${lines}
    <VirtualHost *:9000>
        ServerName example.org
        ${mark ? '«WSGIDaemonProcess»' : 'WSGIDaemonProcess'} app
        WSGIScriptAlias / /opt/app/wsgi.py process-group=app
    </VirtualHost>
  `,
})

export default defineRule({
  summary: 'A slip would bring applications back into Apache’s own processes',
  severity: 'info',
  confidence: 'high',
  since: '0.1.0',
  advises: 'mod_wsgi',
  why: 'Every application runs in a daemon process here. With `WSGIRestrictEmbedded On` Python does not start in Apache’s own processes at all, which saves memory, and an application without a process group is a loud 500 instead of a quiet mistake.',
  remedy: 'Add `WSGIRestrictEmbedded On` outside of the virtual hosts',
  references: ['https://modwsgi.readthedocs.io/en/master/configuration-directives/WSGIRestrictEmbedded.html'],
  bad: [{ title: 'daemon processes alone', files: main('', true) }],
  good: [
    { title: 'restricted', files: main('WSGIRestrictEmbedded On') },
    {
      title: 'a script that checks passwords, which needs Apache’s own processes',
      files: main(conf`
        <Directory /srv/private>
            WSGIAuthUserScript /opt/app/auth.py
        </Directory>
      `),
    },
    {
      title: 'a fragment',
      files: {
        'site.conf': conf`
          <VirtualHost *:9000>
              WSGIDaemonProcess app
              WSGIScriptAlias / /opt/app/wsgi.py process-group=app
          </VirtualHost>
        `,
      },
    },
  ],
  *check({ apache, applications, daemons }) {
    for (const configuration of apache) {
      const { main, occurrences } = configuration
      if (main === null || occurrences.has('wsgirestrictembedded')) continue
      if (
        ['wsgiaccessscript', 'wsgiauthuserscript', 'wsgiauthgroupscript'].some(name => occurrences.has(name))
      )
        continue
      const own = applications.filter(each => each.configuration === configuration)
      const first = daemons.find(each => each.configuration === configuration)
      if (first === undefined || own.length === 0) continue
      if (!own.every(({ processGroup }) => processGroup.known && processGroup.value !== '')) continue
      yield {
        at: namePlace(first.directive),
        message:
          'every application runs in a daemon process, and nothing keeps the next one out of Apache’s own',
        label: 'the first of them',
      }
    }
  },
})
