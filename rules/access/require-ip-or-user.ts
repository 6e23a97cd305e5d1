import { groupBy } from '../../parsers/collections/group-by.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { scopeOf } from '../../src/servers/apache/queries/directives-in.ts'
import { everywhere } from '../../src/servers/apache/queries/htaccess.ts'
import { argumentPlace, namePlace } from '../../src/servers/apache/queries/places.ts'
import { apacheMain } from '../_examples.ts'

const main = (lines: string): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      Listen 80
      ServerName example.org
      DocumentRoot /srv/www
      <Location /admin>
          AuthType Basic
          AuthName Office
          AuthUserFile /etc/apache2/users
          ${lines}
      </Location>
    `,
    ['authn_core', 'authn_file', 'auth_basic', 'authz_user', 'authz_host'],
  ),
  'etc/apache2/users': 'ann:$apr1$x$Q0zTrWvNEZLzBFvzzDnBl/\n',
})

export default defineRule({
  summary: 'An address or a user is enough, where both may be meant',
  severity: 'info',
  confidence: 'medium',
  since: '0.1.0',
  why: 'Lines of `Require` beside each other are alternatives, as in `<RequireAny>`: who comes from the address is asked for no password, and from anywhere else a password is enough. `Satisfy All` does not change that.',
  remedy: 'Write both lines into `<RequireAll>`, or into `<RequireAny>` where either is meant to be enough',
  references: ['https://httpd.apache.org/docs/2.4/mod/mod_authz_core.html#requireany'],
  bad: [
    {
      title: 'a network and a user',
      files: main(conf`
        Require ip 10.0.0.0/8
        Require «valid-user»
      `),
    },
    {
      title: 'users by name',
      files: main(conf`
        Require «user» ann
        Require host example.org
      `),
    },
  ],
  good: [
    {
      title: 'both',
      files: main(conf`
        <RequireAll>
            Require ip 10.0.0.0/8
            Require valid-user
        </RequireAll>
      `),
    },
    {
      title: 'either, by name',
      files: main(conf`
        <RequireAny>
            Require ip 10.0.0.0/8
            Require valid-user
        </RequireAny>
      `),
    },
    {
      title: 'either, as httpd 2.2 said it',
      files: main(conf`
        Satisfy Any
        Require ip 10.0.0.0/8
        Require valid-user
      `),
    },
    {
      title: 'the machine itself',
      files: main(conf`
        Require local
        Require ip 127.0.0.1 ::1
        Require valid-user
      `),
    },
  ],
  *check({ apache, filesOf }) {
    for (const configuration of apache) {
      const lines = everywhere(configuration, filesOf(configuration), 'require')
      for (const [scope, own] of groupBy(lines, scopeOf)) {
        const isSection = 'children' in scope
        if (own.length < 2 || (isSection && /^Require(?:All|Any|None)$/.test(scope.name))) continue
        if (isSection && scope.children.some(({ name }) => /^satisfy$/i.test(name))) continue
        const user = own.find(line => USERS.test(kindOf(line)))
        const address = own.find(isOfAddress)
        if (user === undefined || address === undefined) continue
        // Alternatives of the same kinds with `all` say something else.
        if (own.some(line => kindOf(line) === 'all')) continue
        yield {
          at: argumentPlace(user, 0),
          message: `one of the lines is enough: \`${shown(address)}\` asks for no password, and from anywhere else \`${shown(user)}\` alone lets in`,
          related: [{ at: namePlace(address), message: 'enough by itself' }],
        }
      }
    }
  },
})

const USERS = /^(?:valid-user|user|group|ldap-(?:user|group|attribute|filter)|dbm-group|dbd-group)$/

function kindOf({ args }: ApacheDirective): string {
  return args[0]?.value.toLowerCase() ?? ''
}

/** False for the machine itself, whose programs nobody means to ask for a password. */
function isOfAddress(line: ApacheDirective): boolean {
  if (!/^(?:ip|host|forward-dns)$/.test(kindOf(line))) return false
  return line.args.slice(1).some(({ value }) => !/^(?:127\.|::1$|localhost$)/.test(value))
}

function shown({ args }: ApacheDirective): string {
  return `Require ${args.map(({ value }) => value).join(' ')}`
}
