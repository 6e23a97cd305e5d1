import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { argumentPlace } from '../../src/servers/apache/queries/places.ts'
import { sectionPattern } from '../../src/servers/apache/queries/section-matches.ts'

export default defineRule({
  summary: 'A Location whose path does not begin with a slash and never matches',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'Paths of URLs begin with a slash. Apache takes the section without a word and applies it to nothing: what it denies is open.',
  remedy: 'Write the slash, or `<LocationMatch>` for a regular expression',
  references: ['https://httpd.apache.org/docs/2.4/mod/core.html#location'],
  bad: [
    {
      title: 'a word alone',
      files: {
        'site.conf': conf`
          <VirtualHost *:80>
          <Directory />
          Require all granted
          </Directory>
          <Location «admin»>
          Require all denied
          </Location>
          </VirtualHost>
        `,
      },
    },
    {
      title: 'a regular expression without its sign',
      files: {
        'site.conf': conf`
          <VirtualHost *:80>
          <Location «^/admin»>
          Require all denied
          </Location>
          </VirtualHost>
        `,
      },
    },
  ],
  good: [
    {
      title: 'paths, an expression, a pattern, a proxied URL',
      files: {
        'site.conf': conf`
          <VirtualHost *:80>
          <Directory />
          Require all granted
          </Directory>
          <Location /admin>
          Require all denied
          </Location>
          <Location ~ "admin$">
          Require all denied
          </Location>
          <Location "/*/x">
          Require all denied
          </Location>
          <Location http://example.org/x>
          Require all denied
          </Location>
          <Location \${AREA}>
          Require all denied
          </Location>
          </VirtualHost>
        `,
      },
    },
  ],
  *check({ apache }) {
    for (const { occurrences } of apache) {
      for (const section of occurrences.get('location') ?? []) {
        const { kind, text } = sectionPattern(section)
        if (kind === 'regex' || kind === 'unknown' || text === '') continue
        // `*` and `[` take no slash, `?` may be one no more than they.
        if (text.startsWith('/') || text.includes('://')) continue
        yield {
          at: argumentPlace(section, 0),
          message: `no path of a URL begins with \`${text.slice(0, 1)}\`, so the section applies to nothing`,
        }
      }
    }
  },
})
