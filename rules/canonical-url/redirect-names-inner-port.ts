import { holdsPort } from '../../parsers/compose/holds-port.ts'
import type { Deployment, NginxServer, ServerListen } from '../../src/deployment/model.ts'
import { namePlace } from '../../src/deployment/places.ts'
import { isBehindProxy } from '../../src/deployment/outer-proxies.ts'
import { UNKNOWN_HOST } from '../../src/deployment/requests/made-up-requests.ts'
import { askServer } from '../../src/deployment/requests/ask-server.ts'
import { pathsInto } from '../../src/deployment/requests/paths-into.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { nginxMain } from '../_examples.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { directivesByServer } from '../../src/servers/nginx/queries/servers.ts'
import { insertAfter, indentationAt, propose } from '../../src/deployment/edits.ts'

const site = (lines: string, listen = '127.0.0.1:8080'): string => conf`
  server {
      listen «${listen}»;
      server_name example.org;
      root /srv/www;
      ${lines}
  }
`

export default defineRule({
  summary: 'A redirect names the port on which nginx listens behind a proxy',
  severity: 'info',
  otherSeverities: { warning: 'where only this machine reaches the port' },
  confidence: 'medium',
  since: '0.1.0',
  why: 'nginx makes a whole URL of a path in `return` and `rewrite`, and of the slash that it adds to a directory, with its own scheme and port: clients of the proxy are sent to `http://example.org:8080/…`, where nobody answers them.',
  remedy: 'Write `absolute_redirect off;`',
  references: ['https://nginx.org/en/docs/http/ngx_http_core_module.html#absolute_redirect'],
  bad: [
    {
      title: 'a path that moved',
      files: {
        'nginx.conf': site(conf`
          location /old/ {
              return 301 /new/;
          }
        `),
      },
    },
    {
      title: 'a slash that is taken off, in a container',
      files: {
        'nginx.conf': site('rewrite ^(.+)/$ $1 permanent;', '8080'),
      },
    },
  ],
  good: [
    {
      title: 'the pages of nginx itself, on a port for people who run it',
      files: {
        'site.conf': conf`
          server {
              listen 8080;
              location /status {
                  stub_status;
              }
              location / {
                  return 301 /status;
              }
          }
        `,
      },
    },
    {
      title: 'the path alone is sent',
      files: {
        'nginx.conf': site(conf`
          absolute_redirect off;
          location /old/ {
              return 301 /new/;
          }
        `),
      },
    },
    {
      title: 'without the port',
      files: {
        'nginx.conf': site(conf`
          port_in_redirect off;
          location /old/ {
              return 301 /new/;
          }
        `),
      },
    },
    {
      title: 'a port by which clients come to a container',
      files: {
        'web/nginx.conf': nginxMain(
          site(
            conf`
              location /old/ {
                  return 301 /new/;
              }
            `,
            '8080',
          ),
        ),
        'docker-compose.yml': conf`
          services:
            web:
              image: nginx:1.28
              ports:
                - 8080:8080
              volumes:
                - ./web/nginx.conf:/etc/nginx/nginx.conf
        `,
      },
    },
    {
      title: 'the port that is usual',
      files: {
        'nginx.conf': site(
          conf`
            location /old/ {
                return 301 /new/;
            }
          `,
          '80',
        ),
      },
    },
  ],
  *check(deployment) {
    for (const server of deployment.servers) {
      const listen = innerListen(server)
      if (listen === null || listen.directive === null) continue
      if (isPublishedAsIs(deployment, server, listen)) continue
      const found = redirectWithPort(deployment, server, listen)
      if (found === null) continue
      const isSure = listen.loopback === true || isBehindProxy(deployment, server, listen)
      if (!isSure && isForOperators(server)) continue
      const { directive } = listen
      const end = { source: directive.source, start: directive.node.start, end: directive.node.end }
      yield {
        at: listen.at,
        severity: isSure ? 'warning' : 'info',
        message: `redirects of this server lead to \`${found.location}\`, ${isSure ? 'the port behind the proxy' : 'which clients of a proxy in front of it do not reach'}`,
        label: 'named in redirects',
        related: [{ at: namePlace(found.by), message: 'redirects' }],
        ...propose('Send the path alone', 'unsafe', [
          insertAfter(end, `\n${indentationAt(end)}absolute_redirect off;`),
        ]),
      }
    }
  },
})

/** True for the pages of nginx itself, which people open on their own port. */
function isForOperators({ configuration, directive }: NginxServer): boolean {
  return ['api', 'status', 'stub_status', 'dashboard'].some(
    name => (directivesByServer(configuration, name).get(directive) ?? []).length > 0,
  )
}

/** The socket of a server that has no other: in plain HTTP, on a port that no browser takes by itself. */
function innerListen({ listens }: NginxServer): ServerListen | null {
  const [first] = listens
  if (first === undefined || first.port === null) return null
  const isInner = listens.every(({ port, tls }) => !tls && port !== null && port !== 80 && port !== 443)
  return isInner && [8080, 8000, 8081, 8888, 3000, 5000, 9000].includes(first.port) ? first : null
}

/** True where the host of a container has the same port, by which clients come. */
function isPublishedAsIs({ machines }: Deployment, server: NginxServer, { port }: ServerListen): boolean {
  const container = machines.find(({ programs }) =>
    programs.some(each => each.kind === 'nginx' && each.configuration === server.configuration),
  )?.container
  return (container?.service.ports ?? []).some(
    ({ published, target }) =>
      published?.known === true &&
      target.known &&
      target.value.first === published.value.first &&
      port !== null &&
      holdsPort(target.value, port),
  )
}

function redirectWithPort(deployment: Deployment, server: NginxServer, listen: ServerListen) {
  const lines = ['return', 'rewrite'].flatMap(
    name => directivesByServer(server.configuration, name).get(server.directive) ?? [],
  )
  for (const line of lines.filter(isRedirect)) {
    if (line.parent === null) continue
    for (const path of [...pathsInto(line.parent), '/directory/']) {
      const end = askServer(deployment, server, path, { listen, into: line.parent })?.end
      if (end?.kind !== 'response' || end.location === null) continue
      if (new RegExp(`^http://[^/]+:${listen.port}/`).test(end.location))
        return { location: shown(end.location), by: line }
    }
  }
  return null
}

/** A redirect to a path; a whole URL says itself where it leads. */
function isRedirect({ name, args }: NginxDirective): boolean {
  if (name === 'return')
    return /^30[12378]$/.test(args[0]?.value ?? '') && (args[1]?.value ?? '').startsWith('/')
  return (
    name === 'rewrite' &&
    /^(?:permanent|redirect)$/.test(args[2]?.value ?? '') &&
    !/^https?:/.test(args[1]?.value ?? '')
  )
}

function shown(location: string): string {
  return location.replace(/no-such-page-\w+/, 'page').replace(UNKNOWN_HOST, 'example.org')
}
