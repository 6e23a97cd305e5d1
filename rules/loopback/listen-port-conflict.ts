import { listenersOfKind } from '../../src/deployment/programs-of-kind.ts'
import { groupBy } from '../../parsers/collections/group-by.ts'
import { covers, formatEndpoint } from '../../src/servers/address.ts'
import { GITLAB_HOST } from '../../parsers/app-server/gitlab.ts'
import type { Deployment, Listener, NginxListener } from '../../src/deployment/model.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import type { NginxConfiguration } from '../../src/servers/nginx/configuration.ts'
import { sockets } from '../../src/servers/nginx/queries/sockets.ts'
import { nginxMain } from '../_examples.ts'

const nginx = (listen: string): string => conf`
  server {
      listen ${listen};
      server_name example.org;
      root /srv/www;
  }
`

const gitlab = (lines: string): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(conf`
    server {
        listen 443 ssl;
        server_name git.example.org;
        ssl_certificate /etc/ssl/git.pem;
        ssl_certificate_key /etc/ssl/git.key;
        location / {
            proxy_pass http://127.0.0.1:8081;
        }
    }
  `),
  'etc/gitlab/gitlab.rb': lines,
})

export default defineRule({
  summary: 'Two servers, or two lines of nginx, want the same socket',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'A socket belongs to one process. Both configuration checks are content, and whichever server starts second fails with “Address already in use”. So does nginx by itself where `[::]` takes version 4 too (`ipv6only=off`) and another `listen` has an address of version 4 on the same port.',
  remedy: 'Give each server an address or a port of its own',
  references: [
    'https://httpd.apache.org/docs/2.4/bind.html',
    'https://nginx.org/en/docs/http/ngx_http_core_module.html#listen',
  ],
  bad: [
    {
      title: 'the backend’s port opened by nginx as well',
      files: { 'nginx.conf': nginx('8080'), 'ports.conf': conf`Listen «127.0.0.1:8080»` },
    },
    {
      title: 'a version 6 socket that takes version 4 too',
      files: { 'nginx.conf': nginx('[::]:9000 ipv6only=off'), 'ports.conf': conf`Listen «127.0.0.1:9000»` },
    },
    {
      title: 'nginx itself, by version 6 and by version 4',
      files: {
        'etc/nginx/nginx.conf': nginxMain([
          nginx('80'),
          conf`
            server {
                listen «[::]:80» ipv6only=off;
                server_name www.example.org;
                return 204;
            }
          `,
        ]),
      },
    },
    {
      title: 'the nginx of GitLab beside the one in front of it',
      files: gitlab(conf`external_url '«https://git.example.org»'`),
    },
  ],
  good: [
    { title: 'two ports', files: { 'nginx.conf': nginx('80'), 'ports.conf': conf`Listen 127.0.0.1:9000` } },
    {
      title: 'two addresses',
      files: { 'nginx.conf': nginx('192.0.2.10:8080'), 'ports.conf': conf`Listen 127.0.0.1:8080` },
    },
    {
      title: 'version 6 alone, and version 4 alone',
      files: { 'nginx.conf': nginx('[::]:9000'), 'ports.conf': conf`Listen 0.0.0.0:9000` },
    },
    {
      title: 'Apache in a container of its own',
      files: {
        'nginx.conf': conf`
          server {
              listen 8080;
              location / {
                  proxy_pass http://apache:8080;
              }
          }
        `,
        'ports.conf': conf`Listen 8080`,
      },
    },
    {
      title: 'nginx by both versions, each alone',
      files: {
        'etc/nginx/nginx.conf': nginxMain([
          nginx('80'),
          conf`
            server {
                listen [::]:80;
                server_name www.example.org;
                return 204;
            }
          `,
        ]),
      },
    },
    {
      title: 'GitLab with a port of its own',
      files: gitlab(conf`
        external_url 'https://git.example.org'
        nginx['listen_port'] = 8081
        nginx['listen_https'] = false
      `),
    },
    {
      title: 'GitLab that another nginx is not there for',
      files: gitlab("external_url 'https://code.example.org'\n"),
    },
  ],
  *check(deployment) {
    for (const configuration of deployment.nginx) yield* withItself(configuration)
    const byPort = groupBy(listenersOfKind(deployment, 'nginx'), ({ port }) => port)
    for (const listener of deployment.listeners)
      yield* withGitlab(deployment, listener, byPort.get(listener.port) ?? [])
    for (const listener of listenersOfKind(deployment, 'apache')) {
      if (listener.port === null || isDefaultLeft(listener)) continue
      const taken = (byPort.get(listener.port) ?? []).filter(
        other =>
          other.program.machine === listener.program.machine &&
          (covers(listener, other) === true || covers(other, listener) === true),
      )
      const [first] = taken
      if (first === undefined) continue
      yield {
        at: listener.at,
        message: `Apache opens ${formatEndpoint(listener)} and nginx opens ${formatEndpoint(first)}, so whichever starts second does not start`,
        label: 'taken by nginx',
        related: taken.map(other => ({ at: other.at, message: `nginx opens ${formatEndpoint(other)}` })),
      }
    }
  },
})

/** Sockets of version 6 that take version 4 too, where nginx opens one of version 4 on their port. */
function* withItself(configuration: NginxConfiguration): Iterable<RuleFinding> {
  const listens = configuration.occurrences.get('listen') ?? []
  if (!listens.some(({ args }) => args.some(({ value }) => value === 'ipv6only=off'))) return
  const byPort = groupBy(
    sockets(configuration).filter(({ quic, address }) => !quic && address.kind === 'ip'),
    ({ port }) => port,
  )
  for (const socket of sockets(configuration)) {
    const { ipv6only, address, port, quic, servers } = socket
    if (ipv6only !== false || quic || address.kind !== 'ip' || !address.wildcard) continue
    const other = (byPort.get(port) ?? []).find(
      each => each.address.kind === 'ip' && each.address.family === 4,
    )
    const line = servers.find(({ listen }) => listen.ipv6only === false)
    const taken = other?.servers[0]
    if (other === undefined || line === undefined || taken === undefined) continue
    yield {
      at: line.listen.at,
      message: `\`ipv6only=off\` takes port ${port} of version 4 too, which nginx opens by ${formatEndpoint({ address: other.address, port })} as well, so it does not start`,
      label: 'takes both versions',
      related: [{ at: taken.listen.at, message: 'version 4' }],
    }
  }
}

/** Port 80 or 443 on every address: what the distribution left, which has a rule of its own. */
function isDefaultLeft({ address, port }: Listener): boolean {
  return (port === 80 || port === 443) && address.kind === 'ip' && address.wildcard
}

/** The nginx that GitLab brings, where the one of the machine has the name of GitLab, and so is there for it. */
function* withGitlab(
  { servers }: Deployment,
  listener: Listener,
  others: readonly NginxListener[],
): Iterable<RuleFinding> {
  const { program } = listener
  if (program.kind !== 'app-server' || program.server.program !== 'gitlab') return
  const host = program.server.settings.get(GITLAB_HOST)
  const other = others.find(
    each =>
      each.program.machine === program.machine &&
      (covers(listener, each) === true || covers(each, listener) === true),
  )
  const front = servers.find(
    ({ configuration, names }) =>
      configuration === other?.program.configuration &&
      host?.known === true &&
      names.some(({ name }) => name === host.value),
  )
  if (other === undefined || front === undefined) return
  yield {
    at: listener.at,
    message: `the nginx of GitLab opens ${formatEndpoint(listener)} and nginx opens ${formatEndpoint(other)}, so whichever starts second does not start: bind() failed (98: Address already in use)`,
    label: 'taken by nginx',
    related: [{ at: other.at, message: `nginx opens ${formatEndpoint(other)}` }],
    help: "Give the nginx of GitLab a port of its own: `nginx['listen_port'] = 8081`, and with an https address `nginx['listen_https'] = false`",
  }
}
