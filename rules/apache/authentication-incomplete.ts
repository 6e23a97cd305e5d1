import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { askHost } from '../../src/deployment/requests/ask-host.ts'
import { hostsHolding } from '../../src/deployment/requests/hosts-holding.ts'
import { argumentPlace, isSettled } from '../../src/servers/apache/queries/places.ts'
import { isWhole } from '../../src/servers/apache/queries/set-reach.ts'
import { lackOfAuthentication } from '../../src/servers/apache/requests/access.ts'
import { authenticatedPath, authenticationLines } from '../_authentication.ts'
import { apacheMain } from '../_examples.ts'

const MODULES = ['authn_core', 'authn_file', 'authz_user', 'authz_host', 'auth_basic', 'dir']

const main = (section: string, modules: readonly string[] = MODULES): string =>
  apacheMain(
    conf`
      Listen 80
      DocumentRoot /srv/www
      <Directory /srv/www>
          AllowOverride AuthConfig
          Require all granted
      </Directory>
      ${section}
    `,
    modules,
  )

const tree = (section: string): Record<string, string> => ({
  'etc/apache2/apache2.conf': main(section),
  'srv/users': 'staff:{SHA}x',
  'srv/www/staff/page.txt': 'page',
})

const USER = conf`
  AuthUserFile /srv/users
  Require valid-user
`

export default defineRule({
  summary: 'A user is required, and Apache cannot ask for one',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: '`apache2ctl configtest` says OK. A request for what is protected is answered with 500, with a right password too: `AH01615: need AuthName` for `Basic` and `Digest`, and `AH01796: AuthType … configured without corresponding module` where the module of the type is not loaded.',
  remedy: 'Write an `AuthName` beside the `AuthType`, and load the module of the type',
  references: ['https://httpd.apache.org/docs/2.4/howto/auth.html'],
  bad: [
    {
      title: 'no AuthName',
      files: tree(conf`
        <Location /staff>
            AuthType «Basic»
            ${USER}
        </Location>
      `),
    },
    {
      title: 'no AuthName in a .htaccess',
      files: {
        ...tree(''),
        'srv/www/staff/.htaccess': conf`
          AuthType «Basic»
          ${USER}
        `,
      },
    },
    {
      title: 'a type whose module is not loaded',
      files: tree(conf`
        <Directory /srv/www/staff>
            AuthType «Digest»
            AuthName staff
            ${USER}
        </Directory>
      `),
    },
    {
      title: 'Kerberos, with its lines in a block for a module that is not there',
      files: tree(conf`
        <Directory /srv/www/staff>
            AuthType «GSSAPI»
            AuthName staff
            <IfModule mod_auth_gssapi.c>
                GssapiCredStore keytab:/etc/apache2/http.keytab
            </IfModule>
            Require valid-user
        </Directory>
      `),
    },
  ],
  good: [
    {
      title: 'a name',
      files: tree(conf`
        <Location /staff>
            AuthType Basic
            AuthName staff
            ${USER}
        </Location>
      `),
    },
    {
      title: 'the name of an outer section',
      files: tree(conf`
        <Directory /srv>
            AuthName staff
        </Directory>
        <Directory /srv/www/staff>
            AuthType Basic
            ${USER}
        </Directory>
      `),
    },
    {
      title: 'an address that is enough',
      files: tree(conf`
        <Location /staff>
            AuthType Digest
            ${USER}
            Require all granted
        </Location>
      `),
    },
    {
      title: 'a fragment, whose main file may load the module',
      files: {
        'site.conf': conf`
          <VirtualHost *:80>
              DocumentRoot /srv/www
              <Location /staff>
                  AuthType Digest
                  AuthName staff
                  Require valid-user
              </Location>
          </VirtualHost>
        `,
      },
    },
  ],
  *check(deployment) {
    for (const asked of hostsHolding(deployment, ['authtype'])) {
      if (!isWhole(asked.configuration)) continue
      for (const line of authenticationLines(deployment, asked)) {
        const type = line.directive.args[0]?.value ?? ''
        if (!isSettled(type) || type.toLowerCase() === 'none') continue
        const path = authenticatedPath(asked, line)
        if (path === null) continue
        const lack = lackOfAuthentication(askHost(deployment, asked, path).end)
        if (lack === null || lack.includes('`AuthType` is set')) continue
        yield {
          at: argumentPlace(line.directive, 0),
          message: `${lack}, so Apache answers \`${path}\` with 500`,
        }
      }
    }
  },
})
