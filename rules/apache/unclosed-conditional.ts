import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'

export default defineRule({
  summary: 'A conditional section ends with its file instead of its closer',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'While its condition holds Apache accepts it. Once the module is disabled or the name is no longer defined the same file is a syntax error, and the server does not start.',
  remedy: 'Close the section where its body ends',
  references: ['https://httpd.apache.org/docs/2.4/mod/core.html#ifmodule'],
  bad: [
    {
      title: 'the closer of a snippet is gone',
      files: {
        'etc/apache2/apache2.conf': conf`
          LoadModule headers_module modules/mod_headers.so
          Include security.conf
        `,
        'etc/apache2/security.conf': conf`
          <«IfModule» mod_headers.c>
              Header always set X-Frame-Options "DENY"
        `,
      },
    },
  ],
  good: [
    {
      title: 'closed',
      files: {
        'etc/apache2/apache2.conf': conf`
          LoadModule headers_module modules/mod_headers.so
          Include security.conf
        `,
        'etc/apache2/security.conf': conf`
          <IfModule mod_headers.c>
              Header always set X-Frame-Options "DENY"
          </IfModule>
        `,
      },
    },
  ],
  *check({ apache }) {
    for (const { notes } of apache) {
      for (const note of notes ?? []) {
        if (note.kind !== 'conditional-left-open') continue
        yield {
          at: note.at,
          message: `\`<${note.name}>\` is closed by the end of the file alone, which Apache refuses as soon as its condition fails`,
          help: `add \`</${note.name}>\``,
        }
      }
    }
  },
})
