import { groupBy } from '../../parsers/collections/group-by.ts'
import { conf } from '../../src/engine/conf.ts'
import { scopeOf } from '../../src/servers/apache/queries/directives-in.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { ApacheConfiguration, ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { everywhere } from '../../src/servers/apache/queries/htaccess.ts'
import { argumentPlace, namePlace } from '../../src/servers/apache/queries/places.ts'

const directory = (lines: string): string => conf`
  <VirtualHost *:80>
      ServerName example.org
      DocumentRoot /srv/www
      <Directory /srv/www>
          ${lines}
      </Directory>
  </VirtualHost>
`

export default defineRule({
  summary: '`Require all granted` beside a restriction that it outvotes',
  severity: 'warning',
  confidence: 'high',
  ofLoneHtaccess: true,
  securitySeverity: 6.5,
  cwe: [863],
  since: '0.1.0',
  why: 'Of several `Require` lines in a section one is enough. Beside `Require all granted` no list of addresses, no password and no `<RequireAll>` keeps anybody out.',
  remedy: 'Drop `Require all granted`, or put all lines into `<RequireAll>`',
  references: ['https://httpd.apache.org/docs/2.4/mod/mod_authz_core.html#requireany'],
  bad: [
    {
      title: 'a list of addresses that blocks nobody',
      files: {
        'site.conf': directory(conf`
          <RequireAll>
              Require all granted
              Require not ip 192.0.2.0/24
          </RequireAll>
          Require all «granted»
        `),
      },
    },
    {
      title: 'a password that nobody needs',
      files: {
        'site.conf': directory(conf`
          AuthType Basic
          AuthName Members
          AuthUserFile /etc/apache2/users
          Require valid-user
          Require all «granted»
        `),
      },
    },
  ],
  good: [
    {
      title: 'all of them count',
      files: {
        'site.conf': directory(conf`
          <RequireAll>
              Require all granted
              Require not ip 192.0.2.0/24
          </RequireAll>
        `),
      },
    },
    {
      title: 'a password alone',
      files: {
        'site.conf': directory(conf`
          AuthType Basic
          AuthName Members
          AuthUserFile /etc/apache2/users
          Require valid-user
        `),
      },
    },
    {
      title: 'the handler of a login, which has to be open',
      files: {
        'site.conf': conf`
          <VirtualHost *:443>
              ServerName example.org
              <Location /Shibboleth.sso>
                  AuthType None
                  Require all granted
                  Require shib-session
              </Location>
          </VirtualHost>
        `,
      },
    },
    {
      title: 'a switch on the command line opens it',
      files: {
        'site.conf': directory(conf`
          Require local
          <IfDefine PUBLIC>
              Require all granted
          </IfDefine>
        `),
      },
    },
    {
      title: 'alone, twice, and in sections of their own',
      files: {
        'site.conf': directory(conf`
          Require all granted
          Require all granted
          <Files secret.txt>
              Require valid-user
          </Files>
          <Limit POST>
              Require valid-user
          </Limit>
        `),
      },
    },
  ],
  *check({ apache, filesOf }) {
    for (const configuration of apache) {
      const files = filesOf(configuration)
      const lines = ['require', ...SECTIONS].flatMap(name => everywhere(configuration, files, name))
      // The top of each file is a scope of its own.
      const scopes = groupBy(lines, scopeOf)
      for (const [, own] of scopes) {
        if (own.length < 2 || own.some(({ parent }) => /^Require(?:All|None)$/.test(parent?.name ?? '')))
          continue
        const granted = own.find(isGranted)
        if (granted === undefined || isOfLogin(granted)) continue
        const other = own.find(line => !isGranted(line) && restricts(line))
        if (other === undefined || isSwitch(configuration, granted, other)) continue
        yield {
          at: argumentPlace(granted, 1),
          message: `one line is enough, so \`Require all granted\` makes \`${shown(other)}\` useless`,
          related: [{ at: namePlace(other), message: 'keeps nobody out' }],
          // A `Require not` by itself is refused.
          ...(own.every(line => isGranted(line) || isNegated(line)) && {
            help: 'Put all lines into `<RequireAll>`',
          }),
        }
      }
    }
  },
})

function isNegated({ name, args }: ApacheDirective): boolean {
  return name.toLowerCase() === 'require' && args[0]?.value.toLowerCase() === 'not'
}

/** True for the URL by which a client gets its session, which has to be open before there is one. */
function isOfLogin({ parent }: ApacheDirective): boolean {
  return /^Location(?:Match)?$/.test(parent?.name ?? '') && LOGIN.test(parent?.args[0]?.value ?? '')
}

const LOGIN = /\/(?:shibboleth(?:\\?\.sso)?|mellon|saml2?|oidc|oauth2?|login)(?![\w-])/i

/** True where a condition of its own, such as `-D`, opens the place that is closed without it. */
function isSwitch({ world }: ApacheConfiguration, granted: ApacheDirective, other: ApacheDirective): boolean {
  const namesOf = (line: ApacheDirective): string =>
    world
      .presences(namePlace(line))
      .map(presence =>
        presence.map(({ condition, answer, negated }) => `${condition} ${answer} ${negated}`).join(),
      )
      .join()
  return namesOf(granted) !== namesOf(other)
}

const SECTIONS = ['requireall', 'requireany', 'requirenone']

function isGranted({ name, args }: ApacheDirective): boolean {
  return (
    name === 'Require' && args[0]?.value.toLowerCase() === 'all' && args[1]?.value.toLowerCase() === 'granted'
  )
}

/** False for a section without a line in it, and for what grants to all as well. */
function restricts(line: ApacheDirective): boolean {
  return !line.section || line.children.some(child => !isGranted(child))
}

function shown({ name, section, args }: ApacheDirective): string {
  return section ? `<${name}>` : `${name} ${args.map(({ value }) => value).join(' ')}`
}
