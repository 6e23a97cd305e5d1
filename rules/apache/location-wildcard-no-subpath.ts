import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { ApacheConfiguration, ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { directivesIn } from '../../src/servers/apache/queries/directives-in.ts'
import { argumentPlace } from '../../src/servers/apache/queries/places.ts'
import { authorize, requireTree } from '../../src/servers/apache/queries/require-tree.ts'
import { sectionPattern } from '../../src/servers/apache/queries/section-matches.ts'

const host = (lines: string): string => conf`
  <VirtualHost *:80>
  ServerName example.org
  DocumentRoot /srv/www
  <Directory />
  Require all granted
  </Directory>
  ${lines}
  </VirtualHost>
`

/** True where the section keeps somebody out. */
function restricts(section: ApacheDirective): boolean {
  const tree = requireTree(section.children)
  return tree !== null && authorize(tree, { authenticated: false }) !== 'granted'
}

/** True where another section takes what lies below, or this one lies below another: somebody thought of it. */
function isContinued(configuration: ApacheConfiguration, section: ApacheDirective, text: string): boolean {
  if (directivesIn(configuration, section.parent, 'locationmatch').length > 0) return true
  const own = `${text.replace(/\/$/, '')}/`
  return directivesIn(configuration, section.parent, 'location').some(other => {
    if (other === section) return false
    const pattern = sectionPattern(other)
    return (
      pattern.kind === 'regex' ||
      pattern.text.startsWith(own) ||
      (pattern.kind === 'wildcard' && own.startsWith(`${pattern.text.replace(/\/$/, '')}/`))
    )
  })
}

export default defineRule({
  summary: 'A Location with a wildcard closes one path and leaves what lies below it open',
  severity: 'warning',
  confidence: 'medium',
  securitySeverity: 6.5,
  cwe: [863],
  since: '0.1.0',
  why: 'A `<Location>` without wildcards holds for everything below its path. One with a wildcard is compared with the whole path, and no wildcard takes a slash: `/*/admin` closes `/shop/admin`, and `/shop/admin/` and all behind it is open.',
  remedy: 'Write `<LocationMatch "^/[^/]+/admin(/|$)">`',
  references: ['https://httpd.apache.org/docs/2.4/mod/core.html#location'],
  bad: [
    {
      title: 'an area of every tenant',
      files: {
        'site.conf': host(conf`
          <Location «"/*/admin"»>
          Require all denied
          </Location>
        `),
      },
    },
  ],
  good: [
    {
      title: 'an expression',
      files: {
        'site.conf': host(conf`
          <LocationMatch "^/[^/]+/admin(/|$)">
          Require all denied
          </LocationMatch>
        `),
      },
    },
    {
      title: 'files have nothing below them, and nobody is kept out of the rest',
      files: {
        'site.conf': host(
          conf`
            <Location "/*.php">
            Require all denied
            </Location>
            <Location "/*/open">
            Require all granted
            </Location>
          `,
        ),
      },
    },
    {
      title: 'the parts below have a section of their own',
      files: {
        'site.conf': host(
          conf`
            <Location "/*/admin">
            Require all denied
            </Location>
            <Location "/*/admin/*">
            Require all denied
            </Location>
          `,
        ),
      },
    },
  ],
  *check({ apache }) {
    for (const configuration of apache) {
      for (const section of configuration.occurrences.get('location') ?? []) {
        const { kind, text } = sectionPattern(section)
        if (kind !== 'wildcard' || !text.startsWith('/')) continue
        const last = text.slice(text.lastIndexOf('/') + 1)
        if (last.includes('.') || !restricts(section) || isContinued(configuration, section, text)) continue
        yield {
          at: argumentPlace(section, 0),
          message: `\`${text}\` is compared with the whole path, so what lies below it is not closed`,
        }
      }
    }
  },
})
