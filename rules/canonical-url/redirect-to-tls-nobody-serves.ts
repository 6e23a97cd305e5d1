import { memo } from '../../parsers/collections/memo.ts'
import type { Deployment, Machine, NginxServer } from '../../src/deployment/model.ts'
import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { askServer } from '../../src/deployment/requests/ask-server.ts'
import { MISSING, requestsToServer, UNKNOWN_HOST } from '../../src/deployment/requests/made-up-requests.ts'
import { lastLine } from '../../src/deployment/requests/last-line.ts'
import { givenVariables } from '../../parsers/compose/given-variables.ts'
import type { ComposeVariable } from '../../parsers/compose/compose.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import { besideTraefik, isSwitchedOff } from '../containers/_traefik.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { Place } from '../../parsers/text/source.ts'
import { nginxMain } from '../_examples.ts'
import type { Outcome } from '../../src/servers/nginx/queries/outcome.ts'

const main = (lines: string): string => conf`
  events {
  }
  http {
      server {
          listen 80;
          server_name example.org;
          ${lines}
          location / {
              proxy_pass http://127.0.0.1:9000;
          }
      }
  }
`

const BEHIND = {
  web: 'volumes: ["./site.conf:/etc/nginx/conf.d/default.conf:ro"]',
} as const
const ROUTER = ['traefik.http.routers.web.rule=Host(`example.org`)']
const TLS = [...ROUTER, 'traefik.http.routers.web.tls.certresolver=le']
const page = (lines: string): string => conf`
  server {
      listen 80;
      server_name example.org;
      root /usr/share/nginx/html;
      ${lines}
  }
`
const BY_SCHEME = conf`
  if ($scheme != https) {
      return 301 «https://$host$request_uri»;
  }
`
/** A site of nginx-proxy, which gets a certificate for it. */
const nginxProxy = (lines: string): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      web:
        image: nginx:1.27
        environment:
          VIRTUAL_HOST: example.org
          LETSENCRYPT_HOST: example.org
        volumes: ["./site.conf:/etc/nginx/conf.d/default.conf:ro"]
  `,
  'site.conf': page(lines),
})

export default defineRule({
  summary: 'Every page is redirected to TLS, which nothing on this machine speaks',
  severity: 'warning',
  otherSeverities: { error: 'where a proxy of the same project terminates TLS, as labels or variables say' },
  confidence: 'medium',
  since: '0.1.0',
  why: 'nginx redirects to `https://` what it has locations for, and listens on no port with TLS. Where a proxy in front terminates TLS, it asks again in plain HTTP and is redirected again, without an end; where there is none, nobody answers.',
  remedy:
    'Behind a proxy redirect by what it says: `if ($http_x_forwarded_proto = http)`; without one add a server with `listen 443 ssl`',
  references: ['https://nginx.org/en/docs/http/configuring_https_servers.html'],
  bad: [
    {
      title: 'a redirect in front of the application',
      files: {
        'etc/nginx/nginx.conf': main(conf`
          if ($host = example.org) {
              return 301 «https://$host$request_uri»;
          }
        `),
      },
    },
    {
      title: 'a condition that always holds, of two names that lead to one, beside a file of its own for PHP',
      files: {
        'etc/nginx/nginx.conf': conf`
          events {
          }
          http {
              server {
                  listen 80;
                  server_name example.org www.example.org;
                  root /srv/www;
                  if ($scheme = http) {
                      return 301 «https://example.org$request_uri»;
                  }
                  location ~ \\.php$ {
                      include /srv/shop/php.conf;
                      fastcgi_pass 127.0.0.1:9000;
                  }
              }
          }
        `,
      },
    },
    {
      title: 'a condition that always holds, in front of files',
      files: { 'etc/nginx/nginx.conf': nginxMain(page(BY_SCHEME)) },
    },
    {
      title: 'behind Traefik, which terminates TLS',
      files: { ...besideTraefik(TLS, BEHIND), 'site.conf': page(BY_SCHEME) },
    },
    {
      title: 'behind Traefik, which serves the site in plain HTTP alone',
      files: { ...besideTraefik(ROUTER, BEHIND), 'site.conf': page(BY_SCHEME) },
    },
    {
      title: 'behind nginx-proxy, which terminates TLS',
      files: nginxProxy('return 301 «https://$host$request_uri»;'),
    },
  ],
  good: [
    {
      title: 'behind Traefik, and what it says decides',
      files: {
        ...besideTraefik(TLS, BEHIND),
        'site.conf': page(BY_SCHEME.replace('$scheme != https', '$http_x_forwarded_proto = http')),
      },
    },
    {
      title: 'behind Traefik, which asks another server',
      files: {
        ...besideTraefik([...TLS, 'traefik.http.services.web.loadbalancer.server.port=8080'], BEHIND),
        'site.conf': `${page('return 301 https://$host$request_uri;')}${page('').replace('80', '8080')}`,
      },
    },
    {
      title: 'behind nginx-proxy, which asks another port',
      files: {
        ...nginxProxy('return 301 https://$host$request_uri;'),
        'docker-compose.yml': (nginxProxy('')['docker-compose.yml'] ?? '').replace(
          'LETSENCRYPT_HOST',
          'VIRTUAL_PORT: 8080\n      LETSENCRYPT_HOST',
        ),
      },
    },
    {
      title: 'behind nginx-proxy, and another name',
      files: nginxProxy('return 301 https://www.example.com$request_uri;'),
    },
    {
      title: 'a server for nothing else, with a root that is left over',
      files: { 'etc/nginx/nginx.conf': nginxMain(page('return 301 https://$host$request_uri;')) },
    },
    {
      title: 'what the proxy says decides',
      files: {
        'etc/nginx/nginx.conf': main(conf`
          if ($http_x_forwarded_proto = http) {
              return 301 https://$host$request_uri;
          }
        `),
      },
    },
    {
      title: 'a server for nothing else',
      files: {
        'etc/nginx/nginx.conf': conf`
          events {
          }
          http {
              server {
                  listen 80;
                  server_name example.org;
                  return 301 https://$host$request_uri;
              }
          }
        `,
      },
    },
    {
      title: 'TLS is spoken here',
      files: {
        'etc/nginx/nginx.conf': main(conf`
          listen 443 ssl;
          ssl_certificate /srv/tls/a.pem;
          ssl_certificate_key /srv/tls/a.key;
          if ($scheme = http) {
              return 301 https://$host$request_uri;
          }
        `),
      },
    },
    {
      title: 'another host',
      files: { 'etc/nginx/nginx.conf': main('return 301 https://www.example.com$request_uri;') },
    },
  ],
  *check(deployment) {
    for (const server of deployment.servers) {
      const { container } = deployment.programOf(server.configuration).machine
      const front = container === null ? null : frontWithTls(container)
      if (front === null && (server.configuration.main === null || speaksTls(deployment, server))) continue
      if (front !== null && (opensTls(deployment, server) || !isAsked(deployment, server, front.port)))
        continue
      const { children } = server.directive
      if (!children.some(hasRedirect)) continue
      const hasLocations = children.some(hasContent)
      // What stands behind a condition is meant for some requests, and the files of the root for the others.
      if (front === null && !hasLocations && !children.some(isRoot)) continue
      const redirect = redirectsAll(deployment, server)
      if (redirect === null) continue
      if (front === null && !hasLocations && redirect.conditions.length === 0) continue
      if (front !== null) {
        yield {
          at: redirect.at,
          severity: 'error',
          confidence: 'high',
          message: `${front.name} terminates TLS and asks nginx in plain HTTP, so every page of ${nameOf(redirect.host)} is redirected to itself without an end`,
          label: 'leads to TLS, whatever the client used',
          related: [
            { at: front.at, message: 'TLS is terminated by this' },
            ...redirect.conditions.map(at => ({ at, message: 'holds for every request' })),
          ],
          help: `Leave the redirect to ${front.name}, or redirect where \`$http_x_forwarded_proto\` is \`http\``,
        }
        continue
      }
      yield {
        at: redirect.at,
        message: `every page of ${nameOf(redirect.host)} is redirected to TLS, and nothing here listens with TLS: ${hasLocations ? 'the locations' : 'the files'} of this server are never reached`,
        label: 'leads to TLS',
        related: [
          ...redirect.conditions.map(at => ({ at, message: 'holds for every request' })),
          {
            at: namePlace(server.directive),
            message: hasLocations ? 'has locations that answer' : 'has files of its own',
          },
        ],
      }
    }
  },
})

function nameOf(host: string): string {
  return host === UNKNOWN_HOST ? 'this server' : `\`${host}\``
}

/** True where nginx of the container has TLS itself, or another program there. */
function opensTls(deployment: Deployment, { configuration }: NginxServer): boolean {
  const { machine } = deployment.programOf(configuration)
  const { known, unknown } = tlsMachines(deployment)
  return known.has(machine) || unknown.has(machine)
}

/** The machines on which something listens with TLS, and those where something may. */
const tlsMachines = memo(({ listeners }: Deployment) => {
  const known = new Set<Machine>()
  const unknown = new Set<Machine>()
  for (const { program, port, protocol } of listeners)
    if (port === 443 || (protocol.known && protocol.value === 'https')) known.add(program.machine)
    else if (!protocol.known) unknown.add(program.machine)
  return { known, unknown }
})

/** True for the one server of its nginx, where the proxy in front asks a port of it. */
function isAsked({ servers }: Deployment, server: NginxServer, port: string | null): boolean {
  const isOnly = servers.every(other => other === server || other.configuration !== server.configuration)
  return isOnly && (port === null || server.listens.some(listen => String(listen.port) === port))
}

interface Front {
  readonly name: string
  readonly at: Place
  /** The port that it is told to ask; null where nothing tells it one. */
  readonly port: string | null
}

/** The proxy that terminates TLS in front of a container and asks it in plain HTTP, as the container says itself. */
function frontWithTls({ service }: Container): Front | null {
  if (!service.complete) return null
  const told = (pattern: RegExp, variables: readonly ComposeVariable[]): string | null => {
    const value = variables.find(({ name }) => pattern.test(name))?.value ?? null
    return value === null ? null : value.known ? value.value : ''
  }
  const router = isSwitchedOff(service)
    ? undefined
    : service.labels.find(
        ({ name, value }) =>
          /^traefik\.http\.routers\.[^.]+\.tls(?:\.|$)/i.test(name) &&
          value?.known === true &&
          value.value !== 'false',
      )
  const isPlain = service.labels.every(
    ({ name }) => !/^traefik\.(?:tcp\.|http\.services\.[^.]+\.loadbalancer\.server\.scheme)/i.test(name),
  )
  if (router !== undefined) {
    const port = told(/^traefik\.http\.services\.[^.]+\.loadbalancer\.server\.port$/i, service.labels)
    return isPlain ? { name: 'Traefik', at: router.at, port } : null
  }
  const host = givenVariables(service).find(({ name }) => name === 'LETSENCRYPT_HOST')
  const isHttps = givenVariables(service).some(
    ({ name }) => name === 'VIRTUAL_PROTO' || name === 'HTTPS_METHOD',
  )
  if (host === undefined || isHttps || host.at === null) return null
  return { name: 'nginx-proxy', at: host.at, port: told(/^VIRTUAL_PORT$/, givenVariables(service)) }
}

/** True also where nobody knows all that listens. */
function speaksTls(deployment: Deployment, { configuration }: NginxServer): boolean {
  const { machine, listensKnown } = deployment.programOf(configuration)
  if (!listensKnown) return true
  return tlsMachines(deployment).known.has(machine)
}

/** Asking a server takes longer than looking whether any line of it can redirect. */
function hasRedirect({ name, children }: NginxServer['directive']): boolean {
  return name === 'return' || name === 'rewrite' || children.some(hasRedirect)
}

function hasContent({ name, children }: NginxServer['directive']): boolean {
  return name === 'location' && children.some(child => /_pass$|^(?:root|alias|try_files)$/.test(child.name))
}

function isRoot({ name }: NginxServer['directive']): boolean {
  return name === 'root'
}

/** The redirect that answers each name on each page, whatever a proxy in front may say. */
function redirectsAll(
  deployment: Deployment,
  server: NginxServer,
): {
  readonly at: Outcome['end']['at'] & object
  readonly host: string
  readonly conditions: readonly Place[]
} | null {
  const requests = requestsToServer(deployment, server, '/')
  const names = new Set(requests.map(({ host }) => host))
  let found: Outcome['steps'][number]['directive'] = null
  for (const { host, scheme } of requests) {
    if (scheme === 'https') return null
    for (const path of ['/', `/${MISSING}`]) {
      for (const told of [null, 'https']) {
        const values = told === null ? [] : HEADERS.map(name => [name, told] as const)
        const answer = askServer(deployment, server, path, {
          request: { host, headers: { values: new Map(values), complete: true } },
        })
        if (answer === null || answer.end.kind !== 'response' || answer.end.location === null) return null
        const [, to] = /^https:\/\/([^/:]+)(?:\/|$)/i.exec(answer.end.location) ?? []
        if (to === undefined || !names.has(to.toLowerCase())) return null
        found ??= lastLine(answer.steps, 'return', 'rewrite')
      }
    }
  }
  const host = requests[0]?.host
  if (found === null || host === undefined) return null
  const { parent } = found
  const conditions = parent?.name === 'if' ? [argumentPlace(parent, 0)] : []
  return { at: argumentPlace(found, Math.min(1, found.args.length - 1)), host, conditions }
}

const HEADERS = [
  'x-forwarded-proto',
  'x-forwarded-scheme',
  'x-forwarded-protocol',
  'x-scheme',
  'x-forwarded-ssl',
]
