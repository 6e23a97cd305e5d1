import { holdsPort } from '../../parsers/compose/holds-port.ts'
import { isBehindProxy } from '../../src/deployment/outer-proxies.ts'
import type { Deployment, NginxServer } from '../../src/deployment/model.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { directivesByServer } from '../../src/servers/nginx/queries/servers.ts'

const site = (lines: string, listen = 'listen 9443 ssl;'): string => conf`
  server {
      ${listen}
      server_name example.org;
      ssl_certificate /etc/ssl/example.org.pem;
      ssl_certificate_key /etc/ssl/example.org.key;
      ${lines}
      location / {
          proxy_pass http://127.0.0.1:3000;
      }
  }
`

export default defineRule({
  summary: 'Plain HTTP on a port of TLS is redirected to another port',
  severity: 'warning',
  otherSeverities: { info: 'for 8443 and its like, which something in front often takes on 443' },
  confidence: 'medium',
  since: '0.1.0',
  why: '`error_page 497` answers a client that speaks plain HTTP to a port of TLS. The `Host` that it sent has the port, and `$host` and `$server_name` have none: `https://$host…` leads to port 443, on which another site answers, or nothing.',
  remedy: 'Keep the port: `error_page 497 =301 https://$host:$server_port$request_uri;`',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_ssl_module.html#errors',
    'https://nginx.org/en/docs/http/ngx_http_core_module.html#var_host',
  ],
  unproven: 'The live tests have no client that speaks plain HTTP to a port of TLS',
  bad: [
    {
      title: 'the name without the port',
      files: { 'site.conf': site('error_page 497 =301 «https://$host$request_uri»;') },
    },
    {
      title: 'with the status of the error, for two addresses',
      files: {
        'site.conf': site(
          'error_page 497 «https://$server_name$request_uri»;',
          conf`
          listen 2083 ssl http2;
          listen [::]:2083 ssl http2;
        `,
        ),
      },
    },
    {
      title: 'a name that is written out, on a usual port',
      files: { 'site.conf': site('error_page 497 302 =307 «https://example.org/»;', 'listen 8443 ssl;') },
    },
    {
      title: 'in a container that publishes the port as it is',
      files: {
        'docker-compose.yml': conf`
          services:
            web:
              image: nginx:1.27
              ports: ["7443:7443"]
              volumes: ["./site.conf:/etc/nginx/conf.d/default.conf"]
        `,
        'site.conf': site('error_page 497 =301 «https://$host$request_uri»;', 'listen 7443 ssl;'),
      },
    },
  ],
  good: [
    {
      title: 'with the port, or what the client sent',
      files: {
        'site.conf': site('error_page 497 =301 https://$host:$server_port$request_uri;'),
        'other.conf': site('error_page 497 =301 https://$http_host$request_uri;', 'listen 9444 ssl;'),
        'third.conf': site('error_page 497 https://example.org:9445$request_uri;', 'listen 9445 ssl;'),
      },
    },
    {
      title: 'the usual port, also beside another one',
      files: {
        'site.conf': site(
          'error_page 497 =301 https://$host$request_uri;',
          conf`
          listen 443 ssl;
          listen 9443 ssl;
        `,
        ),
      },
    },
    {
      title: 'a server of the name on the usual port',
      files: {
        'site.conf': conf`
          ${site('', 'listen 443 ssl;')}
          ${site('error_page 497 =301 https://$host$request_uri;')}
        `,
      },
    },
    {
      title: 'a page, a location, and a port of plain HTTP',
      files: {
        'site.conf': site('error_page 497 /plain.html;'),
        'other.conf': site('error_page 497 =301 https://$host$request_uri;', 'listen 8080;'),
      },
    },
    {
      title: 'another site',
      files: { 'site.conf': site('error_page 497 =301 https://help.example.net/tls;') },
    },
    {
      title: 'in a container that publishes the usual port, or none',
      files: {
        'docker-compose.yml': conf`
          services:
            web:
              image: nginx:1.27
              ports: ["443:7443"]
              volumes: ["./site.conf:/etc/nginx/conf.d/default.conf"]
            other:
              image: nginx:1.27
              volumes: ["./other.conf:/etc/nginx/conf.d/default.conf"]
        `,
        'site.conf': site('error_page 497 =301 https://$host$request_uri;', 'listen 7443 ssl;'),
        'other.conf': site('error_page 497 =301 https://$host$request_uri;', 'listen 7444 ssl;'),
      },
    },
    {
      title: 'the address of a proxy in front',
      files: {
        'site.conf': site(
          'error_page 497 =301 https://$host$request_uri;',
          'listen 9443 ssl proxy_protocol;',
        ),
      },
    },
  ],
  *check(deployment) {
    for (const server of deployment.servers) {
      const { configuration, directive } = server
      if (!configuration.occurrences.has('error_page')) continue
      const port = onlyPortOfTls(deployment, server)
      if (port === null) continue
      for (const line of directivesByServer(configuration, 'error_page').get(directive) ?? []) {
        const target = line.args.at(-1)?.value ?? ''
        if (!line.args.slice(0, -1).some(({ value }) => value === '497')) continue
        const host = /^https:\/\/(\$\{?(?:host|server_name)\}?|[\w.-]+)(?=\/|\$|$)/.exec(target)?.[1]
        if (host === undefined) continue
        if (!host.startsWith('$') && !server.names.some(({ name }) => name === host)) continue
        yield {
          at: argumentPlace(line, line.args.length - 1),
          ...(OFTEN_BEHIND.has(port) && { severity: 'info' as const }),
          message: `plain HTTP to port ${port} is redirected to \`https://${host.startsWith('$') ? 'name' : host}/\`, port 443, and this server listens on ${port}`,
          label: 'without the port',
        }
      }
    }
  },
})

/** Ports that a balancer or a rule of the firewall often leads 443 to. */
const OFTEN_BEHIND: ReadonlySet<number> = new Set([1443, 4443, 8443, 10443])

/** The port of a server whose clients come by it, over TLS alone; null for 443 and for what leads there. */
function onlyPortOfTls(deployment: Deployment, server: NginxServer): number | null {
  const { listens, configuration, names } = server
  const [first] = listens
  const port = first?.port ?? null
  if (first === undefined || port === null || port === 443) return null
  if (!listens.every(listen => listen.tls && listen.port === port && listen.loopback !== true)) return null
  if (listens.some(listen => listen.proxyProtocol || isBehindProxy(deployment, server, listen))) return null
  const isOn443 = deployment.servers.some(
    other =>
      other !== server &&
      other.listens.some(listen => listen.port === 443) &&
      other.names.some(({ name }) => names.some(own => own.name === name)),
  )
  if (isOn443) return null
  const { container } = deployment.programOf(configuration).machine
  if (container === null) return port
  const published = container.service.ports.filter(
    ({ target }) => target.known && holdsPort(target.value, port),
  )
  const isAsIs = published.some(each => each.published?.known === true && each.published.value.first === port)
  return isAsIs && published.length === 1 ? port : null
}
