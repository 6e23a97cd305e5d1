import { groupBy } from '../../parsers/collections/group-by.ts'
import type { Source } from '../../parsers/text/source.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import { isLoopback, parseHost } from '../../src/servers/address.ts'
import { type ServerPod, serverPods } from '../../src/deployment/kubernetes/server-pods.ts'
import type { NginxServer } from '../../src/deployment/model.ts'
import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { apacheMain } from '../_examples.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { childrenNamed } from '../../src/servers/nginx/queries/scope.ts'
import { frontOf, type Outside, redirectIn, showsPort } from '../_inner-port.ts'
import { manifests } from './_kubernetes-examples.ts'
import { hasLabels, portOf } from './_labels.ts'
import { pagesBelow, portlessRedirect } from './_portless-redirects.ts'

const site = (lines: string, listen = '«8080»'): string => conf`
  server {
      listen ${listen};
      server_name _;
      root /usr/share/nginx/html;
      ${lines}
  }
`
const compose = (ports: string): string => conf`
  services:
    web:
      image: nginxinc/nginx-unprivileged
      ports:
        - "${ports}"
      volumes:
        - ./site.conf:/etc/nginx/conf.d/default.conf:ro
`
/** The stock image, with the pages of the repository. */
const published = (ports: string): string => conf`
  services:
    web:
      image: nginx:1.27
      ports:
        - "${ports}"
      volumes:
        - ./site.conf:/etc/nginx/conf.d/default.conf:ro
        - ./public:/usr/share/nginx/html:ro
`
const TRY = conf`
  location / {
      try_files $uri $uri/ =404;
  }
`

const service = (port: string): string => conf`
  ---
  apiVersion: v1
  kind: Service
  metadata:
    name: web
  spec:
    selector: { app: web }
    ports:
      - port: ${port}
        targetPort: 8080
`
const behind = (header: string, listen: string): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      front:
        image: nginx:1.27
        ports: ["80:80"]
        volumes: ["./front.conf:/etc/nginx/conf.d/default.conf:ro"]
      web:
        image: nginxinc/nginx-unprivileged:1.27
        volumes: ["./site.conf:/etc/nginx/conf.d/default.conf:ro"]
  `,
  'front.conf': conf`
    server {
        listen 80;
        server_name docs.example.org;
        location / {
            proxy_pass http://web:8080;
            ${header}
        }
    }
  `,
  'site.conf': site(TRY, listen),
})
const behindApache = (lines: string, listen: string): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      Listen 80
      <VirtualHost *:80>
          ServerName docs.example.org
          ProxyPass / http://127.0.0.1:8080/
          ProxyPassReverse / http://127.0.0.1:8080/
          ${lines}
      </VirtualHost>
    `,
    ['proxy', 'proxy_http'],
  ),
  'docker-compose.yml': conf`
    services:
      docs:
        image: nginxinc/nginx-unprivileged:1.27
        ports: ["127.0.0.1:8080:8080"]
        volumes: ["./site.conf:/etc/nginx/conf.d/default.conf:ro"]
  `,
  'site.conf': site(TRY, listen),
})

export default defineRule({
  summary: 'Redirects of nginx name the port of its container',
  severity: 'warning',
  otherSeverities: {
    info: 'where nginx listens on the port of the scheme, which it leaves out, and clients come by another',
  },
  confidence: 'high',
  since: '0.1.0',
  why: 'nginx writes the port that it listens on into its own redirects, such as the one from a directory without a slash. Outside of the container this port is another one, or none at all: the browser is sent to an address where nothing answers. The port of the scheme it leaves out: published as `8080:80`, a directory without its slash leads from `example.org:8080` to `example.org`.',
  remedy: 'Write `absolute_redirect off`, so that the browser keeps the address it used',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_core_module.html#absolute_redirect',
    'https://nginx.org/en/docs/http/ngx_http_core_module.html#port_in_redirect',
  ],
  bad: [
    { title: 'a directory', files: { 'docker-compose.yml': compose('80:8080'), 'site.conf': site(TRY) } },
    {
      title: 'a rewrite',
      files: {
        'docker-compose.yml': compose('127.0.0.1:8001:8080'),
        'site.conf': site('rewrite ^(.+)/$ $1 permanent;'),
      },
    },
    {
      title: 'a Service of Kubernetes',
      files: manifests({ nginx: site(TRY), image: 'nginxinc/nginx-unprivileged:1.27', more: service('80') }),
    },
    {
      title: 'another nginx in front',
      files: behind('proxy_set_header Host $host;', '«8080»'),
    },
    {
      title: 'Apache of the host in front, which passes the name on',
      files: behindApache('ProxyPreserveHost On', '«8080»'),
    },
    {
      title: 'a directory of the image',
      files: {
        'docker-compose.yml': compose('80:8080').replace(
          'volumes:',
          'volumes:\n      - ./public:/usr/share/nginx/html:ro',
        ),
        'site.conf': site(''),
        'public/index.html': '<p>docs</p>\n',
        'public/guide/index.html': '<p>guide</p>\n',
      },
    },
    {
      title: 'the port of the scheme, published at another',
      files: {
        'docker-compose.yml': published('8080:80'),
        'site.conf': site(TRY, '«80»'),
        'public/guide/index.html': '<p>guide</p>\n',
      },
    },
    {
      title: 'a path without the slash of a directory, published at another port',
      files: {
        'docker-compose.yml': published('8080:80'),
        'site.conf': site('location = / {\n    return 301 /guide/;\n}', '«80»'),
      },
    },
  ],
  good: [
    {
      title: 'the port of the scheme, published at the loopback for a proxy',
      files: {
        'docker-compose.yml': published('127.0.0.1:8080:80'),
        'site.conf': site(TRY, '80'),
        'public/guide/index.html': '<p>guide</p>\n',
      },
    },
    {
      title: 'the port of the scheme, published as itself, too',
      files: {
        'docker-compose.yml': published('80:80').replace('"80:80"', '"80:80"\n      - "8080:80"'),
        'site.conf': site(TRY, '80'),
        'public/guide/index.html': '<p>guide</p>\n',
      },
    },
    {
      title: 'a proxy beside it',
      files: {
        'docker-compose.yml': conf`
          ${published('8080:80')}
            front:
              image: caddy:2
              ports: ["80:80", "443:443"]
        `,
        'site.conf': site(TRY, '80'),
        'public/guide/index.html': '<p>guide</p>\n',
      },
    },
    {
      title: 'relative redirects, published at another port',
      files: {
        'docker-compose.yml': published('8080:80'),
        'site.conf': site(`absolute_redirect off;\n${TRY}`, '80'),
        'public/guide/index.html': '<p>guide</p>\n',
      },
    },
    {
      title: 'no directory that has a page',
      files: {
        'docker-compose.yml': published('8080:80'),
        'site.conf': site(TRY, '80'),
        'public/index.html': '<p>shop</p>\n',
      },
    },
    {
      title: 'a Service of the same port',
      files: manifests({ nginx: site(TRY, '8080'), more: service('8080') }),
    },
    {
      title: 'another nginx in front, which passes its own name on, and takes it out of redirects',
      files: behind('', '8080'),
    },
    {
      title: 'Apache in front, which asks for its own name, and takes it out of redirects',
      files: behindApache('', '8080'),
    },
    {
      title: 'Apache in front, which takes the public name with the port out of redirects',
      files: behindApache(
        conf`
          ProxyPreserveHost On
          ProxyPassReverse / http://docs.example.org:8080/
        `,
        '8080',
      ),
    },
    {
      title: 'relative redirects',
      files: {
        'docker-compose.yml': compose('80:8080'),
        'site.conf': site(`absolute_redirect off;\n${TRY}`, '8080'),
      },
    },
    {
      title: 'redirects without a port',
      files: {
        'docker-compose.yml': compose('80:8080'),
        'site.conf': site(`port_in_redirect off;\n${TRY}`, '8080'),
      },
    },
    {
      title: 'one port inside and outside',
      files: { 'docker-compose.yml': compose('8080:8080'), 'site.conf': site(TRY, '8080') },
    },
    {
      title: 'a page in the browser, below which there are scripts and pictures',
      files: {
        'docker-compose.yml': compose('80:8080'),
        'site.conf': site('location / {\n    try_files $uri $uri/ /index.html;\n}', '8080'),
      },
    },
    {
      title: 'nothing that redirects',
      files: {
        'docker-compose.yml': compose('80:8080'),
        'site.conf': site('location / {\n    try_files $uri /index.html;\n}', '8080'),
      },
    },
  ],
  *check(deployment) {
    const pods = groupBy(serverPods(deployment), ({ program }) => program)
    for (const server of deployment.servers) {
      const program = deployment.programOf(server.configuration)
      const ownPods = pods.get(program) ?? []
      const { container } = program.machine
      if (container === null && ownPods.length === 0) continue
      const redirect = redirectIn(server.directive) ?? directoryRedirect(program.machine.files, server)
      if (redirect === null) continue
      yield* portlessRedirect(deployment, server, redirect)
      if (!showsPort(server, redirect)) continue
      for (const { port, tls, directive } of server.listens) {
        if (port === null || directive === null || port === (tls ? 443 : 80)) continue
        const outside =
          publishedAt(container, port) ??
          serviceAt(ownPods, server.directive.source, port) ??
          (isOpen(container, port) ? null : frontOf(deployment, server, port))
        if (outside === null) continue
        yield {
          at: argumentPlace(directive, 0),
          message: `redirects of nginx name port ${port}, and clients come by port ${outside.port}`,
          label: 'the port of the container',
          related: [
            { at: namePlace(redirect), message: 'this redirects' },
            { at: outside.at, message: outside.said },
          ],
          help: 'Write `absolute_redirect off`',
        }
      }
    }
  },
})

function publishedAt(container: Container | null, port: number): Outside | null {
  const ports = (container?.service.ports ?? []).flatMap(({ target, published, at }) =>
    target.known && published?.known === true && target.value.first === port
      ? [{ port: published.value.first, at, said: 'published here' }]
      : [],
  )
  const [first] = ports
  return first === undefined || ports.some(each => each.port === port) ? null : first
}

/** True where clients come by the port of the container, too. */
function isOpen(container: Container | null, port: number): boolean {
  return (container?.service.ports ?? []).some(
    ({ hostIp, published, target }) =>
      (hostIp === null || !hostIp.known || isLoopback(parseHost(hostIp.value)) !== true) &&
      published?.known === true &&
      published.value.first === port &&
      target.known &&
      target.value.first === port,
  )
}

/** A Service that leads to a pod of this server. */
function serviceAt(pods: readonly ServerPod[], source: Source, port: number): Outside | null {
  for (const { cluster, workload, container, sources } of pods) {
    if (!sources.has(source)) continue
    const ports = cluster.services
      .filter(({ selector }) => selector.size > 0 && hasLabels(workload.labels, selector))
      .flatMap(service => service.ports)
      .filter(({ target }) => portOf(container, target) === port)
    const [first] = ports
    if (first !== undefined && ports.every(each => each.port !== port))
      return { port: first.port, at: first.at, said: 'clients come by this Service' }
  }
  return null
}

/** The `root` of a server that has a directory with a start page below it, to which nginx adds the slash. */
function directoryRedirect(files: FileSystem, { directive }: NginxServer): NginxDirective | null {
  const locations = childrenNamed(directive, 'location')
  const whole = locations.find(each => each.args.length === 1 && each.args[0]?.value === '/')
  const own = childrenNamed(directive, 'root').at(-1)
  const root = (whole === undefined ? undefined : childrenNamed(whole, 'root').at(-1)) ?? own
  const asks = whole ?? directive
  if (
    root === undefined ||
    asks.children.some(({ name }) => /^(?:try_files|return|rewrite|\w+_pass)$/.test(name))
  )
    return null
  const path = root.args[0]?.value ?? ''
  return path.startsWith('/') && pagesBelow(files, path) ? root : null
}
