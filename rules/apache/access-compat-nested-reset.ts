import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { namePlace } from '../../src/servers/apache/queries/places.ts'

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

const DECIDING = new Set(['order', 'deny', 'require', 'requireall', 'requireany'])

/** `<Limit>` is no scope of its own: its lines belong to the section around it. */
function isLimit({ name }: ApacheDirective): boolean {
  return /^limit(?:except)?$/i.test(name)
}

function sectionOf(directive: ApacheDirective): ApacheDirective | null {
  const { parent } = directive
  return parent !== null && isLimit(parent) ? sectionOf(parent) : parent
}

function linesOf(children: readonly ApacheDirective[]): readonly ApacheDirective[] {
  return children.flatMap(child => (isLimit(child) ? linesOf(child.children) : [child]))
}

export default defineRule({
  summary: 'Allow without Order grants access to everyone',
  severity: 'warning',
  confidence: 'high',
  securitySeverity: 7.5,
  cwe: [863],
  since: '0.1.0',
  why: 'mod_access_compat inherits nothing: a section with `Allow` of its own drops the `Order` of the sections around it and falls back to `Order deny,allow`, which lets in everybody whom no `Deny` names. The list of addresses keeps nobody out.',
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
        `),
      },
    },
  ],
  *check({ apache }) {
    for (const { occurrences } of apache) {
      const sections = new Set((occurrences.get('allow') ?? []).map(sectionOf))
      for (const section of sections) {
        if (section === null) continue
        const lines = linesOf(section.children)
        // A Require beside it decides by itself who comes in.
        if (lines.some(({ name }) => DECIDING.has(name.toLowerCase()))) continue
        const allows = lines.filter(({ name }) => name.toLowerCase() === 'allow')
        const [first] = allows
        if (first === undefined || allows.some(({ args }) => args.some(({ value }) => /^all$/i.test(value))))
          continue
        yield {
          at: namePlace(first),
          message: `\`Allow\` without an \`Order\` in the same section keeps nobody out: \`Order deny,allow\` holds, and no \`Deny\` names anyone`,
        }
      }
    }
  },
})
