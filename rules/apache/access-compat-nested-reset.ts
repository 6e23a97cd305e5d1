import { groupBy } from '../../parsers/collections/group-by.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { everywhere } from '../../src/servers/apache/queries/htaccess.ts'
import { isSettled, namePlace } from '../../src/servers/apache/queries/places.ts'
import { isForAll } from '../_apache-sections.ts'

const host = (lines: string): string => conf`
  <VirtualHost *:80>
  ServerName example.org
  DocumentRoot /srv/www
  ${lines}
  </VirtualHost>
`
const OUTER = conf`
  <Directory /srv>
  Order allow,deny
  Allow from all
  </Directory>
`

/** A `Deny` turns somebody away, and a `Require` beside decides by itself who comes in. */
const DECIDING = ['deny', 'require', 'requireall', 'requireany', 'requirenone']

/** `<Limit>` is no scope of its own: its lines belong to the section around it. */
function isLimit({ name }: ApacheDirective): boolean {
  return /^limit(?:except)?$/i.test(name)
}

function sectionOf(directive: ApacheDirective): ApacheDirective | null {
  const { parent } = directive
  return parent !== null && isLimit(parent) ? sectionOf(parent) : parent
}

export default defineRule({
  summary: 'Allow without Deny grants access to everyone',
  severity: 'warning',
  confidence: 'high',
  ofLoneHtaccess: true,
  securitySeverity: 7.5,
  cwe: [863],
  since: '0.1.0',
  why: '`Order deny,allow` lets in everybody whom no `Deny` names, so that a list of addresses keeps nobody out. It also holds where no `Order` is written: mod_access_compat inherits nothing, and a section with `Allow` of its own drops the `Order` of the sections around it.',
  remedy: 'Write `Require ip …` instead, or `Order allow,deny` into the same section',
  references: ['https://httpd.apache.org/docs/2.4/mod/mod_access_compat.html#order'],
  bad: [
    {
      title: 'the Order stands in the section outside',
      files: {
        'site.conf': host(conf`
          ${OUTER}
          <Directory /srv/www>
          «Allow» from 192.0.2.1
          </Directory>
        `),
      },
    },
    {
      title: 'an Order that denies nobody',
      files: {
        'site.conf': host(conf`
          <Location /admin>
          Order deny,allow
          «Allow» from 192.0.2.1
          Allow from 198.51.100.0/24
          </Location>
        `),
      },
    },
    {
      title: 'an Order that denies nobody, in a .htaccess',
      files: {
        '.htaccess': conf`
          Order Deny,Allow
          «Allow» from 192.0.2.1
        `,
      },
    },
  ],
  good: [
    {
      title: 'with an Order of its own',
      files: {
        'site.conf': host(
          conf`
            ${OUTER}
            <Directory /srv/www>
            Order allow,deny
            Allow from 192.0.2.1
            </Directory>
          `,
        ),
      },
    },
    {
      title: 'with an Order around the Limit',
      files: {
        'site.conf': host(
          conf`
            <Directory /srv/www>
            Order allow,deny
            <Limit GET>
            Allow from 192.0.2.1
            </Limit>
            </Directory>
          `,
        ),
      },
    },
    {
      title: 'with a Deny, and with Require',
      files: {
        'site.conf': host(
          conf`
            <Directory /srv/www>
            Deny from all
            Allow from 192.0.2.1
            </Directory>
            <Directory /srv/x>
            Require ip 192.0.2.1
            Allow from 192.0.2.1
            </Directory>
          `,
        ),
      },
    },
    {
      title: 'everybody is meant',
      files: {
        'site.conf': host(conf`
          <Directory /srv/www>
          Allow from all
          </Directory>
          <Directory /srv/www/shop>
          Order deny,allow
          Allow from 0.0.0.0/0
          </Directory>
        `),
      },
    },
    {
      title: 'lines for a section that is elsewhere',
      files: { 'office.conf': 'Allow from 192.0.2.1' },
    },
  ],
  *check({ apache, filesOf }) {
    for (const configuration of apache) {
      const files = filesOf(configuration)
      const lines = ['allow', 'order', ...DECIDING].flatMap(name => everywhere(configuration, files, name))
      const ofSnippet = new Set(
        configuration.occurrences.get('allow')?.filter(line => sectionOf(line) === null),
      )
      for (const scope of groupBy(lines, line => sectionOf(line) ?? line.source).values()) {
        if (scope.some(({ name }) => DECIDING.includes(name.toLowerCase()))) continue
        const [first, ...others] = scope.filter(({ name }) => /^allow$/i.test(name))
        if (
          first === undefined ||
          ofSnippet.has(first) ||
          [first, ...others].some(line => isForAll(line) || line.args.some(({ value }) => !isSettled(value)))
        )
          continue
        const orders = scope.filter(({ name }) => /^order$/i.test(name))
        if (orders.some(({ args }) => !/^deny,allow$/i.test(args[0]?.value ?? ''))) continue
        const lets = '`Order deny,allow` holds, and no `Deny` names anyone'
        yield {
          at: namePlace(first),
          message:
            orders.length === 0
              ? `\`Allow\` without an \`Order\` in the same section keeps nobody out: ${lets}`
              : `this \`Allow\` keeps nobody out: ${lets}`,
        }
      }
    }
  },
})
