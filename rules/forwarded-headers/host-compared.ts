import { frontLine } from '../../src/deployment/front-lines.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import type { Connection, Machine, Target } from '../../src/deployment/model.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { sourceAt } from '../../src/files/file-system.ts'
import { appBehind } from '../containers/_examples.ts'
import { apacheMain, nginxMain } from '../_examples.ts'
import { containerVariables } from '../containers/_container-variables.ts'
import { type Comparing, hostNotSent } from './_host-not-sent.ts'

const tree = (service: string, target: string, lines: string, mark = true): Record<string, string> =>
  appBehind(
    service,
    conf`
    server {
        listen 80;
        server_name app.example.org;
        ${mark ? '«location»' : 'location'} / {
            proxy_pass http://app:${target};
            ${lines}
        }
    }
  `,
  )
const MINIO = 'image: minio/minio:latest\ncommand: server /data'
const GRAFANA = 'image: grafana/grafana:11.0.0'
const HOST = 'proxy_set_header Host $http_host;'
const grafanaOnMachine = (location: string, lines: string): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(conf`
    server {
        listen 80;
        server_name grafana.example.org;
        ${location} / {
            proxy_pass http://127.0.0.1:3000;
            ${lines}
        }
    }
  `),
  'etc/grafana/grafana.ini': conf`
    [server]
    domain = grafana.example.org
    root_url = https://grafana.example.org/
  `,
})

const grafanaBehindApache = (lines: string): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      Listen 80
      <VirtualHost *:80>
          ServerName grafana.example.org
          ${lines}
      </VirtualHost>
    `,
    ['headers', 'proxy', 'proxy_http'],
  ),
  'etc/grafana/grafana.ini': grafanaOnMachine('location', '')['etc/grafana/grafana.ini']!,
})

export default defineRule({
  summary: 'A program compares the name in its requests with `Host`, and the proxy sends that of its backend',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'Clients of MinIO sign the name that they ask for: where nginx sends `minio:9000` in its place, or Apache `127.0.0.1:9000`, the answer is `SignatureDoesNotMatch`. Grafana and Jupyter compare the `Origin` of the browser with `Host`, and refuse what is sent to them: `origin not allowed`, `Blocking Cross Origin API request`.',
  remedy: 'Write `proxy_set_header Host $http_host;`, in Apache `ProxyPreserveHost On`',
  references: [
    'https://min.io/docs/minio/linux/integrations/setup-nginx-proxy-with-minio.html',
    'https://grafana.com/tutorials/run-grafana-behind-a-proxy/',
    'https://httpd.apache.org/docs/2.4/mod/mod_proxy.html#proxypreservehost',
    'https://jupyterhub.readthedocs.io/en/stable/howto/configuration/config-proxy.html',
  ],
  unproven: 'The live tests start no containers, and install none of these programs',
  bad: [
    {
      title: 'Grafana behind Apache',
      files: grafanaBehindApache('«ProxyPass» / http://127.0.0.1:3000/'),
    },
    { title: 'MinIO', files: tree(MINIO, '9000', 'proxy_set_header X-Real-IP $remote_addr;') },
    { title: 'Grafana in a container', files: tree(GRAFANA, '3000', '') },
    { title: 'Grafana on the machine', files: grafanaOnMachine('«location»', 'proxy_http_version 1.1;') },
  ],
  good: [
    {
      title: 'Grafana that gets the name from Apache',
      files: grafanaBehindApache(conf`
        ProxyPreserveHost On
        ProxyPass / http://127.0.0.1:3000/
      `),
    },
    {
      title: 'Grafana whose name Apache writes out',
      files: grafanaBehindApache(conf`
        RequestHeader set Host grafana.example.org
        ProxyPass / http://127.0.0.1:3000/
      `),
    },
    {
      title: 'a section of Apache that keeps the name',
      files: grafanaBehindApache(conf`
        <Location />
            ProxyPreserveHost On
            ProxyPass http://127.0.0.1:3000/
        </Location>
      `),
    },
    { title: 'MinIO that gets the name', files: tree(MINIO, '9000', HOST, false) },
    {
      title: 'files of a bucket, which nobody signs for',
      files: {
        ...tree(MINIO, '9000', '', false),
        'site.conf': conf`
          server {
              listen 80;
              server_name app.example.org;
              location /media/ {
                  proxy_pass http://app:9000/media/;
              }
              location / {
                  try_files $uri @bucket;
              }
              location @bucket {
                  proxy_pass http://app:9000;
              }
          }
        `,
      },
    },
    { title: 'the console of MinIO', files: tree(MINIO, '9001', '', false) },
    {
      title: 'Grafana that trusts the origin',
      files: tree(
        conf`
          ${GRAFANA}
          environment:
            GF_SECURITY_CSRF_TRUSTED_ORIGINS: app.example.org
        `,
        '3000',
        '',
        false,
      ),
    },
    { title: 'Grafana that gets the name', files: grafanaOnMachine('location', HOST) },
    { title: 'another program', files: tree('image: example/shop', '3000', '', false) },
  ],
  *check({ connections, machines }) {
    if (!machines.some(mayHaveOne)) return
    for (const connection of [...connections.http, ...connections.apache]) {
      if ('server' in connection) {
        const { headers, block, reachable } = connection
        if (reachable === false || headers.open || block.name !== 'location') continue
      }
      for (const target of connection.targets) {
        const program = comparing(connection, target)
        if (program === null || (program.name === 'MinIO' && !isSignedFor(connection))) continue
        const finding = hostNotSent(connection, program)
        if (finding !== null) yield finding
      }
    }
  },
})

/** True where the whole of the interface is passed on by a name that clients do not know: files of a bucket need no signature. */
function isSignedFor(connection: Connection): boolean {
  const { paths, server } = frontLine(connection)
  const [, host = '', uri = ''] = /^https?:\/\/([^/:]+)(?::\d+)?(.*)$/s.exec(connection.written) ?? []
  // Who signs knows perhaps the very name that is sent.
  return paths?.taken === '/' && (server === 'Apache' ? uri === '/' : uri === '') && !/\.[a-z]/i.test(host)
}

const MINIO_IMAGES = /^(?:quay\.io\/)?minio\/minio$|^bitnami\/minio$/
const GRAFANA_IMAGES = /^grafana\/grafana(?:-oss|-enterprise)?$/
const JUPYTER_IMAGES = /^(?:quay\.io\/)?jupyter\/[\w-]+$/
const INI = '/etc/grafana/grafana.ini'

function mayHaveOne({ container, files }: Machine): boolean {
  if (container === null) return files.kind(INI) === 'file'
  return [MINIO_IMAGES, GRAFANA_IMAGES, JUPYTER_IMAGES].some(images => images.test(container.base ?? ''))
}

/** The program of that kind that answers at a target; null where none is known to, or where it is told to trust it. */
function comparing(
  { from }: Pick<Connection, 'from'>,
  { machine, port, local, to }: Target,
): Comparing | null {
  const container = machine?.container ?? null
  if (container !== null) return inContainer(container, port)
  const source = local === true && to.kind !== 'listener' ? sourceAt(from.machine.files, INI) : null
  if (source === null || from.machine.container !== null) return null
  const own = /^[ \t]*http_port[ \t]*=[ \t]*(\d+)/m.exec(source.code)?.[1] ?? '3000'
  if (Number(own) !== port || /^[ \t]*csrf_trusted_origins[ \t]*=[ \t]*\S/m.test(source.code)) return null
  return {
    name: 'Grafana',
    said: 'origin not allowed',
    at: { source, start: 0, end: firstLine(source.text) },
  }
}

function firstLine(text: string): number {
  const end = text.search(/\r?\n|$/)
  return Math.max(end, 1)
}

function inContainer(container: Container, port: number | null): Comparing | null {
  const { base, service } = container
  if (base === null || service.build !== null) return null
  const at = service.image?.at ?? service.at
  if (MINIO_IMAGES.test(base) && port === 9000) return { name: 'MinIO', said: 'SignatureDoesNotMatch', at }
  if (GRAFANA_IMAGES.test(base)) {
    const isTold = containerVariables(container).some(({ name }) =>
      /CSRF_TRUSTED_ORIGINS|CSRF_ADDITIONAL/.test(name),
    )
    return isTold || container.mounts.some(({ target }) => target.startsWith('/etc/grafana'))
      ? null
      : { name: 'Grafana', said: 'origin not allowed', at }
  }
  if (!JUPYTER_IMAGES.test(base)) return null
  const words = service.command?.words.map(({ text }) => text) ?? []
  return words.some(text => /allow_(?:origin|remote_access)/.test(text))
    ? null
    : { name: 'Jupyter', said: 'Blocking Cross Origin API request', at }
}
