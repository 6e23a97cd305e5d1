import { askHost } from '../../src/deployment/requests/ask-host.ts'
import { hostsHolding } from '../../src/deployment/requests/hosts-holding.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { type ApacheDirective, readsEveryInclude } from '../../src/servers/apache/configuration.ts'
import { plainDirectory } from '../../src/servers/apache/queries/directory-sections.ts'
import { argumentPlace, isSettled } from '../../src/servers/apache/queries/places.ts'
import { authorize, requireTree } from '../../src/servers/apache/queries/require-tree.ts'
import { sectionPattern } from '../../src/servers/apache/queries/section-matches.ts'
import { isWhole } from '../../src/servers/apache/queries/set-reach.ts'
import { directivesOfHost } from '../../src/servers/apache/queries/virtual-hosts.ts'
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

const fragment = (lines: string): string => conf`
  <VirtualHost *:80>
      DocumentRoot /srv/www
      <Directory /srv/reports>
          ${lines}
          Require valid-user
      </Directory>
  </VirtualHost>
`

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
    {
      title: 'no AuthName for a directory outside of the document root',
      files: tree(conf`
        Alias /reports /srv/reports
        <Directory /srv/reports>
            AuthType «Basic»
            ${USER}
        </Directory>
      `),
    },
    {
      title: 'no AuthName in a file that a main file elsewhere includes',
      files: { 'site.conf': fragment('AuthType «Basic»') },
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
      title: 'a fragment with the name in a <Location> that may hold there too',
      files: {
        'site.conf': conf`
          ${fragment('AuthType Basic')}
          <Location />
              AuthName staff
          </Location>
        `,
      },
    },
    {
      title: 'a fragment whose .htaccess files may bring the name',
      files: {
        'site.conf': fragment(conf`
          AllowOverride AuthConfig
          AuthType Basic
        `),
      },
    },
    {
      title: 'a fragment that lets in addresses without a user',
      files: {
        'site.conf': fragment(conf`
          AuthType Basic
          Require ip 192.0.2.0/24
        `),
      },
    },
    {
      title: 'a fragment that turns everybody away before a user is asked for',
      files: {
        'site.conf': fragment(conf`
          AuthType Basic
          Deny from all
        `),
      },
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
      const { configuration, host } = asked
      for (const line of authenticationLines(deployment, asked)) {
        const { directive } = line
        const type = directive.args[0]?.value ?? ''
        if (!isSettled(type) || type.toLowerCase() === 'none') continue
        const path = isWhole(configuration) ? authenticatedPath(asked, line) : null
        if (path !== null) {
          const lack = lackOfAuthentication(askHost(deployment, asked, path).end)
          if (lack === null || lack.includes('`AuthType` is set')) continue
          yield {
            at: argumentPlace(directive, 0),
            message: `${lack}, so Apache answers \`${path}\` with 500`,
          }
          continue
        }
        if (!/^(?:basic|digest)$/i.test(type) || !readsEveryInclude(configuration)) continue
        const section = directive.parent
        if (section === null || !asksForUser(section)) continue
        const names = [...new Set([host?.directive ?? null, null])].flatMap(holder =>
          directivesOfHost(configuration, holder, 'authname'),
        )
        if (names.some(({ parent }) => mayHoldIn(section, parent))) continue
        yield {
          at: argumentPlace(directive, 0),
          confidence: 'medium',
          message: `no \`AuthName\` is set to ask for a user, so Apache answers what this \`<${section.name}>\` holds for with 500`,
        }
      }
    }
  },
})

/** True for a section that by its own lines lets in nobody but users, and leaves nothing to `.htaccess` files. */
function asksForUser({ name, children }: ApacheDirective): boolean {
  if (!/^(?:Directory|Location)(?:Match)?$/.test(name)) return false
  const decidesBefore = children.some(
    child =>
      /^(?:deny|order|allow|satisfy|authmerging)$/i.test(child.name) ||
      (/^allowoverride(?:list)?$/i.test(child.name) &&
        child.args.some(({ value }) => !/^none$/i.test(value))),
  )
  const requires = requireTree(children)
  return (
    !decidesBefore &&
    requires !== null &&
    authorize(requires, { method: 'GET', authenticated: false }) === 'denied-no-user'
  )
}

/** False where what stands in the other section surely holds for nothing in this one. */
function mayHoldIn(section: ApacheDirective, other: ApacheDirective | null): boolean {
  const [own, outer] = [plainDirectory(section), plainDirectory(other)]
  if (own !== null && outer !== null) return own.startsWith(outer)
  const [url, above] = [plainLocation(section), plainLocation(other)]
  return url === null || above === null || url.startsWith(above)
}

function plainLocation(section: ApacheDirective | null): string | null {
  if (section?.name !== 'Location') return null
  const { kind, text } = sectionPattern(section)
  return kind === 'plain' ? text : null
}
