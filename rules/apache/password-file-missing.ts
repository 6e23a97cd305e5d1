import { posix } from 'node:path'
import { isKeptByGit } from '../../src/deployment/is-absent.ts'
import { isUnknownWord } from '../../parsers/text/source.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import type { ApacheConfiguration, ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { isForHtaccess } from '../../src/servers/apache/htaccess-alone.ts'
import { htaccessFiles } from '../../src/servers/apache/queries/htaccess.ts'
import { argumentPlace, isSettled, namePlace } from '../../src/servers/apache/queries/places.ts'
import { isWhole } from '../../src/servers/apache/queries/set-reach.ts'
import { apacheMain } from '../_examples.ts'
import { otherKind, otherRealm } from './_password-lines.ts'
import { pathOfUrl, unfilledPath } from './_password-path.ts'

const MODULES = ['authn_core', 'authn_file', 'authz_user', 'auth_basic', 'dir']

/** A copy of `/etc/apache2` that is whole, so that what it lacks is not there. */
const tree = (lines: string, type = 'AuthType'): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      Listen 80
      ServerName example.org
      DocumentRoot /srv/www
      <Location /staff>
          ${type} Basic
          AuthName staff
          ${lines}
          Require valid-user
      </Location>
    `,
    MODULES,
  ),
  'etc/apache2/magic': '# magic',
  'etc/apache2/envvars': '# envvars',
  'etc/apache2/ports.conf': '# ports',
  'etc/apache2/mods-available/': '',
  'etc/apache2/users': 'staff:{SHA}x',
  'srv/www/staff/page.txt': 'page',
})

/** The password `secret` of `staff` in both kinds of file. */
const digest = (lines: string, realm = 'staff'): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      Listen 80
      ServerName example.org
      DocumentRoot /srv/www
      <Location /staff>
          AuthName ${realm}
          ${lines}
          Require valid-user
      </Location>
    `,
    [...MODULES, 'auth_digest'],
  ),
  'etc/apache2/users': 'staff:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n',
  'etc/apache2/digest': 'staff:staff:11e4b19e298e225286d9aa262080dd46\n',
  'srv/www/staff/page.txt': 'page',
})

const withLdap = (lines: string, outer = ''): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      Listen 80
      ServerName example.org
      DocumentRoot /srv/www
      ${outer}
      <Location /staff>
          AuthType Basic
          AuthName staff
          ${lines}
          Require valid-user
      </Location>
    `,
    [...MODULES, 'ldap', 'authnz_ldap'],
  ),
  'srv/www/staff/page.txt': 'page',
})

const access = (path: string): string => conf`
  AuthType Basic
  AuthName staff
  AuthUserFile ${path}
  Require valid-user
`
const inHtaccess = (path: string): Record<string, string> => ({
  'admin/.htaccess': access(path),
  'admin/.htpasswd': 'staff:{SHA}x',
})
const served = (path: string): Record<string, string> => ({
  'etc/apache2/sites-available/shop.conf': conf`
    <VirtualHost *:80>
        ServerName example.org
        DocumentRoot /home/shop/public_html
        <Directory /home/shop/public_html>
            AllowOverride All
            Require all granted
        </Directory>
    </VirtualHost>
  `,
  'home/shop/public_html/admin/.htaccess': access(path),
  'home/shop/public_html/admin/.htpasswd': 'staff:{SHA}x',
})

export default defineRule({
  summary: 'A password is required, and the file of passwords is not there, or of another kind or realm',
  severity: 'error',
  otherSeverities: {
    warning:
      'where a `.htaccess` names a file alone, and nothing is known of `ServerRoot`, or where the directory alone tells that the path of a URL is meant',
  },
  confidence: 'high',
  ofLoneHtaccess: true,
  since: '0.1.0',
  why: '`configtest` says nothing. A client that sends a password is answered with 500: `AH01620: Could not open password file`, or `AH01618`, without an `AuthUserFile`. `AuthType Digest` reads lines of `htdigest`, and `Basic` those of `htpasswd`: in the file of the other no password is right, and Apache asks for ever. A line of `htdigest` is for one realm, and no password of it is right where `AuthName` is another.',
  remedy: 'Name the file that `htpasswd` wrote, and for `AuthType Digest` that of `htdigest`',
  references: ['https://httpd.apache.org/docs/2.4/mod/mod_authn_file.html#authuserfile'],
  bad: [
    { title: 'another name', files: tree('AuthUserFile «/etc/apache2/htpasswd»') },
    { title: 'none is named', files: tree('', '«AuthType»') },
    {
      title: 'a file of htpasswd for Digest',
      files: digest(conf`
        AuthType Digest
        AuthUserFile «/etc/apache2/users»
      `),
    },
    {
      title: 'a file of htdigest for another realm',
      files: digest(
        conf`
          AuthType Digest
          AuthUserFile /etc/apache2/digest
        `,
        '«"Our staff"»',
      ),
    },
    {
      title: 'a file of htdigest for Basic',
      files: digest(conf`
        AuthType Basic
        AuthUserFile «/etc/apache2/digest»
      `),
    },
    {
      title: 'the name of a file beside it, in a .htaccess alone',
      files: {
        'admin/.htaccess': conf`
          AuthType Basic
          AuthName staff
          AuthUserFile «.htpasswd»
          Require valid-user
        `,
        'admin/.htpasswd': 'staff:{SHA}x',
      },
    },
    {
      title: 'the name of a file alone, in a .htaccess alone',
      files: {
        'admin/.htaccess': conf`
          AuthType Basic
          AuthName staff
          AuthUserFile «.htpasswd»
          Require valid-user
        `,
      },
    },
    ...['~/.htpasswd', '%{DOCUMENT_ROOT}/admin/.htpasswd', '/admin/.htpasswd'].map(path => ({
      title: `\`${path}\` in a .htaccess alone, with the file beside it`,
      files: inHtaccess(`«${path}»`),
    })),
    {
      title: 'the path of a URL, in a .htaccess alone',
      files: { 'admin/.htaccess': inHtaccess('«/admin/.htpasswd»')['admin/.htaccess']! },
    },
    {
      title: 'the path of a URL, in a .htaccess that a site serves',
      files: served('«/admin/.htpasswd»'),
    },
    {
      title: 'the name of the file beside it, in a .htaccess that a site serves',
      files: served('«.htpasswd»'),
    },
    {
      title: 'a directory of users that no provider asks',
      files: withLdap('«AuthLDAPURL» "ldap://127.0.0.1:1/ou=people,dc=example,dc=org?uid"'),
    },
  ],
  good: [
    {
      title: 'a tree that git keeps, without the passwords',
      files: { ...tree('AuthUserFile /etc/apache2/staff'), '.gitignore': 'staff\n' },
    },
    { title: 'the file is there', files: tree('AuthUserFile /etc/apache2/users') },
    {
      title: 'a file outside of the document root, and the whole path of one beside it',
      files: { ...served('/home/staff/.htpasswd'), ...inHtaccess('/var/www/example/admin/.htpasswd') },
    },
    {
      title: 'the whole path of a file that is served',
      files: served('/home/shop/public_html/admin/.htpasswd'),
    },
    {
      title: 'a file of htpasswd for Basic',
      files: digest(conf`
        AuthType Basic
        AuthUserFile /etc/apache2/users
      `),
    },
    {
      title: 'a file of htdigest for Digest',
      files: digest(conf`
        AuthType Digest
        AuthUserFile /etc/apache2/digest
      `),
    },
    {
      title: 'a path that nobody knows, in a .htaccess alone',
      files: {
        'admin/.htaccess': conf`
          AuthType Basic
          AuthName staff
          AuthUserFile /home/site/.htpasswd
          Require valid-user
        `,
      },
    },
    {
      title: 'the name of a file alone, which nothing asks for',
      files: {
        'download/.htaccess': conf`
          AuthType Basic
          AuthName "No access"
          AuthUserFile .htpasswd
          #Require valid-user
        `,
      },
    },
    {
      title: 'a path below ServerRoot, and one that a placeholder makes, in a .htaccess alone',
      files: {
        'admin/.htaccess': conf`
          AuthType Basic
          AuthName staff
          AuthUserFile conf/users
          Require valid-user
        `,
        'staff/.htaccess': conf`
          AuthType Basic
          AuthName staff
          AuthUserFile {{ password_file }}
          Require valid-user
        `,
      },
    },
    {
      title: 'a directory of users and its provider',
      files: withLdap(conf`
        AuthBasicProvider ldap
        AuthLDAPURL "ldap://127.0.0.1:1/ou=people,dc=example,dc=org?uid"
      `),
    },
    {
      title: 'the provider of the section around it',
      files: withLdap(
        'AuthLDAPURL "ldap://127.0.0.1:1/ou=people,dc=example,dc=org?uid"',
        conf`
          <Location />
              AuthBasicProvider ldap
          </Location>
        `,
      ),
    },
    {
      title: 'another provider, and a file outside of the audit',
      files: tree(conf`
        AuthBasicProvider dbm
        AuthDBMUserFile /opt/users.db
      `),
    },
    {
      title: 'nothing is known of the directory',
      files: {
        'site.conf': conf`
          <Location /staff>
              AuthType Basic
              AuthName staff
              AuthUserFile /etc/apache2/htpasswd
              Require valid-user
          </Location>
        `,
      },
    },
  ],
  *check({ apache, filesOf }) {
    for (const configuration of apache) {
      const files = filesOf(configuration)
      const tables = [
        configuration.occurrences,
        ...htaccessFiles(configuration, files).map(({ file }) => file.occurrences),
      ]
      for (const occurrences of tables) {
        for (const directive of occurrences.get('authuserfile') ?? []) {
          const other = otherKind(files, directive) ?? otherRealm(files, directive)
          if (other !== null) yield other
          const misread = misreadPath(configuration, files, directive, occurrences)
          if (misread !== null) {
            yield misread
            continue
          }
          if (!isMissing(configuration, files, directive)) {
            if (
              isMeantBeside(configuration, directive) &&
              (occurrences.get('require') ?? []).some(asksForUser)
            )
              yield {
                at: argumentPlace(directive, 0),
                severity: 'warning' as const,
                confidence: 'medium' as const,
                message: `\`${directive.args[0]?.value}\` is looked for below \`ServerRoot\`, such as \`/etc/apache2\`, and not beside this \`.htaccess\``,
                help: 'Write the whole path of the file',
              }
            continue
          }
          yield {
            at: argumentPlace(directive, 0),
            message: directive.args[0]?.value.startsWith('/')
              ? `no such file: \`${directive.args[0].value}\`, so every password is answered with 500`
              : `\`${directive.args[0]?.value ?? ''}\` is looked for below \`ServerRoot\`, where it is not, so every password is answered with 500`,
          }
        }
      }
      yield* withoutFile(configuration, tables)
      yield* unaskedDirectories(configuration)
    }
  },
})

/** A path that Apache reads otherwise than whoever wrote it, wherever its own files lie. */
function misreadPath(
  { main }: ApacheConfiguration,
  files: FileSystem,
  directive: ApacheDirective,
  occurrences: ApacheConfiguration['occurrences'],
): RuleFinding | null {
  const written = directive.args[0]?.value ?? ''
  if (isUnknownWord(written) || !(occurrences.get('require') ?? []).some(asksForUser)) return null
  const isLone = main !== null && isForHtaccess(main)
  const misread = unfilledPath(written) ?? pathOfUrl(files, directive, written, isLone)
  if (misread === null) return null
  const { message, help, isCertain } = misread
  return {
    at: argumentPlace(directive, 0),
    ...(isCertain ? {} : { severity: 'warning' as const, confidence: 'medium' as const }),
    message,
    help,
  }
}

const asksForUser = ({ args }: ApacheDirective): boolean =>
  /^(?:valid-user|user|group)$/i.test(args[0]?.value ?? '')

function isMissing(
  { serverRoot, main }: ApacheConfiguration,
  files: FileSystem,
  { args, source }: ApacheDirective,
): boolean {
  const written = args[0]?.value ?? ''
  // What lies beside a .htaccess is not where httpd looks.
  const isBeside =
    posix.basename(source.path).startsWith('.ht') &&
    /^\w|^\.\w/.test(written) &&
    files.kind(posix.join(posix.dirname(source.path), written)) === 'file'
  if (main !== null && isForHtaccess(main)) return isBeside
  if (written === '' || !isSettled(written) || (!written.startsWith('/') && !serverRoot.known)) return false
  const path = written.startsWith('/')
    ? written
    : posix.join(serverRoot.known ? serverRoot.value : '/', written)
  if (isBeside && files.kind(path) === null) return true
  if (isKeptByGit(files)) return false
  // What the running system makes, no copy of a machine has.
  return files.kind(path) === null && files.covers(path) && !/^\/(?:run|tmp|var\/run)\//.test(path)
}

/** True for a name without a directory in a `.htaccess`: whoever writes it means the file beside it. */
function isMeantBeside({ main }: ApacheConfiguration, { args, source }: ApacheDirective): boolean {
  const written = args[0]?.value ?? ''
  const isHtaccess = (main !== null && isForHtaccess(main)) || posix.basename(source.path).startsWith('.ht')
  return isHtaccess && isSettled(written) && /^\.?[\w.-]+$/.test(written)
}

/** Where nothing in the whole configuration says where passwords are, and the usual provider looks for them. */
function* withoutFile(
  configuration: ApacheConfiguration,
  tables: readonly ApacheConfiguration['occurrences'][],
) {
  if (!isWhole(configuration)) return
  if (tables.some(occurrences => [...occurrences.keys()].some(isProvider))) return
  for (const occurrences of tables) {
    for (const directive of occurrences.get('authtype') ?? []) {
      if (directive.args[0]?.value.toLowerCase() !== 'basic') continue
      yield {
        at: namePlace(directive),
        message: 'no `AuthUserFile` is set anywhere, so every password is answered with 500',
      }
    }
  }
}

/** A directory of users that is written, and not asked: the provider of a section that names none is a file. */
function* unaskedDirectories(configuration: ApacheConfiguration) {
  const lines = ['authldapurl', 'authdbduserpwquery'].flatMap(
    name => configuration.occurrences.get(name) ?? [],
  )
  if (lines.length === 0 || !isWhole(configuration)) return
  // What an outer section says of providers is in force inside of it too.
  const outer = ['authbasicprovider', 'authuserfile', 'authdigestprovider'].flatMap(name =>
    (configuration.occurrences.get(name) ?? []).map(({ parent }) => parent),
  )
  if ([...configuration.occurrences.keys()].some(name => /^authnprovideralias|^authbasicfake/.test(name)))
    return
  for (const line of lines) {
    const section = line.parent
    if (section === null || !/^(?:Directory|Location)$/.test(section.name)) continue
    const path = section.args[0]?.value ?? ''
    const type = section.children.find(({ name }) => name === 'AuthType')
    if (type?.args[0]?.value.toLowerCase() !== 'basic' || !isSettled(path)) continue
    if (outer.some(each => each === null || mayHold(each, section))) continue
    const provider = line.name === 'AuthLDAPURL' ? 'ldap' : 'dbd'
    yield {
      at: namePlace(line),
      message: `no \`AuthBasicProvider ${provider}\` has it asked: the password is looked for in a file, and no \`AuthUserFile\` names one, so every password is answered with 500`,
    }
  }
}

/** True for a section that may be in force where another one is. */
function mayHold(outer: ApacheDirective, section: ApacheDirective): boolean {
  if (outer === section || outer.name !== section.name) return true
  const [one, other] = [outer, section].map(({ args }) => (args[0]?.value ?? '').replace(/\/+$/, ''))
  return /[*?[~^$]/.test(one ?? '') || `${other}/`.startsWith(`${one}/`)
}

function isProvider(name: string): boolean {
  return /^(?:auth(?:user|dbm|dbd|ldap|basic(?:provider|fake)|digestprovider|form)|authncache|authnprovideralias|authexternal|perl|pam|shib|oidc|cas|gssapi|krb|mellon|sslusername|define(?:external)?auth)/.test(
    name,
  )
}
