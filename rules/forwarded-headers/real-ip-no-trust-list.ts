import { memo } from '../../parsers/collections/memo.ts'
import type { Place, Source } from '../../parsers/text/source.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { realIpSources } from '../../src/deployment/outer-proxies.ts'
import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import { isLoopback, parseHost } from '../../src/servers/address.ts'
import { parseNginxNetwork } from '../../src/servers/addresses/nginx.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { isLoopbackSource } from '../../src/servers/nginx/queries/access.ts'
import { mayHoldUnread } from '../../src/servers/nginx/queries/scope.ts'
import { nginxMain, proxiedServer } from '../_examples.ts'

const nginx = (lines: string): string => nginxMain(proxiedServer(lines))

const inContainer = (trusted: string, port: string, lines = ''): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      web:
        image: nginx:1.27
        ports: ["${port}"]
        volumes: ["./site.conf:/etc/nginx/conf.d/default.conf:ro"]
        ${lines}
  `,
  'site.conf': conf`
    set_real_ip_from ${trusted};
    real_ip_header X-Forwarded-For;
    server {
        listen 80;
        server_name example.org;
        root /usr/share/nginx/html;
    }
  `,
})

export default defineRule({
  summary: '`real_ip_header` does nothing, as `set_real_ip_from` names no proxy',
  severity: 'warning',
  otherSeverities: { info: 'where comments of the file leave the lines to be filled in' },
  confidence: 'high',
  since: '0.1.0',
  why: 'nginx takes the address of the client from the header only where the connection comes from a proxy that `set_real_ip_from` names. `0.0.0.0/32` is one address, from which nobody connects; nor does a proxy of the host connect to a container from `127.0.0.1`, but from the address of Docker’s gateway. Without such a line logs, limits and `allow` go on with the address of the proxy.',
  remedy: 'Name the proxies in front: `set_real_ip_from 10.0.0.0/8;`',
  references: ['https://nginx.org/en/docs/http/ngx_http_realip_module.html'],
  bad: [
    {
      title: 'loopback in a container, behind the nginx of the host',
      files: inContainer('«127.0.0.1»', '127.0.0.1:8085:80'),
    },
    {
      title: 'the header alone',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          «real_ip_header» X-Forwarded-For;
          add_header X-Client $remote_addr;
        `),
      },
    },
    {
      title: 'the address that stands for all, as one address',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          set_real_ip_from «0.0.0.0/32»;
          real_ip_header X-Forwarded-For;
          add_header X-Client $remote_addr;
        `),
      },
    },
    {
      title: 'the same without its length',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          set_real_ip_from «0.0.0.0»;
          set_real_ip_from «::»;
          real_ip_header X-Forwarded-For;
        `),
      },
    },
    {
      title: 'a file of its own, for all servers of Elastic Beanstalk',
      files: {
        '.platform/nginx/conf.d/realip.conf': conf`
          «real_ip_header» X-Forwarded-For;
          real_ip_recursive on;
        `,
      },
    },
    {
      title: 'before a server',
      files: {
        'site.conf': conf`
          «real_ip_header» X-Forwarded-For;
          ${proxiedServer('')}
        `,
      },
    },
    {
      title: 'a template whose placeholders are values',
      files: {
        'shop.conf.j2': conf`
          server {
              listen 80;
              server_name {{ name }};
              «real_ip_header» X-Forwarded-For;
              {% for name in headers %}
              add_header {{ name }} 1;
              {% endfor %}
              location / {
                  proxy_pass http://127.0.0.1:9000;
              }
          }
        `,
      },
    },
  ],
  good: [
    { title: 'the networks of Docker', files: inContainer('172.16.0.0/12', '127.0.0.1:8085:80') },
    { title: 'a container that clients reach themselves', files: inContainer('127.0.0.1', '80:80') },
    {
      title: 'a container in the network of the host',
      files: inContainer('127.0.0.1', '127.0.0.1:8085:80', 'network_mode: host'),
    },
    {
      title: 'a template with lines that somebody fills in',
      files: {
        'shop.conf.j2': conf`
          server {
              listen 80;
              server_name {{ name }};
              real_ip_header X-Forwarded-For;
              {{ proxies }}
              location / {
                  proxy_pass http://127.0.0.1:9000;
              }
          }
        `,
      },
    },
    {
      title: 'two files of one directory',
      files: {
        'etc/nginx/conf.d/realip.conf': conf`real_ip_header X-Forwarded-For;`,
        'etc/nginx/conf.d/proxies.conf': conf`set_real_ip_from 10.0.0.0/8;`,
      },
    },
    {
      title: 'lines that a server includes, with proxies of its own',
      files: { 'etc/nginx/snippets/realip.conf': conf`real_ip_header X-Forwarded-For;` },
    },
    {
      title: 'a proxy beside it',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          set_real_ip_from 0.0.0.0/32;
          set_real_ip_from 10.0.0.0/8;
          real_ip_header X-Forwarded-For;
        `),
      },
    },
    {
      title: 'with the proxy',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          set_real_ip_from 127.0.0.1;
          real_ip_header X-Forwarded-For;
          add_header X-Client $remote_addr;
        `),
      },
    },
    {
      title: 'a file of proxies that is not in the audit',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          include /etc/cloud/proxies.conf;
          real_ip_header X-Forwarded-For;
        `),
      },
    },
  ],
  *check(deployment) {
    yield* ofContainers(deployment)
    for (const configuration of deployment.nginx) {
      const lines = configuration.occurrences.get('real_ip_header')
      const trusted = configuration.occurrences.get('set_real_ip_from') ?? []
      if (trusted.every(({ args }) => isNobody(args[0]?.value ?? '')) && !mayHoldUnread(configuration))
        for (const line of trusted)
          yield {
            at: argumentPlace(line, 0),
            message: `\`${line.args[0]?.value}\` is one address, from which nobody connects, so no header is ever read`,
            help: 'name the proxies in front: `set_real_ip_from 10.0.0.0/8;`',
          }
      if (lines === undefined || configuration.occurrences.has('set_real_ip_from')) continue
      if (mayHoldUnread(configuration)) continue
      for (const line of lines) {
        if (configuration.main === null && line.parent === null && !isOfHttp(configuration, line)) continue
        yield {
          at: namePlace(line),
          ...(leavesThemOut(line.source) && { severity: 'info' as const }),
          ...(configuration.main === null && { confidence: 'medium' as const }),
          message: `no \`set_real_ip_from\` names a proxy, so \`${line.args[0]?.value}\` is never read`,
        }
      }
    }
  },
})

/**
 * Loopback of a container is its own: what comes through a port that is published to the loopback of the host has the
 * address of Docker's gateway, and what comes from another container that of its network.
 * https://docs.docker.com/engine/network/packet-filtering-firewalls/
 */
function* ofContainers(deployment: Deployment): Iterable<RuleFinding> {
  for (const server of deployment.servers) {
    const { configuration, listens } = server
    const { machine } = deployment.programOf(configuration)
    const published = machine.container === null ? null : publishedToHost(machine.container)
    if (published === null || mayHoldUnread(configuration)) continue
    const lines = realIpSources(server)
    const [first] = lines
    if (first === undefined || !lines.every(({ args }) => isLoopbackSource(args[0]?.value ?? ''))) continue
    if (!configuration.occurrences.has('real_ip_header') || listens.some(({ loopback }) => loopback === true))
      continue
    const isProxiedInside = deployment.connections.all.some(
      ({ from, targets }) =>
        from.machine === machine &&
        targets.some(
          ({ to }) =>
            to.kind === 'listener' &&
            to.listener.program.kind === 'nginx' &&
            to.listener.program.configuration === configuration,
        ),
    )
    if (isProxiedInside || sharesNetwork(deployment, machine.container)) continue
    yield {
      at: argumentPlace(first, 0),
      message: `nothing connects from \`${first.args[0]?.value}\` of this container: the proxy of the host comes by the port that is published, from the address of Docker's gateway, so no header is ever read`,
      label: 'loopback of the container itself',
      related: [{ at: published, message: 'published to the host alone' }],
      help: 'Name the networks of Docker: `set_real_ip_from 172.16.0.0/12;`',
    }
  }
}

/** Where a container publishes ports, of which only a proxy of the host can connect to any; null for another. */
function publishedToHost({ service }: Container): Place | null {
  const { complete, networkMode, ports } = service
  const [first] = ports
  if (!complete || networkMode !== null || first === undefined) return null
  return ports.every(({ hostIp }) => hostIp?.known === true && isLoopback(parseHost(hostIp.value)) === true)
    ? first.at
    : null
}

/** True where another container may connect from the loopback of this one. */
function sharesNetwork({ machines }: Deployment, own: Container | null): boolean {
  return machines.some(
    ({ container }) => container !== null && container !== own && container.service.networkMode !== null,
  )
}

/**
 * True for a line of a file that is read by `http`, of which no distribution's main file names proxies: of `conf.d`, or
 * beside a server. Lines for many servers may leave the proxies to another file of each.
 */
function isOfHttp({ top }: NginxConfiguration, { source }: NginxDirective): boolean {
  return (
    /\/(?:conf\.d|sites-enabled)\/[^/]+\.conf$/.test(source.path) ||
    top.some(other => other.name === 'server' && other.source === source)
  )
}

/** Whoever leaves the lines to be filled in knows of it. */
const leavesThemOut = memo(({ text }: Source): boolean => /^[ \t]*#[ \t]*set_real_ip_from\b/m.test(text))

/** True for the address that stands for all of them, where it is written as a single one. */
function isNobody(text: string): boolean {
  const network = parseNginxNetwork(text)?.network
  return network?.ip.every(octet => octet === 0) === true && network.prefix === network.ip.length * 8
}
