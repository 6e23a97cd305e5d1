import { defineRule } from '../../src/engine/rule.ts'

const MAIN = 'ServerRoot /etc/apache2\nLoadModule mpm_event_module modules/mod_mpm_event.so\n'
const HOST = '<VirtualHost *:80>\n    ServerName example.org\n</VirtualHost>\n'

export default defineRule({
  summary: 'An Include reads a backup copy along with the files it is meant for',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'Apache reads every file below an included folder, hidden ones and editors’ copies too, and `*` matches `site.conf~` as well. The old virtual host is still served, or comes first and hides the new one.',
  remedy: 'Include `*.conf`, and take the copy away',
  references: ['https://httpd.apache.org/docs/2.4/mod/core.html#include'],
  bad: [
    {
      title: 'a folder, and a pattern without an end',
      files: {
        'etc/apache2/apache2.conf': `${MAIN}Include «sites-enabled»\nIncludeOptional «extra/*»\n`,
        'etc/apache2/sites-enabled/shop.conf': HOST,
        'etc/apache2/sites-enabled/shop.conf~': HOST,
        'etc/apache2/extra/tuning.conf.dpkg-old': 'Timeout 300\n',
      },
    },
  ],
  good: [
    {
      title: 'a pattern with an end',
      files: {
        'etc/apache2/apache2.conf': `${MAIN}Include sites-enabled/*.conf\n`,
        'etc/apache2/sites-enabled/shop.conf': HOST,
        'etc/apache2/sites-enabled/shop.conf~': HOST,
      },
    },
  ],
  *check({ apache, files }) {
    for (const { notes = [] } of apache) {
      for (const note of notes) {
        if (note.kind !== 'copy-included') continue
        yield {
          at: note.at,
          message: `Apache reads \`${files.display(note.path)}\` as well`,
        }
      }
    }
  },
})
