import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { readLocation } from '../../src/servers/nginx/queries/locations.ts'
import { everywhere } from '../../src/servers/apache/queries/htaccess.ts'
import { argumentPlace as apacheArgumentPlace } from '../../src/servers/apache/queries/places.ts'
import { djangoBehindNginx, djangoInApache } from '../django/_examples.ts'
import { outerTls, tlsInFront, tlsOfFront } from './_tls-in-front.ts'

const site = (listen: string, value: string): string => conf`
  server {
      listen ${listen};
      server_name example.org;
      ssl_certificate /etc/ssl/example.pem;
      ssl_certificate_key /etc/ssl/example.key;
      location / {
          proxy_pass http://127.0.0.1:9000;
          proxy_set_header Host $host;
          proxy_set_header X-Forwarded-Proto ${value};
      }
  }
`
const host = (port: string, lines: string): string => conf`
  <VirtualHost *:${port}>
      ServerName example.org
      ${lines}
      ProxyPass / http://127.0.0.1:9000/
      ProxyPassReverse / http://127.0.0.1:9000/
  </VirtualHost>
`

const behind = (traefik: string, value = '«$scheme»'): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      edge:
        image: traefik:v3.1
        ports: ["443:443"]
      web:
        image: nginx:1.27
        volumes:
          - ./site.conf:/etc/nginx/conf.d/default.conf:ro
        ${traefik}
      shop:
        image: example/shop
        command: gunicorn --bind 0.0.0.0:8000 shop.wsgi
  `,
  'site.conf': conf`
    server {
        listen 80;
        location / {
            proxy_pass http://shop:8000;
            proxy_set_header Host $host;
            proxy_set_header X-Forwarded-Proto ${value};
        }
    }
  `,
})
/** nginx of a container behind another one. */
const twoOfNginx = (listen: string, value: string, ports = ''): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      edge:
        image: nginx:1.27
        ports: ["80:80", "443:443"]
        volumes: ["./edge.conf:/etc/nginx/conf.d/default.conf:ro"]
      cache:
        image: nginx:1.27
        volumes: ["./cache.conf:/etc/nginx/conf.d/default.conf:ro"]
        ${ports}
      shop:
        image: example/shop
  `,
  'edge.conf': site(listen, '$scheme').replace('127.0.0.1:9000', 'cache'),
  'cache.conf': conf`
    server {
        listen 80;
        server_name example.org;
        location / {
            proxy_pass http://shop:8000;
            proxy_set_header Host $host;
            proxy_set_header X-Forwarded-Proto ${value};
        }
    }
  `,
})
const behindBalancer = (value: string, lines: string): string => conf`
  server {
      listen 80;
      server_name example.org;
      ${lines}
      location / {
          proxy_pass http://127.0.0.1:9000;
          proxy_set_header Host $host;
          proxy_set_header X-Forwarded-Proto ${value};
      }
  }
`
const REDIRECT = conf`
  if ($http_x_forwarded_proto = http) {
      return 301 https://$host$request_uri;
  }
`
const BALANCER = conf`
  set_real_ip_from 10.0.0.0/16;
  real_ip_header X-Forwarded-For;
`
const TRUST = conf`
  ALLOWED_HOSTS = ["example.org"]
  SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
`
const LABELS = conf`
  labels:
    - traefik.http.routers.web.rule=Host(\`example.org\`)
    - traefik.http.routers.web.tls.certresolver=le
`

export default defineRule({
  summary: 'A proxy sends the backend `http` for what comes by TLS',
  severity: 'warning',
  otherSeverities: { info: 'where a part of the site is proxied, which may have no need of it' },
  confidence: 'high',
  since: '0.1.0',
  why: 'The header is to say what the client used, and says `http` of every request. An application that redirects to `https` does so for ever, the addresses that it writes begin with `http://`, and its cookies lack `Secure`.',
  remedy:
    'Send `$scheme` where nginx terminates TLS itself, `https` from a virtual host of TLS, and leave the header alone behind a proxy that sets it',
  references: ['https://nginx.org/en/docs/http/ngx_http_core_module.html#var_scheme'],
  bad: [
    { title: 'the scheme of the last hop, behind Traefik', files: behind(LABELS) },
    {
      title: 'the scheme of the last hop, behind a balancer whose word redirects',
      files: { 'nginx.conf': behindBalancer('«$scheme»', REDIRECT) },
    },
    {
      title: 'the scheme of the last hop, behind a balancer that Django waits for',
      files: djangoInApache({
        settings: TRUST,
        site: BALANCER,
        headers: conf`
          proxy_set_header Host $host;
          proxy_set_header X-Forwarded-Proto «$scheme»;
        `,
      }),
    },
    {
      title: 'the same in front of gunicorn',
      files: djangoBehindNginx({
        settings: TRUST,
        site: BALANCER,
        headers: conf`
          proxy_set_header Host $host;
          proxy_set_header X-Forwarded-Proto «$scheme»;
        `,
      }),
    },
    {
      title: 'the same, behind nginx-proxy',
      files: behind(conf`
        environment:
          VIRTUAL_HOST: example.org
          LETSENCRYPT_HOST: example.org
      `),
    },
    { title: 'the scheme of the last hop, behind another nginx', files: twoOfNginx('443 ssl', '«$scheme»') },
    { title: 'a server of TLS', files: { 'nginx.conf': site('443 ssl', '«http»') } },
    {
      title: 'a virtual host of TLS',
      files: {
        'site.conf': host(
          '443',
          conf`
            SSLEngine on
            SSLCertificateFile /etc/ssl/example.pem
            RequestHeader set X-Forwarded-Proto «"http"»
          `,
        ),
      },
    },
  ],
  good: [
    {
      title: 'what the balancer sends',
      files: { 'nginx.conf': behindBalancer('$http_x_forwarded_proto', REDIRECT) },
    },
    {
      title: 'a server of plain HTTP that no proxy is seen in front of',
      files: { 'nginx.conf': behindBalancer('$scheme', '') },
    },
    {
      title: 'the addresses of a balancer, and nothing that reads the scheme',
      files: { 'nginx.conf': behindBalancer('$scheme', BALANCER) },
    },
    {
      title: 'a balancer that passes connections on',
      files: djangoBehindNginx({
        settings: TRUST,
        listen: '80 proxy_protocol',
        site: BALANCER.replace('X-Forwarded-For', 'proxy_protocol'),
        headers: 'proxy_set_header Host $host;\nproxy_set_header X-Forwarded-Proto $scheme;',
      }),
    },
    {
      title: 'a balancer beside a server of TLS',
      files: {
        'nginx.conf': behindBalancer('$scheme', REDIRECT) + site('443 ssl', '$scheme'),
      },
    },
    {
      title: 'what the nginx in front sends',
      files: twoOfNginx('443 ssl', '$http_x_forwarded_proto'),
    },
    { title: 'behind another nginx, of plain HTTP', files: twoOfNginx('80', '$scheme') },
    {
      title: 'behind another nginx, and clients come past it',
      files: twoOfNginx('443 ssl', '$scheme', 'ports: ["8080:80"]'),
    },
    { title: 'what Traefik sends', files: behind(LABELS, '$http_x_forwarded_proto') },
    {
      title: 'behind Traefik without TLS',
      files: behind('labels: ["traefik.http.routers.web.entrypoints=web"]', '$scheme'),
    },
    { title: 'a port that is published beside it', files: behind(`ports: ["80:80"]\n${LABELS}`, '$scheme') },
    { title: 'the scheme that nginx saw', files: { 'nginx.conf': site('443 ssl', '$scheme') } },
    { title: 'a server of plain HTTP', files: { 'nginx.conf': site('80', 'http') } },
    {
      title: 'virtual hosts that say what they are',
      files: {
        'site.conf': `${host('80', 'RequestHeader set X-Forwarded-Proto http')}${host(
          '443',
          conf`
            SSLEngine on
            SSLCertificateFile /etc/ssl/example.pem
            RequestHeader set X-Forwarded-Proto https
            RequestHeader set X-Forwarded-Proto http env=plain
          `,
        )}`,
      },
    },
  ],
  *check(deployment) {
    for (const { server, headers, pass } of deployment.connections.http) {
      const header = headers.written.findLast(({ name }) => name === 'x-forwarded-proto')
      if (header?.value.toLowerCase() !== 'http') continue
      const listen = server.listens.find(({ tls, quic }) => tls && !quic)
      if (listen === undefined) continue
      const at = argumentPlace(header.directive, 1)
      yield {
        at,
        per: 'locations',
        ...(!isWholeSite(pass.parent) && { severity: 'info' as const }),
        message: often => `nginx sends the backend \`http\`${often}, also for what comes by TLS`,
        label: 'not what the client used',
        related: [{ at: listen.at, message: 'TLS' }],
        ...propose('Send the scheme that nginx saw', 'unsafe', [replacePlace(at, '$scheme')]),
      }
    }
    for (const connection of deployment.connections.http) {
      const { server, headers, pass } = connection
      const header = headers.written.findLast(({ name }) => name === 'x-forwarded-proto')
      if (header?.value !== '$scheme' || server.tls) continue
      const front = tlsInFront(deployment, deployment.programOf(server.configuration).machine)
      const at = argumentPlace(header.directive, 1)
      const outer = front === null ? outerTls(deployment, connection) : null
      if (outer !== null)
        yield {
          at,
          per: 'locations',
          ...(!isWholeSite(pass.parent) && { severity: 'info' as const }),
          message: often =>
            `nginx gets plain HTTP from a proxy in front, so \`$scheme\` is \`http\`${often}, and replaces what that proxy says of clients by TLS`,
          label: 'the scheme of the last hop',
          related: outer,
          help: 'Leave the line out, so that nginx passes on what the proxy in front sends',
        }
      const inner = front === null && outer === null ? tlsOfFront(deployment, server) : null
      if (inner !== null)
        yield {
          at,
          per: 'locations',
          ...(!isWholeSite(pass.parent) && { severity: 'info' as const }),
          message: often =>
            `${inner.server} in front terminates TLS, so \`$scheme\` is \`http\`${often}, and replaces the \`https\` that it sends`,
          label: 'the scheme of the last hop',
          related: [
            { at: inner.tlsAt ?? inner.at, message: 'TLS ends there' },
            { at: inner.at, message: 'proxies here' },
          ],
          help: 'Leave the line out, or send `$http_x_forwarded_proto`: what the server in front says',
        }
      if (front === null) continue
      yield {
        at,
        per: 'locations',
        ...(!isWholeSite(pass.parent) && { severity: 'info' as const }),
        message: often =>
          `${front.proxy} terminates TLS in front, so \`$scheme\` is \`http\`${often} for what comes by TLS`,
        label: 'the scheme of the last hop',
        related: [{ at: front.at, message: 'TLS ends there' }],
        help: `Leave the line out, so that nginx passes on what ${front.proxy} sends`,
      }
    }
    for (const configuration of deployment.apache) {
      for (const line of everywhere(configuration, deployment.filesOf(configuration), 'requestheader')) {
        const [action, name, value] = line.args.map(word => word.value.toLowerCase())
        if (line.args.length !== 3 || action !== 'set' || name !== 'x-forwarded-proto' || value !== 'http')
          continue
        if (line.parent?.name !== 'VirtualHost') continue
        const engine = line.parent.children.findLast(child => child.name === 'SSLEngine')
        if (engine?.args[0]?.value.toLowerCase() !== 'on') continue
        yield {
          at: apacheArgumentPlace(line, 2),
          message: 'Apache sends the backend `http`, and the virtual host speaks TLS',
          label: 'not what the client used',
          related: [{ at: apacheArgumentPlace(engine, 0), message: 'TLS' }],
        }
      }
    }
  },
})

/** True where every path that no other location takes is proxied. */
function isWholeSite(section: NginxDirective | null): boolean {
  return section === null || section.name !== 'location' || readLocation(section).name === '/'
}
