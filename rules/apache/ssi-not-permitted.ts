import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { isModuleLoaded } from '../../src/servers/apache/configuration.ts'
import { everywhere } from '../../src/servers/apache/queries/htaccess.ts'
import { argumentPlace } from '../../src/servers/apache/queries/places.ts'
import { isWhole } from '../../src/servers/apache/queries/set-reach.ts'
import { apacheMain } from '../_examples.ts'

const main = (options: string, filter: string): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      Listen 80
      ServerName example.org
      TypesConfig /etc/mime.types
      DocumentRoot /srv/www
      <Directory /srv/www>
          ${options}
          AddType text/html .shtml
          AddOutputFilter ${filter} .shtml
          Require all granted
      </Directory>
    `,
    ['include', 'mime', 'dir'],
  ),
  'etc/mime.types': 'text/html html\n',
  'srv/www/index.shtml': '<!--#echo var="DOCUMENT_NAME" -->',
})

export default defineRule({
  summary: 'Pages with server side includes, and nothing permits these',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'The filter `INCLUDES` does its work where `Options` has `Includes` or `IncludesNOEXEC`. Elsewhere it steps aside with a line in the log (`mod_include: Options +Includes (or IncludesNoExec) wasn’t set, INCLUDES filter removed`), and `<!--#include … -->` goes to the client as it is written.',
  remedy: 'Write `Options +IncludesNOEXEC` for the directory',
  references: ['https://httpd.apache.org/docs/2.4/howto/ssi.html'],
  bad: [
    { title: 'other options', files: main('Options FollowSymLinks', '«INCLUDES»') },
    { title: 'none at all', files: main('', '«INCLUDES»') },
  ],
  good: [
    { title: 'permitted', files: main('Options +Includes', 'INCLUDES') },
    {
      title: 'the line of a package, for the whole server',
      files: {
        'etc/apache2/apache2.conf': apacheMain(
          conf`
            Listen 80
            ServerName example.org
            TypesConfig /etc/mime.types
            DocumentRoot /srv/www
            <IfModule mod_mime.c>
                AddType text/html .shtml
                AddOutputFilter INCLUDES .shtml
            </IfModule>
          `,
          ['include', 'mime', 'dir'],
        ),
        'etc/mime.types': 'text/html html\n',
      },
    },
    {
      title: 'a site alone, whose server may permit them',
      files: {
        'site.conf': conf`
          <Directory /srv/www>
              AddOutputFilter INCLUDES .shtml
          </Directory>
        `,
      },
    },
  ],
  *check({ apache, filesOf }) {
    for (const configuration of apache) {
      const files = filesOf(configuration)
      const lines = ['addoutputfilter', 'setoutputfilter'].flatMap(name =>
        everywhere(configuration, files, name).filter(({ args }) => FILTER.test(args[0]?.value ?? '')),
      )
      if (lines.length === 0 || !isWhole(configuration)) continue
      if (isModuleLoaded(configuration, 'include_module') !== true) continue
      const permits = everywhere(configuration, files, 'options').some(({ args }) =>
        args.some(({ value }) => /^\+?(?:Includes|IncludesNOEXEC|All)$/i.test(value)),
      )
      if (permits) continue
      const ofServer = new Set(configuration.top)
      for (const line of lines) {
        // Packages write the filter for the whole server, and most of them have no such page.
        if (ofServer.has(line)) continue
        yield {
          at: argumentPlace(line, 0),
          message: 'no `Options` has `Includes`, so `<!--#include … -->` is sent as it is written',
          label: 'steps aside',
          related: (line.parent?.children ?? [])
            .filter(({ name }) => name === 'Options')
            .map(each => ({ at: argumentPlace(each, each.args.length - 1), message: 'lacks `Includes`' })),
        }
      }
    }
  },
})

const FILTER = /(?:^|;)INCLUDES(?:;|$)/i
