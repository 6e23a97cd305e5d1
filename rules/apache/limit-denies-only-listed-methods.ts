import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { apacheMain } from '../_examples.ts'
import type { ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { htaccessFiles } from '../../src/servers/apache/queries/htaccess.ts'
import { authorize, requireTree } from '../../src/servers/apache/queries/require-tree.ts'

const host = (lines: string): string => conf`
  <VirtualHost *:80>
  ServerName example.org
  DocumentRoot /srv/www
  <Directory /srv/www>
  ${lines}
  </Directory>
  </VirtualHost>
`

/** True where the section says to an unlisted method what it does not say to GET. */
function letsOthersIn(children: readonly ApacheDirective[]): boolean {
  const tree = requireTree(children)
  if (tree === null) return false
  // `AuthMerging And` keeps what holds outside.
  if (children.some(({ name }) => name === 'AuthMerging')) return false
  return authorize(tree, { method: 'PUT' }) === 'granted' && authorize(tree, { method: 'GET' }) !== 'granted'
}

export default defineRule({
  summary: 'Access is controlled inside `<Limit>`, and other methods are granted access',
  severity: 'warning',
  confidence: 'high',
  ofLoneHtaccess: true,
  securitySeverity: 6.5,
  cwe: [863, 650],
  since: '0.1.0',
  why: 'What stands in `<Limit GET POST>` holds for these methods alone. To any other, such as PUT, OPTIONS or PATCH, the section has nothing to say, takes the place of the sections outside, and lets everyone through to the handler or application.',
  remedy: 'Take the `<Limit>` away, so that the lines hold for every method',
  references: ['https://httpd.apache.org/docs/2.4/mod/core.html#limit'],
  bad: [
    {
      title: 'GET and POST are closed, PUT is not',
      files: {
        'site.conf': host(conf`
          <«Limit» GET POST>
          Require all denied
          </Limit>
        `),
      },
    },
    {
      title: 'in .htaccess',
      files: {
        'etc/apache2/apache2.conf': apacheMain(
          conf`
            Listen 80
            DocumentRoot /srv/www
            <Directory /srv/www>
                AllowOverride All
                Require all granted
            </Directory>
          `,
          ['authz_host'],
        ),
        'srv/www/.htaccess': conf`
          <«Limit» GET POST>
              Require ip 192.0.2.10
          </Limit>
        `,
      },
    },
  ],
  good: [
    { title: 'for every method', files: { 'site.conf': host('Require all denied') } },
    {
      title: 'single methods are closed, and the rest is open on purpose',
      files: {
        'site.conf': host(conf`
          <Limit PUT DELETE>
          Require all denied
          </Limit>
        `),
      },
    },
    {
      title: 'a line for the others',
      files: {
        'site.conf': host(
          conf`
            <Limit GET>
            Require ip 192.0.2.1
            </Limit>
            <LimitExcept GET>
            Require all denied
            </LimitExcept>
          `,
        ),
      },
    },
  ],
  *check({ apache, filesOf }) {
    for (const configuration of apache) {
      const seen = new Set<object>()
      const own = (configuration.occurrences.get('limit') ?? []).map(limit => ({
        limit,
        top: configuration.top,
      }))
      const inFiles = htaccessFiles(configuration, filesOf(configuration)).flatMap(({ file, overrides }) =>
        overrides.known && overrides.value.reads
          ? (file.occurrences.get('limit') ?? []).map(limit => ({ limit, top: file.children }))
          : [],
      )
      for (const { limit, top } of [...own, ...inFiles]) {
        const children = limit.parent?.children ?? top
        if (seen.has(children)) continue
        seen.add(children)
        if (!limit.args.some(({ value }) => value === 'GET') || !letsOthersIn(children)) continue
        yield {
          at: { source: limit.source, start: limit.nameStart, end: limit.nameEnd },
          message: `the section closes ${limit.args.map(({ value }) => value).join(', ')} and lets every other method through`,
        }
      }
    }
  },
})
