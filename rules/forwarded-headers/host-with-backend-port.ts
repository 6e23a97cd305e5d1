import { holdsPort } from '../../parsers/compose/holds-port.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { toldTexts } from '../../src/deployment/setups/told-texts.ts'
import type { Deployment, NginxConnection, SentHeader } from '../../src/deployment/model.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { apacheMain, nginxMain } from '../_examples.ts'

const nginx = (host: string, lines = ''): string =>
  nginxMain(conf`
    server {
        listen 80;
        ${lines}
        server_name example.org;
        location / {
            proxy_pass http://127.0.0.1:9000;
            proxy_set_header Host ${host};
        }
    }
  `)
const APACHE = {
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      Listen 127.0.0.1:9000
      <VirtualHost 127.0.0.1:9000>
          ServerName example.org
          DocumentRoot /srv/www
      </VirtualHost>
    `,
    ['dir'],
  ),
}

export default defineRule({
  summary: 'The backend is told its own port for that of the site',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'Apache, Django and PHP make whole URLs of `Host`: the redirect to the slash of a directory, to the page to log in, links in mails. With the port of the backend in it they lead clients to a port that only nginx can reach.',
  remedy: 'Send the host as clients write it: `proxy_set_header Host $http_host;`, or `$host`',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_set_header',
    'https://httpd.apache.org/docs/2.4/mod/core.html#usecanonicalname',
  ],
  bad: [
    {
      title: 'the port is written',
      files: { 'etc/nginx/nginx.conf': nginx('«$host:9000»'), ...APACHE },
    },
    {
      title: 'nginx fills it in',
      files: { 'etc/nginx/nginx.conf': nginx('«$host:$proxy_port»'), ...APACHE },
    },
  ],
  good: [
    { title: 'the name alone', files: { 'etc/nginx/nginx.conf': nginx('$host'), ...APACHE } },
    {
      title: 'clients come by this port too',
      files: { 'etc/nginx/nginx.conf': nginx('$host:9000', 'listen 192.0.2.1:9000;'), ...APACHE },
    },
    {
      title: 'the port by which clients reach a container',
      files: {
        'docker-compose.yml': conf`
          services:
            web:
              image: nginx:1.27
              ports: ["9000:80"]
              volumes: ["./nginx.conf:/etc/nginx/nginx.conf:ro"]
            app:
              image: httpd:2.4
        `,
        'nginx.conf': nginx('$host:9000').replace('127.0.0.1', 'app'),
      },
    },
    {
      title: 'a port that a script opens to clients',
      files: {
        'etc/nginx/nginx.conf': nginx('$host:9000'),
        ...APACHE,
        'setup.sh': conf`
          apt-get install -y nginx apache2
          ufw allow http
          ufw allow 9000/tcp
        `,
      },
    },
    {
      title: 'a port at which the README has people ask the program itself',
      files: {
        'etc/nginx/nginx.conf': nginx('$host:9000'),
        ...APACHE,
        'README.md': 'Open https://example.org or, without nginx, http://SERVER-IP:9000/.\n',
      },
    },
    {
      title: 'the name that another server goes by',
      files: { 'etc/nginx/nginx.conf': nginx('inner.example.net:9000'), ...APACHE },
    },
    {
      title: 'the address of the backend is the name that it goes by',
      files: { 'etc/nginx/nginx.conf': nginx('$proxy_host'), ...APACHE },
    },
  ],
  *check(deployment) {
    for (const connection of deployment.connections.http) {
      const header = connection.headers.written.findLast(({ name }) => name === 'host')
      const port = header === undefined ? null : portIn(header, connection)
      if (header === undefined || port === null || isOuter(deployment, connection, port)) continue
      const at = argumentPlace(header.directive, 1)
      yield {
        at,
        per: 'locations',
        message: often =>
          `\`Host\` names port ${port}${often}, on which the backend listens and no client comes, so its redirects and links lead there`,
        related: [{ at: argumentPlace(connection.pass, 0), message: 'the port of the backend' }],
        ...propose('Send the name alone', 'unsafe', [replacePlace(at, '$host')]),
      }
    }
  },
})

/** The port behind the name of the site, where it is the backend's. */
function portIn({ value, state }: SentHeader, { server, targets }: NginxConnection): number | null {
  const [, name = '', written = ''] = /^([^:\s]+):(\d{1,5}|\$\{?proxy_port\}?)$/.exec(value) ?? []
  const isSite = /^\$\{?(?:host|server_name|http_host)\}?$/.test(name)
  if (state !== 'set' || !(isSite || server.names.some(each => each.exact && each.name === name))) return null
  const [port, ...others] = new Set(targets.map(target => target.port))
  if (port == null || others.length > 0) return null
  return written.startsWith('$') || Number(written) === port ? port : null
}

/** True for a port that a script opens to the outside, or by which a README sends people to the program itself. */
function isTold(deployment: Deployment, port: number): boolean {
  const opens = new RegExp(
    String.raw`\bufw\b.*\b${port}\b|--add-port[= ]${port}\b|--dport[= ]${port}\b|\bhttps?://(?!localhost\b|127\.)[^\s/:]+:${port}\b`,
  )
  return toldTexts(deployment).some(({ text }) => opens.test(text))
}

/** True for a port by which clients come, or may. */
function isOuter(deployment: Deployment, { server }: NginxConnection, port: number): boolean {
  const { container } = deployment.programOf(server.configuration).machine
  if (isTold(deployment, port)) return true
  if (container !== null) {
    const isPublished = container.service.ports.some(({ published }) =>
      published?.known === true ? holdsPort(published.value, port) : true,
    )
    if (isPublished) return true
  }
  const { listens } = server
  return (
    listens.length === 0 ||
    listens.every(({ loopback }) => loopback !== false) ||
    listens.some(each => each.port === null || each.port === port)
  )
}
