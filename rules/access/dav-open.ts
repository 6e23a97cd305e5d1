import { posix } from 'node:path'
import { serverIndex } from '../../src/deployment/build/servers.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { type AskedHost, askHost } from '../../src/deployment/requests/ask-host.ts'
import { hostsHolding } from '../../src/deployment/requests/hosts-holding.ts'
import { MISSING, requestsToServer } from '../../src/deployment/requests/made-up-requests.ts'
import { pathsInto } from '../../src/deployment/requests/paths-into.ts'
import { probe } from '../../src/deployment/requests/probe.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import { isReplaced } from '../../src/servers/apache/queries/directives-in.ts'
import type { ApacheConfiguration, ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { directivesOfHost } from '../../src/servers/apache/queries/virtual-hosts.ts'
import { effective } from '../../src/servers/nginx/queries/effective.ts'
import { enclosingServer } from '../../src/servers/nginx/queries/servers.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { apacheMain, nginxMain, nginxServer } from '../_examples.ts'

const MODULES = [
  'dav',
  'dav_fs',
  'alias',
  'authn_core',
  'authn_file',
  'auth_basic',
  'authz_user',
  'authz_host',
  'mime',
]
const MODES = { 'srv/share': 0o777, 'srv/locks': 0o777 }
const PASSWORD = conf`
  AuthType Basic
  AuthName Share
  AuthUserFile /etc/apache2/share
`
const main = (lines: string): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      Listen 80
      ServerName example.org
      TypesConfig /etc/mime.types
      DocumentRoot /srv/www
      Alias /share /srv/share
      DavLockDB /srv/locks/DAVLock
      ${lines}
    `,
    MODULES,
  ),
  'etc/mime.types': 'text/plain txt',
  'etc/apache2/share': 'ann:$apr1$exampleA$xfaYOKTMKIbagoBtezE9D0',
  'srv/www/': '',
  'srv/locks/': '',
  'srv/share/notes.txt': 'notes',
})
const share = (lines: string): Record<string, string> =>
  main(conf`
    <Directory /srv/share>
        ${lines}
    </Directory>
  `)
const nginx = (lines: string): string =>
  nginxMain(
    nginxServer(conf`
      root /srv/share;
      location /files/ {
          ${lines}
      }
    `),
  )

export default defineRule({
  summary: 'Whoever asks may write, move and delete the files of a directory',
  severity: 'error',
  confidence: 'high',
  securitySeverity: 9.1,
  cwe: [306, 434],
  since: '0.1.0',
  why: '`Dav On`, and `dav_methods` of nginx, let PUT, DELETE and MOVE change what lies in the directory. With nothing that asks for a password, every client may fill the disk, replace the pages or, where PHP runs, put a script there and start it.',
  remedy:
    'Ask for a password (`Require valid-user`), or close the methods that write by `<LimitExcept GET HEAD OPTIONS PROPFIND>`',
  references: ['https://httpd.apache.org/docs/2.4/mod/mod_dav.html#security'],
  bad: [
    {
      title: 'granted to all',
      modes: MODES,
      files: share(conf`
        Dav «On»
        Require all granted
      `),
    },
    {
      title: 'a path of the site',
      files: main(conf`
        <Directory /srv/www>
            Require all granted
        </Directory>
        <Location /files>
            Dav «On»
        </Location>
      `),
    },
    {
      title: 'a password for reading, and none for writing',
      modes: MODES,
      files: share(conf`
        Dav «On»
        ${PASSWORD}
        Require all granted
        <Limit GET PROPFIND>
            Require valid-user
        </Limit>
      `),
    },
    {
      title: 'nginx, for whoever asks',
      modes: { 'srv/share': 0o777, 'srv/share/files': 0o777 },
      files: {
        'etc/nginx/nginx.conf': nginx('dav_methods «PUT» DELETE;'),
        'srv/share/files/notes.txt': 'notes',
      },
    },
  ],
  good: [
    {
      title: 'a certificate of the client',
      files: {
        'site.conf': conf`
          <VirtualHost *:443>
              ServerName example.org
              DocumentRoot /srv/www
              SSLEngine on
              SSLCertificateFile /etc/ssl/a.pem
              SSLCertificateKeyFile /etc/ssl/a.key
              SSLCACertificateFile /etc/ssl/a.pem
              SSLVerifyClient require
              <Location />
                  Dav On
                  Require all granted
              </Location>
          </VirtualHost>
        `,
      },
    },
    {
      title: 'a password',
      files: share(conf`
        Dav On
        ${PASSWORD}
        Require valid-user
      `),
    },
    {
      title: 'a password for what writes',
      files: share(conf`
        Dav On
        ${PASSWORD}
        <LimitExcept GET HEAD OPTIONS PROPFIND>
            Require valid-user
        </LimitExcept>
        <Limit GET HEAD OPTIONS PROPFIND>
            Require all granted
        </Limit>
      `),
    },
    {
      title: 'addresses, and a section that is turned off',
      files: share(conf`
        Dav On
        Require ip 10.0.0.0/8
        <Files *.txt>
            Dav Off
            Require all granted
        </Files>
      `),
    },
    {
      title: 'nginx, with a password for what writes',
      modes: { 'srv/share': 0o777, 'srv/share/files': 0o777 },
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          dav_methods PUT DELETE;
          limit_except GET {
              auth_basic "Share";
              auth_basic_user_file /etc/nginx/share;
          }
        `),
        'etc/nginx/share': 'ann:$apr1$exampleA$xfaYOKTMKIbagoBtezE9D0',
        'srv/share/files/notes.txt': 'notes',
      },
    },
    {
      title: 'nginx, with addresses, and without the module',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          dav_methods PUT DELETE;
          allow 10.0.0.0/8;
          deny all;
          location /files/read/ {
              dav_methods off;
              allow all;
          }
        `),
      },
    },
  ],
  *check(deployment) {
    yield* openInNginx(deployment)
    for (const asked of hostsHolding(deployment, ['dav'])) {
      const { configuration, host } = asked
      for (const line of configuration.occurrences.get('dav') ?? []) {
        if (!/^(?:on|filesystem)$/i.test(line.args[0]?.value ?? '') || line.parent === null) continue
        if (isReplaced(configuration, line)) continue
        const inHost = hostAround(line)
        if (inHost !== null && inHost !== host?.directive) continue
        // A certificate of the client is as good as a password.
        if (asksForCertificate(configuration, host?.directive ?? null)) continue
        const path = urlOf(asked, line.parent)
        if (path === null || !mayWrite(deployment, asked, posix.join(path, MISSING))) continue
        yield {
          at: argumentPlace(line, 0),
          message: `an anonymous client may write below \`${path}\` by PUT and delete what is there`,
        }
      }
    }
  },
})

/** `dav_methods` of nginx where a client of the network is asked for nothing. */
function* openInNginx(deployment: Deployment): Generator<RuleFinding> {
  const { nginx, servers } = deployment
  for (const configuration of nginx) {
    for (const line of configuration.occurrences.get('dav_methods') ?? []) {
      const methods = line.args.map(({ value }) => value.toUpperCase())
      const home = enclosingServer(line)
      const server = home === null ? undefined : serverIndex(servers).get(home)
      if (line.parent === null || server === undefined || methods.includes('OFF')) continue
      // A certificate of the client is as good as a password.
      const verify = effective(configuration, server.directive, 'ssl_verify_client')
      if (!verify.known || verify.value.directives.length > 0) continue
      const path = pathsInto(line.parent).find(each => each.includes(MISSING))
      const [method] = methods
      const [request] = path === undefined ? [] : requestsToServer(deployment, server, path)
      if (path === undefined || request === undefined || method === undefined) continue
      const { end, steps } = probe(deployment, { ...request, method })
      // Of a method that it takes from anybody the model says what files do without the module.
      if (end.kind !== 'status' || end.status !== 405 || end.by !== 'nginx') continue
      if (steps.some(({ known }) => !known)) continue
      yield {
        at: argumentPlace(line, 0),
        message: `an anonymous client may use \`${methods.join('`, `')}\` below \`${path.replace(MISSING, '')}\``,
        label: 'asked for nothing',
        help: 'Ask for a password (`auth_basic`), or leave writing to some addresses: `limit_except GET { allow 10.0.0.0/8; deny all; }`',
      }
    }
  }
}

function asksForCertificate(configuration: ApacheConfiguration, host: ApacheDirective | null): boolean {
  return [host, null].some(home =>
    directivesOfHost(configuration, home, 'sslverifyclient').some(({ args }) =>
      /^require$/i.test(args[0]?.value ?? ''),
    ),
  )
}

function hostAround({ parent }: ApacheDirective): ApacheDirective | null {
  let at = parent
  while (at !== null && at.name.toLowerCase() !== 'virtualhost') at = at.parent
  return at
}

function mayWrite(deployment: Deployment, asked: AskedHost, target: string): boolean {
  const { end, steps } = askHost(deployment, asked, target, { method: 'PUT' })
  if (steps.some(({ kind, text }) => kind === 'doubt' && !text.endsWith('taken as missing'))) return false
  const isGranted = steps.some(({ kind }) => kind === 'access')
  return isGranted && (end.kind === 'file' || (end.kind === 'response' && [404, 405].includes(end.status)))
}

/** A path of the site that a section holds for; null where its name is a pattern, or nothing leads there. */
function urlOf({ configuration, host }: AskedHost, { name, args }: ApacheDirective): string | null {
  const [word] = args
  const value = word?.value ?? ''
  if (!value.startsWith('/') || /[*?[]/.test(value) || args.length !== 1) return null
  if (name.toLowerCase() === 'location') return value
  if (name.toLowerCase() !== 'directory') return null
  const holds = ({ parent }: ApacheDirective): boolean => parent === null || parent === host?.directive
  const directory = withSlash(value)
  for (const alias of configuration.occurrences.get('alias') ?? []) {
    const [url, target] = alias.args
    if (url === undefined || target === undefined || !holds(alias)) continue
    if (directory.startsWith(withSlash(target.value)))
      return posix.join(url.value, directory.slice(withSlash(target.value).length))
  }
  const root = (configuration.occurrences.get('documentroot') ?? []).filter(holds).at(-1)?.args[0]?.value
  return root !== undefined && directory.startsWith(withSlash(root))
    ? `/${directory.slice(withSlash(root).length)}`
    : null
}

function withSlash(path: string): string {
  return path.endsWith('/') ? path : `${path}/`
}
