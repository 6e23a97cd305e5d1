import { posix } from 'node:path'
import { groupBy } from '../../parsers/collections/group-by.ts'
import { isBelow } from '../../parsers/text/is-below.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import type { ApacheConfiguration, ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { scopeOf } from '../../src/servers/apache/queries/directives-in.ts'
import { everywhere } from '../../src/servers/apache/queries/htaccess.ts'
import { virtualHostOf } from '../../src/servers/apache/queries/virtual-hosts.ts'
import { argumentPlace, isSettled, namePlace } from '../../src/servers/apache/queries/places.ts'
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

const STAFF = conf`
  AuthType Basic
  AuthName Staff
  AuthUserFile /etc/apache2/users
  Require valid-user
`

const USERS = new Set(['valid-user', 'user', 'group', 'ldap-user', 'ldap-group', 'file-owner'])

/** The place of the word that asks for a user: after `not`, where that stands. */
function userWord(require: ApacheDirective): number | null {
  const index = require.args[0]?.value.toLowerCase() === 'not' ? 1 : 0
  return USERS.has(require.args[index]?.value.toLowerCase() ?? '') ? index : null
}

export default defineRule({
  summary: 'A user is required and no AuthType is set',
  severity: 'error',
  confidence: 'high',
  ofLoneHtaccess: true,
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
    {
      title: 'a name and a file beside it, in a site without its main file',
      files: {
        'site.conf': conf`
          <VirtualHost *:80>
              ServerName example.org
              DocumentRoot /srv/www
              <Directory /srv/www/finance>
                  AuthName Finance
                  AuthBasicProvider file
                  AuthUserFile /etc/apache2/users
                  Require «valid-user»
              </Directory>
              <Directory /srv/www/staff>
                  ${STAFF}
              </Directory>
          </VirtualHost>
        `,
      },
    },
    {
      title: 'in a .htaccess, for the login of WordPress',
      files: {
        'public/.htaccess': conf`
          <Files wp-login.php>
              AuthName Staff
              AuthUserFile /home/shop/.htpasswd
              <Limit GET POST>
                  Require «user» anna
              </Limit>
          </Files>
        `,
      },
    },
  ],
  good: [
    {
      title: 'the type of a section around it, and of the top of the .htaccess',
      files: {
        'site.conf': conf`
          <VirtualHost *:80>
              ServerName example.org
              <Directory /srv/www>
                  AuthType Basic
              </Directory>
              <Directory /srv/www/finance>
                  AuthName Finance
                  AuthUserFile /etc/apache2/users
                  Require valid-user
              </Directory>
          </VirtualHost>
        `,
        'public/.htaccess': conf`
          AuthType Basic
          AuthName Staff
          AuthUserFile /home/shop/.htpasswd
          <Files wp-login.php>
              AuthName Login
              Require valid-user
          </Files>
        `,
      },
    },
    {
      title: 'a file that nobody can see here beside the name',
      files: {
        'site.conf': conf`
          <VirtualHost *:80>
              ServerName example.org
              <Location /staff>
                  AuthName Staff
                  Include /etc/apache2/ldap.conf
                  Require valid-user
              </Location>
          </VirtualHost>
        `,
      },
    },
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
  *check({ apache, filesOf }) {
    for (const configuration of apache) {
      const { occurrences } = configuration
      const nowhere =
        !['authtype', 'sslusername'].some(name => occurrences.has(name)) && isWhole(configuration)
      for (const require of nowhere ? (occurrences.get('require') ?? []) : []) {
        const index = userWord(require)
        if (index === null || require.parent?.name === 'AuthzProviderAlias') continue
        yield {
          at: argumentPlace(require, index),
          message: `no \`AuthType\` is set in the whole configuration, so Apache cannot learn who the client is and answers 500`,
        }
      }
      if (!nowhere) yield* besideOtherLines(configuration, filesOf(configuration))
    }
  },
})

/** The lines that say how a password is checked, and mean nothing without a type. */
const BESIDE_TYPE = [
  'authuserfile',
  'authname',
  'authbasicprovider',
  'authgroupfile',
  'authdigestprovider',
  'authdbmuserfile',
  'authldapurl',
]
/** Other ways to learn who a client is. */
const OTHER_WAYS = ['sslusername', 'mellonenable', 'casscope', 'authformprovider']

/** Where the rest of what a password needs stands, its type stands there too, or in a section around it. */
function* besideOtherLines(configuration: ApacheConfiguration, files: FileSystem) {
  const find = (names: readonly string[]) => names.flatMap(name => everywhere(configuration, files, name))
  const beside = groupBy(find(BESIDE_TYPE), scopeOf)
  if (beside.size === 0) return
  const types = find(['authtype', ...OTHER_WAYS])
  for (const require of find(['require'])) {
    const index = userWord(require)
    const [setting] = index === null ? [] : (beside.get(scopeOf(outsideOfLimits(require))) ?? [])
    if (index === null || setting === undefined || isBesideUnread(configuration, require)) continue
    if (types.some(type => mayCover(configuration, type, require))) continue
    yield {
      at: argumentPlace(require, index),
      message: `\`${setting.name}\` is set here and \`AuthType\` is not, so Apache asks for no password and answers 500`,
      label: 'no `AuthType` is in force',
      related: [{ at: namePlace(setting), message: 'without effect alone' }],
    }
  }
}

/** The outermost of `<Limit>` and `<RequireAny>` around a line, which is beside the lines of the password. */
function outsideOfLimits(line: ApacheDirective): ApacheDirective {
  let outer = line
  while (outer.parent !== null && /^(?:Limit|Require)/i.test(outer.parent.name)) outer = outer.parent
  return outer
}

/** True where its file includes one that nobody can see here. */
function isBesideUnread({ unread = [] }: ApacheConfiguration, { source }: ApacheDirective): boolean {
  return unread.some(({ at }) => at.source === source)
}

/** False where a line surely does not hold for what another one is about. */
function mayCover(configuration: ApacheConfiguration, type: ApacheDirective, line: ApacheDirective): boolean {
  const [outer, inner] = [type, line].map(each => virtualHostOf(configuration, each))
  if (outer !== null && inner !== null && outer !== inner) return false
  const [own, ofLine] = [type, line].map(pathSection) as [ApacheDirective | null, ApacheDirective | null]
  if (own === null) return isOfServer(configuration, type) || isAbove(type.source.path, line.source.path)
  if (ofLine === null || own.name !== ofLine.name) return true
  const [path, below] = [own, ofLine].map(plainPath)
  return path === null || below === null || below === undefined || path === undefined || isBelow(below, path)
}

function isOfServer({ sources }: ApacheConfiguration, { source }: ApacheDirective): boolean {
  return sources.includes(source)
}

/** True for files of which the directory of one holds the other. */
function isAbove(outer: string, inner: string): boolean {
  return isBelow(posix.dirname(inner), posix.dirname(outer))
}

/** The outermost section of a path around a line. */
function pathSection(line: ApacheDirective): ApacheDirective | null {
  let found: ApacheDirective | null = null
  for (let at = line.parent; at !== null; at = at.parent)
    if (/^(?:Directory|Location|Files)/.test(at.name)) found = at
  return found
}

/** Null for a pattern. */
function plainPath({ name, args }: ApacheDirective): string | null {
  const [written = '', second] = args.map(({ value }) => value)
  const isPlain = second === undefined && isSettled(written) && !/[*?[\\^$%]/.test(written)
  return isPlain && !name.endsWith('Match') ? written.replace(/(?<=.)\/+$/, '') : null
}
