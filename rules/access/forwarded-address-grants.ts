import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { isUnknownWord } from '../../parsers/text/source.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import type { ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { everywhere } from '../../src/servers/apache/queries/htaccess.ts'
import { argumentPlace, namePlace } from '../../src/servers/apache/queries/places.ts'
import { isAnchoredAtEnd } from '../../src/servers/pcre/pattern-facts.ts'
import { readPattern } from '../../src/servers/pcre/read-pattern.ts'
import { apacheMain, nginxMain, nginxServer } from '../_examples.ts'

const main = (lines: string, listen = '80'): string =>
  apacheMain(
    conf`
      Listen ${listen}
      <VirtualHost *:${listen.replace(/^.*:/, '')}>
          ServerName example.org
          DocumentRoot /srv/www
          ${lines}
      </VirtualHost>
    `,
    ['setenvif', 'authz_host', 'access_compat', 'dir'],
  )
const PAGE = { 'srv/www/index.html': 'page' }
const GRANTED = conf`
  SetEnvIf X-Forwarded-For "^10\.1\." from_office
  <Location />
      Require env from_office
  </Location>
`

export default defineRule({
  summary: 'Apache lets in whoever writes an address into a header',
  severity: 'warning',
  confidence: 'high',
  ofLoneHtaccess: true,
  securitySeverity: 7.5,
  cwe: [290, 348],
  since: '0.1.0',
  why: 'Clients send `X-Forwarded-For` as they like, and proxies append to it. An address that `SetEnvIf` looks for anywhere in the header, or at its beginning, is there as soon as a client writes it there itself.',
  remedy:
    'Name the proxies by `RemoteIPInternalProxy` with `RemoteIPHeader X-Forwarded-For`, and let `Require ip` decide',
  references: [
    'https://httpd.apache.org/docs/2.4/mod/mod_remoteip.html',
    'https://httpd.apache.org/docs/2.4/howto/access.html',
  ],
  bad: [
    {
      title: 'an address at the beginning of the header',
      files: {
        ...PAGE,
        'etc/apache2/apache2.conf': main(GRANTED.replace('X-Forwarded-For', '«X-Forwarded-For»')),
      },
    },
    {
      title: 'an address anywhere in the header, in the words of 2.2, in a .htaccess alone',
      files: {
        '.htaccess': conf`
          SetEnvIf «X-Forwarded-For» 203\.0\.113\.7 let_me_in
          Order deny,allow
          Deny from all
          Allow from env=let_me_in
        `,
      },
    },
  ],
  good: [
    {
      title: 'the address of the connection',
      files: {
        ...PAGE,
        'etc/apache2/apache2.conf': main(conf`
          SetEnvIf Remote_Addr "^10\.1\." from_office
          <Location />
              Require env from_office
          </Location>
        `),
      },
    },
    {
      title: 'what the last proxy appended, the whole header, and somebody who is kept out',
      files: {
        '.htaccess': conf`
          SetEnvIf X-Forwarded-For "(^|, )203\.0\.113\.7$" let_me_in
          SetEnvIf X-Real-IP "^203\.0\.113\." let_me_in
          SetEnvIf X-Forwarded-For "^192\.0\.2\." bad_robot
          Order deny,allow
          Deny from all
          Deny from env=bad_robot
          Allow from env=let_me_in
        `,
      },
    },
    {
      title: 'not let in, a password as well, and for the log alone',
      files: {
        '.htaccess': conf`
          SetEnvIf X-Forwarded-For "^192\.0\.2\." robot
          SetEnvIf X-Forwarded-For "^10\." inside
          SetEnvIf X-Forwarded-For "^10\." seen
          AuthType Basic
          AuthName staff
          AuthUserFile /srv/users
          <RequireAll>
              Require not env robot
              Require env inside
              Require valid-user
          </RequireAll>
        `,
      },
    },
    {
      title: 'a header that nginx writes anew',
      files: {
        ...PAGE,
        'etc/nginx/nginx.conf': nginxMain(
          nginxServer(conf`
            location / {
                proxy_pass http://127.0.0.1:9000;
                proxy_set_header Host $host;
                proxy_set_header X-Forwarded-For $remote_addr;
            }
          `),
        ),
        'etc/apache2/apache2.conf': main(GRANTED, '127.0.0.1:9000'),
      },
    },
  ],
  *check(deployment) {
    for (const configuration of deployment.apache) {
      const named = (name: string) => everywhere(configuration, deployment.filesOf(configuration), name)
      const sets = ['setenvif', 'setenvifnocase'].flatMap(named).filter(isOfAddress)
      if (sets.length === 0) continue
      const grants = grantsOf([...named('require'), ...named('allow')])
      for (const line of sets) {
        const variable = line.args
          .slice(2)
          .map(nameOf)
          .find(name => grants.has(name))
        const grant = variable === undefined ? undefined : grants.get(variable)
        if (grant === undefined || isWrittenAnew(deployment, line)) continue
        yield {
          at: argumentPlace(line, 0),
          message: `a client that sends \`${line.args[0]?.value}: ${sampleOf(line)}\` is let in`,
          label: 'written by the client',
          related: [{ at: namePlace(grant), message: 'lets in' }],
        }
      }
    }
  },
})

/** What proxies append to; `X-Real-IP` and its like the proxy in front writes anew as a rule. */
const FORWARDED = /^(?:x-forwarded-for|forwarded)$/i

/** True for a line that looks for an address in what proxies append to, elsewhere than at its end. */
function isOfAddress({ args }: ApacheDirective): boolean {
  const [header = '', pattern = ''] = args.map(({ value }) => value)
  if (!FORWARDED.test(header) || isUnknownWord(pattern) || !/\d{1,3}\\?\./.test(pattern)) return false
  const tree = readPattern(pattern)
  return tree !== null && tree.problem === null && !isAnchoredAtEnd(tree)
}

function nameOf({ value }: ApacheDirective['args'][number]): string {
  return value.replace(/=.*$/s, '')
}

/** The lines that let in whoever has a variable, by its name; not those beside which more is required. */
function grantsOf(lines: readonly ApacheDirective[]): ReadonlyMap<string, ApacheDirective> {
  const found = new Map<string, ApacheDirective>()
  for (const line of lines) {
    if (/^Require(?:All|None)$/i.test(line.parent?.name ?? '')) continue
    const words = line.args.map(({ value }) => value)
    if (/^require$/i.test(line.name)) {
      if (/^env$/i.test(words[0] ?? '')) for (const name of words.slice(1)) found.set(name, line)
    } else {
      for (const word of words) {
        const name = /^env=([^!].*)$/i.exec(word)?.[1]
        if (name !== undefined) found.set(name, line)
      }
    }
  }
  return found
}

/** True where nginx in front sends the address that it sees, and nothing of what the client wrote. */
function isWrittenAnew({ connections }: Deployment, { args }: ApacheDirective): boolean {
  const header = args[0]?.value.toLowerCase()
  return connections.http.some(({ headers }) =>
    headers.written.some(({ name, value }) => name === header && /^\$\{?remote_addr\}?$/.test(value)),
  )
}

/** The first address that an expression is written for. */
function sampleOf({ args }: ApacheDirective): string {
  const pattern = args[1]?.value.replaceAll('\\', '') ?? ''
  const digits = /\d{1,3}(?:\.\d{1,3})*/.exec(pattern)?.[0] ?? ''
  return [...digits.split('.'), '1', '1', '1'].slice(0, 4).join('.')
}
