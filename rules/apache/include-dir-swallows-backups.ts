import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { apacheMain } from '../_examples.ts'

const site = (name: string): string => conf`
  <VirtualHost *:80>
      ServerName ${name}
      Redirect gone /of-${name}
  </VirtualHost>
`
const FILES = {
  'etc/apache2/sites-enabled/shop.conf': site('shop.example.org'),
  'etc/apache2/sites-enabled/shop.conf~': site('old.example.org'),
}

export default defineRule({
  summary: 'An Include reads a backup copy along with the files it is meant for',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'Apache reads every file below an included directory, hidden ones and editors’ copies too, and `*` matches `site.conf~` as well. The old virtual host is still served, or comes first and hides the new one.',
  remedy: 'Include `*.conf`, and take the copy away',
  references: ['https://httpd.apache.org/docs/2.4/mod/core.html#include'],
  bad: [
    {
      title: 'a directory, and a pattern without an end',
      files: {
        'etc/apache2/apache2.conf': apacheMain(
          conf`
            Listen 80
            Include «sites-enabled»
            IncludeOptional «extra/*»
          `,
          ['alias'],
        ),
        ...FILES,
        'etc/apache2/extra/tuning.conf.dpkg-old': conf`Timeout 300`,
      },
    },
  ],
  good: [
    {
      title: 'a pattern with an end',
      files: {
        'etc/apache2/apache2.conf': apacheMain(['Listen 80', 'Include sites-enabled/*.conf'], ['alias']),
        ...FILES,
      },
    },
  ],
  *check({ apache, filesOf }) {
    for (const configuration of apache) {
      for (const note of configuration.notes ?? []) {
        if (note.kind !== 'copy-included') continue
        yield {
          at: note.at,
          message: `Apache reads \`${filesOf(configuration).display(note.path)}\` as well`,
        }
      }
    }
  },
})
