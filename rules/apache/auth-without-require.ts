import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { htaccessFiles } from '../../src/servers/apache/queries/htaccess.ts'
import { namePlace } from '../../src/servers/apache/queries/places.ts'

const site = (lines: string): string => conf`
  <VirtualHost *:80>
      ServerName example.org
      DocumentRoot /srv/www
      <Directory /srv/www>
          Require all granted
      </Directory>
      ${lines}
  </VirtualHost>
`

export default defineRule({
  summary: 'A password is set up and nothing requires it',
  severity: 'error',
  confidence: 'high',
  securitySeverity: 9.1,
  cwe: [306],
  since: '0.1.0',
  why: '`AuthType`, `AuthName` and `AuthUserFile` say how a password is asked for, not that it is. Without a `Require` for users Apache never asks, and everybody gets in.',
  remedy: 'Add `Require valid-user`',
  references: ['https://httpd.apache.org/docs/2.4/howto/auth.html'],
  bad: [
    {
      title: 'a section for the administration',
      files: {
        'site.conf': site(conf`
          <Location /admin>
              «AuthType» Basic
              AuthName staff
              AuthUserFile /etc/apache2/users
          </Location>
        `),
      },
    },
  ],
  good: [
    {
      title: 'required there',
      files: {
        'site.conf': site(conf`
          <Location /admin>
              AuthType Basic
              AuthName staff
              AuthUserFile /etc/apache2/users
              Require valid-user
          </Location>
        `),
      },
    },
    {
      title: 'required by another section',
      files: {
        'site.conf': site(conf`
          <Directory /srv/www>
              AuthType Basic
              AuthName staff
              AuthUserFile /etc/apache2/users
          </Directory>
          <Location /admin>
              <LimitExcept OPTIONS>
                  Require user anna
              </LimitExcept>
          </Location>
        `),
      },
    },
  ],
  *check({ apache, filesOf }) {
    for (const configuration of apache) {
      if (!configuration.occurrences.has('authtype')) continue
      const { occurrences } = configuration
      const inHtaccess = htaccessFiles(configuration, filesOf(configuration)).some(({ file }) =>
        (file.occurrences.get('require') ?? []).some(requiresUser),
      )
      // Some other section may be the one that asks.
      if (inHtaccess || (occurrences.get('require') ?? []).some(requiresUser)) continue
      for (const directive of occurrences.get('authtype') ?? []) {
        if (!/^(?:basic|digest)$/i.test(directive.args[0]?.value ?? '') || !isWholeSection(directive.parent))
          continue
        yield {
          at: namePlace(directive),
          message: 'nothing requires a user, so Apache never asks for the password',
        }
      }
    }
  },
})

/** Any line that is no decision by address: a user, a group, an expression, an alias. */
function requiresUser({ args }: ApacheDirective): boolean {
  const words = args.map(({ value }) => value.toLowerCase()).filter(word => word !== 'not')
  return !/^(?:all|ip|host|local|method|env|forward-dns)$/.test(words[0] ?? '')
}

/** True for a section of a path with everything that a password needs. */
function isWholeSection(section: ApacheDirective | null): boolean {
  if (section === null || section.name === 'VirtualHost') return false
  return section.children.some(({ name }) =>
    /^Auth(?:UserFile|BasicProvider|DBMUserFile|LDAPURL)$/i.test(name),
  )
}
