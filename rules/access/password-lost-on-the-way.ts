import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { certainHosts } from '../../src/deployment/hosts-of-connection.ts'
import type { Deployment, NginxConnection } from '../../src/deployment/model.ts'
import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { requestsToServer } from '../../src/deployment/requests/made-up-requests.ts'
import { probe } from '../../src/deployment/requests/probe.ts'
import type { ApacheConfiguration, ApacheDirective } from '../../src/servers/apache/configuration.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import type { ReceivedHeaders } from '../../src/servers/received-headers.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { effectiveAtHand } from '../../src/servers/nginx/queries/effective.ts'
import { apacheMain, nginxMain, nginxServer } from '../_examples.ts'
import { authenticatedPath, authenticationLines } from '../_authentication.ts'

const nginx = (lines: string): string =>
  nginxMain(
    nginxServer(conf`
      location / {
          proxy_pass http://127.0.0.1:8080;
          proxy_set_header Host $host;
          ${lines}
      }
    `),
  )
const apache = apacheMain(
  conf`
    Listen 127.0.0.1:8080
    <VirtualHost 127.0.0.1:8080>
        ServerName example.org
        DocumentRoot /srv/www
        <Directory /srv/www>
            Require all granted
        </Directory>
        <Location /stats>
            AuthType Basic
            AuthName statistics
            AuthUserFile /etc/apache2/users
            Require valid-user
        </Location>
    </VirtualHost>
  `,
  ['authn_core', 'authn_file', 'authz_user', 'auth_basic', 'dir'],
)
const tree = (lines: string, users = 'staff'): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginx(lines),
  'etc/nginx/users': `${users}:${PASSWORD}\n`,
  'etc/apache2/apache2.conf': apache,
  'etc/apache2/users': `anna:${PASSWORD}\n`,
  'srv/www/stats/page.txt': 'page',
})
/** The word `secret`. */
const PASSWORD = '{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ='
const GATE = conf`
  auth_basic «staff»;
  auth_basic_user_file /etc/nginx/users;
`

export default defineRule({
  summary: 'A password that Apache asks for cannot be given through nginx',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'A browser sends one `Authorization` for a site, and Apache sees of it what nginx passes on. Where nginx empties or replaces the header, Apache asks again for ever, whatever is typed. Where nginx asks for a password of its own, the same header has to be right for both: with different users in the two files, whoever satisfies one is refused by the other.',
  remedy: 'Leave `Authorization` as the client sent it, and ask for a password in one of the servers',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_set_header',
    'https://httpd.apache.org/docs/2.4/howto/auth.html',
  ],
  bad: [
    { title: 'the header is emptied', files: tree('«proxy_set_header» Authorization "";') },
    { title: 'two passwords, and no user who has both', files: tree(GATE) },
  ],
  good: [
    { title: 'the header of the client', files: tree('proxy_set_header X-Real-IP $remote_addr;') },
    { title: 'two passwords of the same user', files: tree(GATE, 'anna') },
    {
      title: 'nginx asks, and tells Apache a password of its own',
      files: tree(conf`
        ${GATE}
        proxy_set_header Authorization "Basic YW5uYTpzZWNyZXQ=";
      `),
    },
  ],
  *check(deployment) {
    for (const connection of deployment.connections.http) {
      const sent = connection.headers.written.findLast(({ name }) => name === 'authorization')
      const gate = sent === undefined ? gateOf(connection) : null
      if (sent?.state !== 'cleared' && gate === null) continue
      for (const host of certainHosts(deployment, connection)) {
        const asked = { configuration: host.configuration, host: host.virtualHost }
        for (const line of authenticationLines(deployment, asked)) {
          const type = line.directive
          const path = authenticatedPath(asked, line)
          if (path === null || type.args[0]?.value.toLowerCase() !== 'basic') continue
          if (sent !== undefined) {
            if (!isRefused(deployment, connection, path)) continue
            yield {
              at: namePlace(sent.directive),
              message: `nginx sends Apache no \`Authorization\`, so Apache answers \`${path}\` with 401, whatever password is given`,
              related: [{ at: argumentPlace(type, 0), message: 'Apache asks for a password' }],
            }
          } else if (
            gate !== null &&
            haveNoUserInCommon(
              deployment,
              [connection.server.configuration, gate.file],
              [host.configuration, type],
            )
          ) {
            if (!isPassedOn(deployment, connection, path)) continue
            yield {
              at: argumentPlace(gate.realm, 0),
              message: `Apache asks for a password at \`${path}\` too, of which it gets the same header, and its file has no user of this one`,
              related: [{ at: argumentPlace(type, 0), message: 'Apache asks for a password' }],
            }
          }
        }
      }
    }
  },
})

/** A client that gives some password. */
const WITH_PASSWORD: ReceivedHeaders = {
  values: new Map([['authorization', 'Basic YW5uYTpzZWNyZXQ=']]),
  complete: true,
}

function answersTo(deployment: Deployment, { server }: NginxConnection, path: string) {
  return requestsToServer(deployment, server, path)
    .slice(0, 1)
    .map(request => probe(deployment, { ...request, headers: WITH_PASSWORD }))
}

function isRefused(deployment: Deployment, connection: NginxConnection, path: string): boolean {
  return answersTo(deployment, connection, path).some(
    ({ end }) => end.kind === 'status' && end.by === 'apache' && end.status === 401,
  )
}

/** True where the request goes through this connection. */
function isPassedOn(deployment: Deployment, connection: NginxConnection, path: string): boolean {
  return answersTo(deployment, connection, path).some(({ steps }) =>
    steps.some(({ directive }) => directive === connection.pass),
  )
}

interface Gate {
  readonly realm: NginxDirective
  /** The file of users. */
  readonly file: string
}

/** The password that nginx asks for; null where it asks for none, or nobody can tell. */
function gateOf({ server, block }: NginxConnection): Gate | null {
  if (!server.configuration.occurrences.has('auth_basic')) return null
  const [realms, files] = ['auth_basic', 'auth_basic_user_file'].map(name => {
    const lines = effectiveAtHand(server.configuration, block, name)
    return lines.known ? lines.value.directives.at(-1) : undefined
  })
  const file = files?.args[0]?.value ?? ''
  if (realms === undefined || realms.args[0]?.value === 'off' || !file.startsWith('/')) return null
  return { realm: realms, file }
}

function haveNoUserInCommon(
  { filesOf }: Deployment,
  [nginx, file]: readonly [NginxConfiguration, string],
  [apache, { parent }]: readonly [ApacheConfiguration, ApacheDirective],
): boolean {
  const line = (parent?.children ?? []).findLast(({ name }) => name === 'AuthUserFile')
  const theirs = line?.args[0]?.value ?? ''
  if (!theirs.startsWith('/')) return false
  const [outer, inner] = [usersIn(filesOf(nginx), file), usersIn(filesOf(apache), theirs)]
  return outer.size > 0 && inner.size > 0 && ![...inner].some(user => outer.has(user))
}

function usersIn(files: FileSystem, path: string): ReadonlySet<string> {
  const read = files.read(path)
  if (read.kind !== 'source') return new Set()
  return new Set(read.source.text.split('\n').flatMap(line => /^([^#:\s][^:]*):./.exec(line)?.[1] ?? []))
}
