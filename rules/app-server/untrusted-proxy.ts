import { type FrontHeader, type FrontLine, frontLine } from '../../src/deployment/front-lines.ts'
import type { AppServerProgram, Connection, Deployment, Target } from '../../src/deployment/model.ts'
import { programName } from '../../src/deployment/destination-words.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import { isTrustedElsewhere, trustsOtherContainer } from '../../src/deployment/proxy-trust.ts'
import { tlsInFront } from '../forwarded-headers/_tls-in-front.ts'
import { shareNetwork } from '../../src/deployment/build/published-ports.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { isLoopback } from '../../src/servers/address.ts'
import { apacheFront } from '../_examples.ts'
import type { Fact } from '../../src/servers/fact.ts'

const TLS = conf`
  listen 443 ssl;
  ssl_certificate /srv/tls/a.pem;
  ssl_certificate_key /srv/tls/a.key;
`
const site = (pass: string, listen = TLS): string => conf`
  server {
      ${listen}
      server_name example.org;
      location / {
          proxy_pass http://${pass};
          proxy_set_header Host $host;
          proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
          proxy_set_header X-Forwarded-Proto $scheme;
      }
  }
`
const unit = (options: string, command = 'uvicorn'): Record<string, string> => ({
  'site.conf': site('unix:/run/shop.sock'),
  'etc/systemd/system/shop.service': conf`
    [Service]
    ExecStart=/opt/shop/bin/${command} ${options} app:app
  `,
})
const onPort = (options: string): Record<string, string> => ({
  ...unit(options),
  'site.conf': site('127.0.0.1:8000'),
})
const compose = (command: string): Record<string, string> => ({
  'nginx/site.conf': site('web:8000'),
  'docker-compose.yml': conf`
    services:
      web:
        build: ./web
        command: ${command}
      nginx:
        image: nginx:1.27
        volumes:
          - ./nginx/site.conf:/etc/nginx/conf.d/default.conf:ro
  `,
})

/** Apache in front of a unit, with TLS; on port 80 without. */
const apache = (options: string, lines: string, listen = '443'): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheFront([lines, 'ProxyPass / "unix:/run/shop.sock|http://localhost/"'])
    .replaceAll('443', listen)
    .replace('SSLEngine on', `SSLEngine ${listen === '443' ? 'on' : 'off'}`),
  'etc/systemd/system/shop.service': conf`
    [Service]
    ExecStart=/opt/shop/bin/uvicorn ${options} app:app
  `,
})
const APACHE_SAYS_HTTPS = 'RequestHeader set X-Forwarded-Proto https'

/** Apache of a machine in front of a container. */
const published = (options: string): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheFront([APACHE_SAYS_HTTPS, 'ProxyPass / http://127.0.0.1:8000/']),
  'srv/shop/docker-compose.yml': conf`
    services:
      shop:
        image: registry.example.org/shop
        command: uvicorn app:app --host 0.0.0.0 --port ${options === '' ? '«8000»' : `8000${options}`}
        ports: ["127.0.0.1:8000:8000"]
  `,
})

const labelled = (command: string): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      web:
        build: ./web
        command: ${command}
        labels:
          traefik.enable: "true"
          traefik.http.routers.shop.rule: Host(\`example.org\`)
          traefik.http.routers.shop.tls: "true"
  `,
})

export default defineRule({
  summary: 'An application server does not trust the headers of the proxy in front of it',
  severity: 'warning',
  otherSeverities: {
    info: 'where only the address of the client is lost: nginx or Apache sends no scheme, or that of plain HTTP, which uvicorn supposes anyway, or Django reads the scheme from the header itself',
  },
  confidence: 'high',
  since: '0.1.0',
  why: 'uvicorn takes scheme and client from `X-Forwarded-Proto` and `X-Forwarded-For` only where the connection comes from an address of `--forwarded-allow-ips`, which is 127.0.0.1 by itself. A Unix socket has no address, and another container has another one: redirects and links lead to http://, and logs and limits see the proxy in place of every client.',
  remedy:
    'Start it with `--forwarded-allow-ips` and the addresses of the proxy; `*` where nothing else reaches it',
  references: [
    'https://www.uvicorn.org/deployment/#running-behind-nginx',
    'https://www.uvicorn.org/settings/#http',
  ],
  bad: [
    { title: 'Traefik in front', files: labelled('uvicorn app:app --host 0.0.0.0 --port «8000»') },
    { title: 'a Unix socket', files: unit('--uds «/run/shop.sock»') },
    {
      title: 'an address that is not the one of nginx on the same machine',
      files: onPort('--port «8000» --forwarded-allow-ips 10.0.0.1'),
    },
    { title: 'another container', files: compose('uvicorn app:app --host 0.0.0.0 --port «8000»') },
    { title: 'a port that a container publishes to Apache on the host', files: published('') },
    {
      title: 'plain HTTP, where the address of the client alone is lost',
      files: {
        ...compose('uvicorn app:app --host 0.0.0.0 --port «8000»'),
        'nginx/site.conf': site('web:8000', 'listen 80;'),
      },
    },
    {
      title: 'workers of uvicorn in gunicorn',
      files: compose('gunicorn -k uvicorn.workers.UvicornWorker -b «0.0.0.0:8000» app:app'),
    },
    {
      title: 'a Unix socket behind Apache',
      files: apache('--uds «/run/shop.sock»', APACHE_SAYS_HTTPS),
    },
    {
      title: 'Apache, which sends the address by itself',
      files: apache('--uds «/run/shop.sock»', '', '80'),
    },
  ],
  good: [
    {
      title: 'a Unix socket behind Apache that is trusted',
      files: apache("--uds /run/shop.sock --forwarded-allow-ips='*'", APACHE_SAYS_HTTPS),
    },
    {
      title: 'Apache that sends neither',
      files: apache('--uds /run/shop.sock', 'ProxyAddHeaders Off', '80'),
    },
    {
      title: 'Traefik, whose headers are believed',
      files: labelled("uvicorn app:app --host 0.0.0.0 --port 8000 --forwarded-allow-ips='*'"),
    },
    {
      title: 'a published port, and the gateway is trusted',
      files: published(" --forwarded-allow-ips='*'"),
    },
    {
      title: 'loopback beside another address',
      files: onPort('--port 8000 --forwarded-allow-ips 10.0.0.1,127.0.0.1'),
    },
    { title: 'a network that may hold it', files: onPort('--port 8000 --forwarded-allow-ips 127.0.0.0/8') },
    { title: 'every address is trusted', files: unit("--uds /run/shop.sock --forwarded-allow-ips='*'") },
    {
      title: 'by a variable',
      files: {
        'nginx/site.conf': site('web:8000'),
        'docker-compose.yml': conf`
          services:
            web:
              build: ./web
              command: uvicorn app:app --host 0.0.0.0 --port 8000
              environment:
                FORWARDED_ALLOW_IPS: "*"
            nginx:
              image: nginx:1.27
              volumes:
                - ./nginx/site.conf:/etc/nginx/conf.d/default.conf:ro
        `,
      },
    },
    {
      title: 'loopback, which is trusted',
      files: {
        'site.conf': site('127.0.0.1:8000'),
        'etc/systemd/system/shop.service': conf`
          [Service]
          ExecStart=/opt/shop/bin/uvicorn app:app
        `,
      },
    },
    {
      title: 'the application trusts them itself',
      files: {
        ...compose('uvicorn app:app --host 0.0.0.0 --port 8000'),
        'docker-compose.yml': conf`
          services:
            web:
              build: ./web
              working_dir: /app
              command: uvicorn app:app --host 0.0.0.0 --port 8000
              volumes:
                - ./web:/app
            nginx:
              image: nginx:1.27
              volumes:
                - ./nginx/site.conf:/etc/nginx/conf.d/default.conf:ro
        `,
        'web/app.py': conf`
          from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware
          app = ProxyHeadersMiddleware(make(), trusted_hosts="*")
        `,
      },
    },
    {
      title: 'gunicorn, which trusts a Unix socket',
      files: unit('--bind unix:/run/shop.sock', 'gunicorn'),
    },
  ],
  *check(deployment) {
    if (!programsOfKind(deployment, 'app-server').some(isUvicorn)) return
    for (const connection of deployment.connections.all) {
      for (const target of connection.targets) {
        const { to } = target
        if (to.kind !== 'listener' || to.listener.program.kind !== 'app-server') continue
        const { program, at } = to.listener
        const line = frontLine(connection)
        const headers = isUvicorn(program) ? forwarded(line) : []
        if (headers.length === 0 || trusts(program, connection, target) !== false) continue
        if (readsHeadersItself(deployment, program)) continue
        const peer =
          target.address.kind === 'unix'
            ? 'a Unix socket'
            : program.machine === connection.from.machine
              ? '127.0.0.1'
              : target.published
                ? 'the gateway of the container’s network'
                : 'another container'
        yield {
          at,
          message: `${programName(program)} trusts forwarded headers from ${trustedText(program)} only, and ${line.server} connects from ${peer}: ${namesOf(headers)} ignored`,
          // Without another scheme, links and redirects are what they were.
          ...(!losesScheme(deployment, line, program) && { severity: 'info' as const }),
          label: 'no --forwarded-allow-ips for the proxy',
          related: headers.map(each => ({
            at: each.at,
            message:
              each.value === null
                ? `${line.server} sends \`${NAMES[each.name]}\` by itself`
                : `${line.server} sends it here`,
          })),
        }
      }
    }
    for (const program of programsOfKind(deployment, 'app-server')) {
      const front = isUvicorn(program) ? tlsInFront(deployment, program.machine) : null
      const [socket] = program.sockets
      if (front === null || socket === undefined || trustsOtherContainer(program) !== false) continue
      if (program.server.proxyHeaders !== null || readsHeadersItself(deployment, program)) continue
      yield {
        at: socket.at,
        ...(readsSchemeItself(deployment, program) && { severity: 'info' as const }),
        message: `${programName(program)} trusts forwarded headers from ${trustedText(program)} only, and ${front.proxy} connects from another container: \`X-Forwarded-For\` and \`X-Forwarded-Proto\` are ignored`,
        label: 'no --forwarded-allow-ips for the proxy',
        related: [{ at: front.at, message: `${front.proxy} terminates TLS` }],
      }
    }
  },
})

/** Whether the application would see another scheme if the header were trusted: without it uvicorn supposes http. */
function losesScheme(deployment: Deployment, line: FrontLine, program: AppServerProgram): boolean {
  const proto = forwardedHeader(line, 'x-forwarded-proto')
  if (proto?.value == null) return false
  if (proto.value === 'http' || (!line.tls && SCHEME_OF_CLIENT.test(proto.value))) return false
  return !readsSchemeItself(deployment, program)
}

/** What nginx and Apache replace by the scheme in which their client came. */
const SCHEME_OF_CLIENT = /^(?:\$(?:scheme|\{scheme\})|"?(?:expr=)?%\{REQUEST_SCHEME\}"?)$/

/** `SECURE_PROXY_SSL_HEADER`: Django takes the scheme from the header, whatever its server trusts. */
function readsSchemeItself(deployment: Deployment, program: AppServerProgram): boolean {
  return deployment.moduleOf(program)?.settings?.get('SECURE_PROXY_SSL_HEADER') != null
}

/** What the application itself does with the headers, its own file says. */
function readsHeadersItself(deployment: Deployment, program: AppServerProgram): boolean {
  const source = deployment.moduleOf(program)?.source
  return source != null && source !== 'missing' && /ProxyHeaders|proxy_headers|ProxyFix/.test(source.code)
}

const NAMES: Readonly<Record<string, string>> = {
  'x-forwarded-for': 'X-Forwarded-For',
  'x-forwarded-proto': 'X-Forwarded-Proto',
}

function namesOf(headers: readonly FrontHeader[]): string {
  return `${headers.map(({ name }) => `\`${NAMES[name]}\``).join(' and ')} ${headers.length > 1 ? 'are' : 'is'}`
}

/** The headers of the two that the front writes with what it knows itself. */
function forwarded(line: FrontLine): readonly FrontHeader[] {
  return Object.keys(NAMES).flatMap(name => forwardedHeader(line, name) ?? [])
}

function forwardedHeader(line: FrontLine, name: string): FrontHeader | null {
  const header = line.header(name)
  if (!header.known || header.value.state === 'cleared') return null
  // What only passes is the client's, unless a line passes it.
  return header.value.state === 'passed' && header.value.value === null ? null : header.value
}

function isUvicorn({ server }: AppServerProgram): boolean {
  if (server.program === 'uvicorn') return true
  return (
    server.program === 'gunicorn' &&
    server.workerClass?.known === true &&
    /^(?:uvicorn|uvicorn_worker)\..*Worker$/.test(server.workerClass.value)
  )
}

function allowed({ server, environment }: AppServerProgram): Fact<string> | null {
  return server.forwardedAllowIps ?? environment('FORWARDED_ALLOW_IPS')
}

function trustedText(program: AppServerProgram): string {
  const fact = allowed(program)
  return fact?.known === true && fact.value.trim() !== '' ? fact.value : '127.0.0.1'
}

/** Whether headers of a connection are believed; undefined where nobody knows. */
function trusts(
  program: AppServerProgram,
  { from }: Connection,
  { address, published }: Target,
): boolean | undefined {
  const { proxyHeaders, complete } = program.server
  if (proxyHeaders !== null || !complete) {
    // Whoever turns them off means it.
    if (proxyHeaders === null || !proxyHeaders.known || !proxyHeaders.value) return undefined
  }
  const fact = allowed(program)
  if (fact !== null && !fact.known) return undefined
  const list = (fact?.value ?? '').split(',').map(each => each.trim())
  if (list.includes('*')) return true
  if (address.kind === 'unix') return false
  if (program.machine === from.machine && address.kind === 'ip' && isLoopback(address) === true)
    return fact !== null && list.every(each => /^(?!127\.)\d+\.\d+\.\d+\.\d+$/.test(each)) ? false : undefined
  // Behind a published port Docker's gateway asks, whoever asked that.
  const isOther =
    program.machine !== from.machine && (published || shareNetwork(program.machine, from.machine))
  if (!isOther) return undefined
  return isTrustedElsewhere(list)
}
