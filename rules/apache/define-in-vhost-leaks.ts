import { isUnknownWord } from '../../parsers/text/source.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'

export default defineRule({
  summary: 'What stands in a section acts on the whole server',
  severity: 'info',
  confidence: 'high',
  since: '0.1.0',
  why: '`Define`, `ServerRoot` and `LoadModule` act at once, while Apache reads, and know nothing of the section around them. A value defined for one virtual host is the value of every line below it until it is defined again, and which one that is hangs on the order of the files.',
  remedy: 'Move the line out of the section, or define the value anew in every section that uses it',
  references: ['https://httpd.apache.org/docs/2.4/mod/core.html#define'],
  bad: [
    {
      title: 'a ServerRoot in a template',
      files: {
        'site.conf.j2': conf`
          <VirtualHost *:80>
              ServerName {{ host }}
              ServerRoot «/srv/shop»
              {% if aliases %}
              ServerAlias {{ aliases }}
              {% endif %}
          </VirtualHost>
        `,
      },
    },
    {
      title: 'a value of another virtual host',
      files: {
        'site.conf': conf`
          <VirtualHost *:80>
              Define shop /srv/shop
              ServerName shop.example.org
              DocumentRoot \${shop}/public
          </VirtualHost>
          <VirtualHost *:80>
              ServerName blog.example.org
              DocumentRoot «\${shop}»/blog
          </VirtualHost>
        `,
      },
    },
    {
      title: 'a ServerRoot for one virtual host',
      files: {
        'site.conf': conf`
          <VirtualHost *:80>
              ServerName example.org
              ServerRoot «/srv/shop»
          </VirtualHost>
        `,
      },
    },
  ],
  good: [
    {
      title: 'a value that each virtual host defines for itself',
      files: {
        'site.conf': conf`
          <VirtualHost *:80>
              Define root /srv/shop
              ServerName shop.example.org
              <Directory \${root}>
                  Require all granted
              </Directory>
          </VirtualHost>
          <VirtualHost *:80>
              Define root /srv/blog
              ServerName blog.example.org
              DocumentRoot \${root}
          </VirtualHost>
        `,
      },
    },
    {
      title: 'lines for the virtual host of another file',
      files: {
        'sites-available/shop.conf': conf`
          <VirtualHost *:80>
              Define shop /srv/shop
              ServerName shop.example.org
              DocumentRoot \${shop}/public
          </VirtualHost>
        `,
        'sites-available/with-uploads.conf': conf`
          <Directory \${shop}/public/uploads>
              Require all denied
          </Directory>
        `,
      },
    },
  ],
  *check({ apache }) {
    for (const { executed = [], notes = [], main } of apache) {
      for (const note of notes) {
        if (note.kind !== 'definition-leaked') continue
        // Whether a server reads both files, nobody knows.
        if (main === null && note.at.source !== note.definition.source) continue
        yield {
          at: note.at,
          message: `\`\${${note.name}}\` has the value that a \`<${note.section}>\` further up defines for itself`,
          related: [{ at: note.definition, message: 'defined here, for everything that follows' }],
        }
      }
      const inside = executed.filter(({ name, parent }) => parent !== null && GLOBAL.has(name))
      for (const directive of inside) {
        if (directive.args.some(({ value }) => isUnknownWord(value))) continue
        yield {
          at: argumentPlace(directive, 0),
          message: `\`${directive.name}\` acts on the whole server, not on \`<${directive.parent?.name}>\` alone`,
        }
      }
    }
  },
})

const GLOBAL: ReadonlySet<string> = new Set(['ServerRoot', 'LoadModule', 'LoadFile'])
