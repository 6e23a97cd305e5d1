import { isUnknownWord, type Place } from '../../parsers/text/source.ts'
import { serverIndex } from '../../src/deployment/build/servers.ts'
import { hostIn } from '../../src/deployment/fronts-of.ts'
import type { Deployment, NginxServer } from '../../src/deployment/model.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import type { ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { argumentPlace as apacheArgumentPlace } from '../../src/servers/apache/queries/places.ts'
import { placedRules } from '../../src/servers/apache/queries/rewriting.ts'
import { virtualHostOf } from '../../src/servers/apache/queries/virtual-hosts.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { enclosingServer } from '../../src/servers/nginx/queries/servers.ts'
import { apacheSite, nginxServer, tlsServer } from '../_examples.ts'

const onPort = (listen: string, lines: string): string => conf`
  server {
      listen ${listen};
      server_name example.org;
      ${lines}
  }
`
const rewriting = (lines: string): string => apacheSite(`RewriteEngine On\n${lines}`, ['rewrite'])

export default defineRule({
  summary: 'A redirect to https:// names a port that speaks plain HTTP',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: '`$server_port` and `%{SERVER_PORT}` are the port by which the request came. Where a server that listens in plain HTTP redirects to `https://…:$server_port/`, that port is 80: the browser begins TLS with it, and shows `ERR_SSL_PROTOCOL_ERROR` or `SSL_ERROR_RX_RECORD_TOO_LONG`.',
  remedy: 'Leave the port out, or name the one that listens with TLS',
  references: ['https://nginx.org/en/docs/http/ngx_http_core_module.html#var_server_port'],
  bad: [
    {
      title: 'the port of the request',
      files: {
        'nginx.conf': `${nginxServer('return 301 «https://$host:$server_port$request_uri»;')}${tlsServer('root /srv/www;')}`,
      },
    },
    {
      title: 'the same by a rewrite, on another port',
      files: {
        'nginx.conf': onPort(
          '8080',
          'rewrite ^ «https://$server_name:${server_port}$request_uri?» permanent;',
        ),
      },
    },
    {
      title: 'port 80, written out, in a location',
      files: {
        'nginx.conf': nginxServer(conf`
          location / {
              return 302 «https://example.org:80$request_uri»;
          }
        `),
      },
    },
    {
      title: 'a server of both, for what came in plain HTTP',
      files: {
        'nginx.conf': tlsServer(conf`
          listen 80;
          if ($scheme = http) {
              return 301 «https://example.org:$server_port$request_uri»;
          }
          root /srv/www;
        `),
      },
    },
    {
      title: 'Apache: a rewriting rule',
      files: {
        'httpd.conf': rewriting(
          'RewriteRule ^ «https://%{SERVER_NAME}:%{SERVER_PORT}%{REQUEST_URI}» [R=301,L]',
        ),
      },
    },
    {
      title: 'Apache: the port of the virtual host, written out',
      files: { 'httpd.conf': apacheSite('Redirect permanent / «https://example.org:80/»', ['alias']) },
    },
  ],
  good: [
    {
      title: 'no port, or that of TLS',
      files: {
        'nginx.conf': nginxServer(conf`
          location /shop/ {
              return 301 https://$host:8443$request_uri;
          }
          location / {
              return 301 https://$host$request_uri;
          }
        `),
      },
    },
    {
      title: 'what came in plain HTTP to the port of TLS',
      files: {
        'nginx.conf': tlsServer(conf`
          error_page 497 https://$host:$server_port$request_uri;
          rewrite ^/old$ https://$host:$server_port/new permanent;
        `),
      },
    },
    {
      title: 'the scheme of the request, and another host',
      files: {
        'nginx.conf': onPort(
          '8080',
          'location /a { return 301 $scheme://$host:$server_port/b; }\nlocation /c { return 301 https://other.example.org:8080/; }',
        ),
      },
    },
    {
      title: 'Apache: no port, and another host',
      files: {
        'httpd.conf': rewriting(conf`
          RewriteRule ^/old https://other.example.org:8080/ [R=301,L]
          RewriteRule ^ https://%{SERVER_NAME}%{REQUEST_URI} [R=301,L]
        `),
      },
    },
  ],
  *check(deployment) {
    yield* ofNginx(deployment)
    yield* ofApache(deployment)
  },
})

function* ofNginx({ nginx, servers }: Deployment): Generator<RuleFinding> {
  const byDirective = serverIndex(servers)
  for (const { occurrences } of nginx)
    for (const name of ['return', 'rewrite'])
      for (const line of occurrences.get(name) ?? []) {
        const target = targetOf(line)
        const named = portOf(target)
        if (named === null) continue
        const home = enclosingServer(line)
        const server = home === null ? undefined : byDirective.get(home)
        if (server === undefined) continue
        const plain = plainPorts(server, line)
        const port = named.port === '$server_port' ? plain[0] : Number(named.port)
        if (port === undefined || !plain.includes(port) || !isOfServer(named.host, server)) continue
        yield findingAt(argumentPlace(line, 1), {
          target,
          port,
          listen: server.listens.find(each => each.port === port)?.at,
        })
      }
}

function targetOf({ name, args }: NginxDirective): string {
  const isRedirect = name === 'rewrite' || /^30[12378]$/.test(args[0]?.value ?? '')
  return isRedirect ? (args[1]?.value ?? '') : ''
}

/** The ports by which a line is reached in plain HTTP; none where TLS may reach it too, or one of them is not known. */
function plainPorts({ listens }: NginxServer, line: NginxDirective): readonly number[] {
  const isAsked = conditionsOf(line).some(({ args }) =>
    /^\(?\$(?:scheme|https|ssl_protocol)$/.test(args[0]?.value ?? ''),
  )
  if (listens.some(({ tls, port }) => port === null || (tls && !isAsked))) return []
  return listens.flatMap(({ tls, port }) => (tls || port === null || port === 443 ? [] : port))
}

function conditionsOf(line: NginxDirective): readonly NginxDirective[] {
  const found: NginxDirective[] = []
  for (let at = line.parent; at !== null; at = at.parent) if (at.name === 'if') found.push(at)
  return found
}

/** True for a host that is the server's own, whatever it is called. */
function isOfServer(host: string, { names }: Pick<NginxServer, 'names'>): boolean {
  return host.startsWith('$') || names.some(({ name }) => name === host.toLowerCase())
}

function* ofApache(deployment: Deployment): Generator<RuleFinding> {
  for (const configuration of deployment.apache) {
    const check = (line: ApacheDirective, index: number, target: string): readonly RuleFinding[] => {
      const named = portOf(target)
      if (named === null) return []
      const section = virtualHostOf(configuration, line)?.directive ?? null
      const host = section === null ? null : hostIn(deployment, configuration, section)
      if (host === null) return []
      // Another port may well have TLS in front of it that nobody sees here.
      if (host.addresses.some(({ known, port }) => !known || port !== 80)) return []
      const isOwn = named.host.startsWith('%{') || host.names.includes(named.host.toLowerCase())
      if (!isOwn || (named.port !== '80' && named.port !== '%{SERVER_PORT}')) return []
      return [
        findingAt(apacheArgumentPlace(line, index), { target, port: 80, listen: host.addresses[0]?.at }),
      ]
    }
    for (const name of ['redirect', 'redirectmatch', 'redirectpermanent', 'redirecttemp'])
      for (const line of configuration.occurrences.get(name) ?? [])
        if (!/^if/i.test(line.parent?.name ?? ''))
          yield* check(line, line.args.length - 1, line.args.at(-1)?.value ?? '')
    for (const { directive, flags, output, conditions, htaccess } of placedRules(
      configuration,
      deployment.filesOf(configuration),
    ))
      if (!flags.has('P') && htaccess === null && !conditions.some(asksPort))
        yield* check(directive, 1, output)
  }
}

function asksPort({ directive }: { readonly directive: ApacheDirective }): boolean {
  return directive.args.some(({ value }) => /SERVER_PORT/i.test(value))
}

function findingAt(
  at: Place,
  {
    target,
    port,
    listen,
  }: { readonly target: string; readonly port: number; readonly listen: Place | undefined },
): RuleFinding {
  return {
    at,
    message: `\`${target}\` leads browsers with TLS to port ${port}, on which this server speaks plain HTTP`,
    label: `https on port ${port}`,
    related: listen === undefined ? [] : [{ at: listen, message: 'plain HTTP' }],
    help: 'Leave the port out, or name the one that listens with TLS',
  }
}

/** Host and port of a redirect to `https://`; null where no port is named. */
function portOf(target: string): { readonly host: string; readonly port: string } | null {
  const [, host, port] =
    /^https:\/\/([\w.-]+|\$\{?\w+\}?|%\{\w+\}):(\d+|\$\{?server_port\}?|%\{SERVER_PORT\})(?=[/$%?#]|$)/i.exec(
      target,
    ) ?? []
  if (host === undefined || port === undefined || isUnknownWord(host)) return null
  return { host, port: port.replace(/[{}]/g, found => (port.startsWith('%') ? found : '')) }
}
