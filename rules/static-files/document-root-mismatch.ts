import { posix } from 'node:path'
import { certainHosts } from '../../src/deployment/hosts-of-connection.ts'
import type { ApacheHost, Deployment, NginxServer } from '../../src/deployment/model.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { askHost } from '../../src/deployment/requests/ask-host.ts'
import { askServer } from '../../src/deployment/requests/ask-server.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import { documentRoot } from '../../src/servers/apache/requests/document-root.ts'
import { directivesByServer } from '../../src/servers/nginx/queries/servers.ts'
import { type FileBase, fileBase } from '../../src/servers/nginx/queries/static-content.ts'
import { fromBytes } from '../../src/servers/regex.ts'
import { apacheMain, nginxMain } from '../_examples.ts'

const nginx = (lines: string): string =>
  nginxMain(conf`
    server {
        listen 80;
        server_name example.org;
        location ~* \.(?:css|js|png|jpe?g|gif|ico)$ {
            ${lines}
        }
        location / {
            proxy_pass http://127.0.0.1:9000;
            proxy_set_header Host $host;
        }
    }
  `)
const APACHE = {
  'etc/apache2/apache2.conf': apacheMain(conf`
    Listen 127.0.0.1:9000
    <VirtualHost 127.0.0.1:9000>
        ServerName example.org
        DocumentRoot /srv/www/shop
        <Directory /srv/www/shop>
            Require all granted
        </Directory>
    </VirtualHost>
  `),
}
const STYLE = { 'srv/www/shop/css/shop.css': 'body {}\n', 'srv/www/index.html': 'Hello\n' }

export default defineRule({
  summary: 'nginx looks for the files of a site elsewhere than Apache has them',
  severity: 'error',
  otherSeverities: { warning: 'where the files of the site are not at hand' },
  confidence: 'high',
  since: '0.1.0',
  why: 'A location for images and style sheets spares Apache those requests, and answers 404 to all of them where its `root` is another directory than the `DocumentRoot` of the site: the pages come without style and pictures.',
  remedy:
    'Write the `DocumentRoot` of the site into `root`, or let what is not there go on to Apache (`try_files $uri @apache`)',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_core_module.html#root',
    'https://httpd.apache.org/docs/2.4/mod/core.html#documentroot',
  ],
  bad: [
    {
      title: 'the directory above',
      files: { 'etc/nginx/nginx.conf': nginx('root «/srv/www»;'), ...APACHE, ...STYLE },
    },
    {
      title: 'the directory of the start page of nginx, and the site is not at hand',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          root «/var/www/html»;
          expires 30d;
        `),
        ...APACHE,
      },
    },
  ],
  good: [
    {
      title: 'the same directory',
      files: { 'etc/nginx/nginx.conf': nginx('root /srv/www/shop;'), ...APACHE, ...STYLE },
    },
    {
      title: 'what is not there goes to Apache',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          root /srv/www;
          try_files $uri @apache;
        `).replace(
          'location / {',
          'location @apache {\n            proxy_pass http://127.0.0.1:9000;\n        }\n        location / {',
        ),
        ...APACHE,
        ...STYLE,
      },
    },
    {
      title: 'a copy of the files',
      files: {
        'etc/nginx/nginx.conf': nginx('root /srv/www/copy;'),
        ...APACHE,
        ...STYLE,
        'srv/www/copy/css/shop.css': 'body {}\n',
      },
    },
    {
      title: 'another directory, of which nobody knows what it holds',
      files: { 'etc/nginx/nginx.conf': nginx('root /srv/static;'), ...APACHE },
    },
  ],
  *check(deployment) {
    const looked = new Set<NginxServer>()
    for (const connection of deployment.connections.http) {
      const { server } = connection
      if (looked.has(server) || !directivesByServer(server.configuration, 'root').has(server.directive))
        continue
      looked.add(server)
      const [host] = certainHosts(deployment, connection)
      if (host === undefined) continue
      const found = missedFile(deployment, server, host)
      if (found === null) continue
      const { url, base, root, isSeen } = found
      yield {
        at: argumentPlace(base.directive, 0),
        severity: isSeen ? 'error' : 'warning',
        confidence: isSeen ? 'high' : 'medium',
        message: `nginx looks for \`${url}\` in \`${base.path}\`, and Apache has the files of the site in \`${root.path}\``,
        label: 'another directory',
        related: [
          ...(root.at === null ? [] : [{ at: root.at, message: 'Apache’s' }]),
          { at: argumentPlace(connection.pass, 0), message: 'the rest of the site goes to Apache' },
        ],
      }
    }
  },
})

/** Where packages put the start page of a server, and nobody the files of a site. */
const STOCK = /^(?:\/var\/www\/html|\/usr\/share\/nginx\/html|\/var\/www)\/?$/
/** What is asked for where the files are not at hand. */
const USUAL = ['/css/style.css', '/images/logo.png']

/** A file of Apache's site for which nginx looks in vain. */
function missedFile(deployment: Deployment, server: NginxServer, host: ApacheHost) {
  const { configuration, virtualHost } = host
  const root = documentRoot({ configuration, host: virtualHost })
  if (!root.known) return null
  const path = fromBytes(root.value)
  const files = deployment.filesOf(configuration)
  const isSeen = files.kind(path) === 'directory'
  for (const url of isSeen ? assetsBelow(files, path) : USUAL) {
    const answer = askServer(deployment, server, url, { assume: () => null })
    if (answer?.end.kind !== 'response' || answer.end.status !== 404) continue
    const location = answer.steps.findLast(({ kind }) => kind === 'location')?.directive
    const base = location == null ? null : fileBase(server.configuration, location)
    if (base?.known !== true || base.value.path.includes('$')) continue
    const own = deployment.filesOf(server.configuration)
    // What is mounted into the container of nginx nobody knows.
    if (!isSeen && own !== files) continue
    if (!isElsewhere(own, base.value, path, isSeen)) continue
    const { end } = askHost(deployment, { configuration, host: virtualHost }, url)
    if (end.kind !== 'file' || end.status !== 200 || (isSeen && end.exists !== true)) continue
    return { url, base: base.value, root: { path, at: root.at }, isSeen }
  }
  return null
}

/** True for a directory of the audit, in which the file is not; else for one that holds no site. */
function isElsewhere(files: FileSystem, { path, kind }: FileBase, root: string, isSeen: boolean): boolean {
  if (kind !== 'root' || posix.normalize(`${path}/`) === posix.normalize(`${root}/`)) return false
  return isSeen && files.kind(path) === 'directory' ? true : STOCK.test(path)
}

/** Directories and files of a site that are looked at. */
const MOST_DIRECTORIES = 6
const MOST_ASSETS = 3
const ASSET = /\.(?:css|js|png|jpe?g|gif|svg|ico|woff2?)$/

/** The URLs of some style sheets, scripts and images of a site. */
function assetsBelow(files: FileSystem, root: string): readonly string[] {
  const entries = files.list(root) ?? []
  const directories = entries.filter(({ kind, name }) => kind === 'directory' && !name.startsWith('.'))
  const found: string[] = []
  for (const directory of ['', ...directories.slice(0, MOST_DIRECTORIES).map(({ name }) => `/${name}`)]) {
    for (const { name, kind } of directory === '' ? entries : (files.list(root + directory) ?? []))
      if (kind === 'file' && ASSET.test(name) && found.length < MOST_ASSETS)
        found.push(`${directory}/${name}`)
  }
  return found
}
