import { placeText } from '../../parsers/text/source.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { everywhere } from '../../src/servers/apache/queries/htaccess.ts'
import { argumentPlace, isSettled } from '../../src/servers/apache/queries/places.ts'
import { apacheMain } from '../_examples.ts'

const MODULES = ['access_compat', 'authn_core', 'authn_file', 'auth_basic', 'authz_user', 'authz_host', 'dir']

const main = (lines: string): string =>
  apacheMain(
    conf`
      Listen 80
      ServerName example.org
      DocumentRoot /srv/www
      <Location />
          ${lines}
      </Location>
    `,
    MODULES,
  )
const members = (names: string) => ({
  'etc/apache2/apache2.conf': main(conf`
    AuthType Basic
    AuthName "Members"
    AuthUserFile /etc/apache2/members
    Require user ${names}
  `),
  'etc/apache2/members': conf`
    ann:$apr1$exampleA$xfaYOKTMKIbagoBtezE9D0
    bob:$apr1$exampleA$xfaYOKTMKIbagoBtezE9D0
  `,
  'srv/www/index.html': 'members',
})

export default defineRule({
  summary: 'A comma behind a name is a part of the name',
  severity: 'error',
  confidence: 'high',
  ofLoneHtaccess: true,
  since: '0.1.0',
  why: 'Apache parts names by white space alone, so that `Require user ann, bob` asks for a user whose name is `ann,`: ann is let in nowhere. With `Deny from` the client that was meant is kept out of nothing.',
  remedy: 'Part the names by spaces',
  references: ['https://httpd.apache.org/docs/2.4/mod/mod_authz_user.html#reqdirectives'],
  bad: [
    { title: 'users', files: members('«ann,» bob') },
    { title: 'users without a space', files: members('«ann,bob»') },
    {
      title: 'addresses to keep out',
      files: {
        'etc/apache2/apache2.conf': main(conf`
          Order allow,deny
          Allow from all
          Deny from «127.0.0.2,» 192.0.2.7
        `),
        'srv/www/index.html': 'page',
      },
    },
    {
      title: 'pages to begin with',
      files: {
        'etc/apache2/apache2.conf': main('Require all granted\nDirectoryIndex «start.html,» index.php'),
        'srv/www/start.html': 'page',
      },
    },
    {
      title: 'extensions',
      files: { 'site.conf': 'AddType application/x-tar «.tar,» .tgz\nServerName example.org\n' },
    },
    {
      title: 'hosts',
      files: { 'etc/apache2/apache2.conf': main('Require host «example.org,» example.com') },
    },
  ],
  good: [
    { title: 'spaces between them', files: members('ann bob') },
    {
      title: 'spaces between addresses',
      files: {
        'etc/apache2/apache2.conf': main(conf`
          Order allow,deny
          Allow from all
          Deny from 127.0.0.2 192.0.2.7
        `),
        'srv/www/index.html': 'page',
      },
    },
    {
      title: 'names of a directory service, which have commas',
      files: { 'site.conf': 'Require ldap-group cn=staff, ou=groups, o=example\n' },
    },
    {
      title: 'an expression',
      files: { 'etc/apache2/apache2.conf': main(`Require expr "%{REQUEST_URI} in { '/a', '/b' }"`) },
    },
  ],
  *check({ apache, filesOf }) {
    for (const configuration of apache) {
      for (const name of NAMED) {
        for (const directive of everywhere(configuration, filesOf(configuration), name)) {
          for (const index of namesOf(directive)) {
            const value = directive.args[index]?.value ?? ''
            if (!/^[^,\s]+,/.test(value) || !isSettled(value)) continue
            const at = argumentPlace(directive, index)
            const apart = value.replace(/,$/, '').split(',').join(' ')
            yield {
              at,
              message: `the comma is a part of the name \`${value}\`, which ${nobody(directive)}`,
              ...propose(`Write \`${apart}\``, 'unsafe', [
                placeText(at) === value ? replacePlace(at, apart) : null,
              ]),
            }
          }
        }
      }
    }
  },
})

const NAMED = [
  'require',
  'allow',
  'deny',
  'directoryindex',
  'addtype',
  'addhandler',
  'addcharset',
  'addencoding',
  'addlanguage',
  'addoutputfilterbytype',
]

/** The kinds of `Require` whose arguments are names, parted by white space. */
const KINDS = /^(?:user|group|host|forward-dns|env|ldap-user)$/i

/** Which arguments are names. */
function namesOf({ name, args }: ApacheDirective): readonly number[] {
  const first = args[0]?.value ?? ''
  const negated = first.toLowerCase() === 'not' ? 1 : 0
  if (name.toLowerCase() === 'directoryindex') return [...args.keys()]
  const isNamed = name.toLowerCase() === 'require' ? KINDS.test(args[negated]?.value ?? '') : first !== ''
  return isNamed ? args.map((_, index) => index).filter(index => index > negated) : []
}

function nobody({ name, args }: ApacheDirective): string {
  if (/^(?:add|directoryindex)/i.test(name)) return 'no file has'
  if (name.toLowerCase() !== 'require') return 'no client has'
  return /user$/i.test(args[0]?.value ?? '') ? 'no user has' : 'nothing has'
}
