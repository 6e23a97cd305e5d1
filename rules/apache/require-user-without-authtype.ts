import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { argumentPlace } from '../../src/servers/apache/queries/places.ts'
import { isWhole } from '../../src/servers/apache/queries/set-reach.ts'
import { apacheMain } from '../_examples.ts'

const main = (lines: string): string =>
  apacheMain(
    conf`
      Listen 80
      DocumentRoot /srv/www
      ${lines}
    `,
    ['authn_core', 'authn_file', 'authz_user', 'auth_basic'],
  )

const USERS = new Set(['valid-user', 'user', 'group', 'ldap-user', 'ldap-group', 'file-owner'])

/** The place of the word that asks for a user: after `not`, where that stands. */
function userWord(require: ApacheDirective): number | null {
  const index = require.args[0]?.value.toLowerCase() === 'not' ? 1 : 0
  return USERS.has(require.args[index]?.value.toLowerCase() ?? '') ? index : null
}

export default defineRule({
  summary: 'A user is required and no AuthType is set anywhere',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: '`apache2ctl configtest` says OK. At the first request Apache finds no way to learn who the client is, writes `AH00027: No authentication done but request not allowed without authentication` and answers 500.',
  remedy: 'Add `AuthType`, `AuthName` and a provider beside the `Require`',
  references: ['https://httpd.apache.org/docs/2.4/howto/auth.html'],
  bad: [
    {
      title: 'nothing but the Require',
      files: {
        'etc/apache2/apache2.conf': main(conf`
          <Location />
          Require «valid-user»
          </Location>
        `),
      },
    },
  ],
  good: [
    {
      title: 'asked for a password',
      files: {
        'etc/apache2/apache2.conf': main(
          conf`
            <Directory />
            AuthType Basic
            AuthName staff
            AuthUserFile /srv/users
            </Directory>
            <Location />
            Require valid-user
            </Location>
          `,
        ),
      },
    },
    {
      title: 'a fragment, whose main file may set it',
      files: {
        'site.conf': conf`
          <VirtualHost *:80>
          <Location />
          Require valid-user
          </Location>
          </VirtualHost>
        `,
      },
    },
  ],
  *check({ apache }) {
    for (const configuration of apache) {
      const { occurrences } = configuration
      // A client certificate may give the name as well.
      if (['authtype', 'sslusername'].some(name => occurrences.has(name)) || !isWhole(configuration)) continue
      for (const require of occurrences.get('require') ?? []) {
        const index = userWord(require)
        if (index === null || require.parent?.name === 'AuthzProviderAlias') continue
        yield {
          at: argumentPlace(require, index),
          message: `no \`AuthType\` is set in the whole configuration, so Apache cannot learn who the client is and answers 500`,
        }
      }
    }
  },
})
