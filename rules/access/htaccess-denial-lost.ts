import { memoByKey } from '../../parsers/collections/memo.ts'
import { parseApache } from '../../parsers/apache/parse.ts'
import type { Place, Source } from '../../parsers/text/source.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import type { Deployment, NginxServer } from '../../src/deployment/model.ts'
import { askServer } from '../../src/deployment/requests/ask-server.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'
import { directivesByServer } from '../../src/servers/nginx/queries/servers.ts'
import { isComputed } from '../../src/servers/nginx/queries/interpolate.ts'

const site = (lines: string): string => conf`
  server {
      listen 80;
      server_name example.org;
      root /srv/www;
      ${lines}
  }
`
const DENIED = {
  'srv/www/index.html': 'page\n',
  'srv/www/data/.htaccess': 'Require all denied\n',
  'srv/www/data/users.csv': 'ann\n',
}
const refused = conf`
  location /data/ {
      deny all;
  }
  location ~ /\.ht {
      deny all;
  }
`

export default defineRule({
  summary: 'nginx serves a directory that a `.htaccess` of it denies',
  severity: 'warning',
  confidence: 'high',
  securitySeverity: 6.5,
  cwe: [552],
  since: '0.1.0',
  why: 'nginx reads no `.htaccess`. Applications of PHP lay one into each directory that is meant for nobody: data, caches, logs, configurations. Below Apache it answers 403, and nginx sends every file of the directory to whoever asks for it.',
  remedy: 'Refuse the directory in a location: `location /data/ { deny all; }`',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_access_module.html',
    'https://www.f5.com/company/blog/nginx/creating-nginx-rewrite-rules',
  ],
  bad: [
    {
      title: 'a directory of data',
      files: { 'nginx.conf': site('').replace('/srv/www', '«/srv/www»'), ...DENIED },
    },
    {
      title: 'the language of Apache 2.2, two directories down',
      files: {
        'nginx.conf': site('location ~ /\\.ht { deny all; }').replace('/srv/www', '«/srv/www»'),
        'srv/www/index.html': 'page\n',
        'srv/www/app/logs/.htaccess': conf`
          <IfModule mod_authz_core.c>
              Require all denied
          </IfModule>
          <IfModule !mod_authz_core.c>
              Order deny,allow
              Deny from all
          </IfModule>
        `,
        'srv/www/app/logs/error.log': 'lines\n',
      },
    },
  ],
  good: [
    { title: 'refused', files: { 'nginx.conf': site(refused), ...DENIED } },
    {
      title: 'nothing but scripts and an empty page, which a program runs',
      files: {
        'nginx.conf': site(conf`
          location ~ \.php$ {
              include fastcgi_params;
              fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
              fastcgi_pass 127.0.0.1:9000;
          }
        `),
        'srv/www/index.html': 'page\n',
        'srv/www/app/.htaccess': 'Deny from all\n',
        'srv/www/app/index.html': '\n',
        'srv/www/app/shop.php': '<?php\n',
      },
    },
    {
      title: 'one that denies a part, or lets it in again',
      files: {
        'nginx.conf': site(''),
        'srv/www/index.html': 'page\n',
        'srv/www/data/.htaccess': conf`
          Require all denied
          <Files "*.csv">
              Require all granted
          </Files>
        `,
        'srv/www/data/users.csv': 'ann\n',
        'srv/www/media/.htaccess': '<Files "*.php">\nRequire all denied\n</Files>\n',
        'srv/www/media/a.png': 'a\n',
      },
    },
    {
      title: 'Apache answers behind it',
      files: { 'nginx.conf': site('location / { proxy_pass http://127.0.0.1:9000; }'), ...DENIED },
    },
  ],
  *check(deployment) {
    for (const server of deployment.servers) {
      const { configuration, directive } = server
      const files = deployment.filesOf(configuration)
      for (const root of directivesByServer(configuration, 'root').get(directive) ?? [])
        yield* servedIn(deployment, server, root, files)
    }
  },
})

function* servedIn(deployment: Deployment, server: NginxServer, root: NginxDirective, files: FileSystem) {
  const top = (root.args[0]?.value ?? '').replace(/\/+$/, '')
  if (!/^\/./.test(top) || isComputed(top)) return
  for (const { directory, at } of deniedBelow(files, top)) {
    for (const { name, kind } of files.list(directory) ?? []) {
      if (kind !== 'file' || /^\.|\.php\d?$|^index\.html?$|^(?:readme|license|changelog)/i.test(name))
        continue
      const path = `${directory}/${name}`
      const url = path.slice(top.length)
      const answer = askServer(deployment, server, url)
      if (answer?.end.kind !== 'file' || answer.end.path !== path) continue
      yield {
        at: argumentPlace(root, 0),
        // Each directory is a fault of its own.
        aspect: directory,
        message: `nginx does not read \`${directory}/.htaccess\`, which denies the directory, and sends \`${url}\` to whoever asks for it`,
        label: 'served',
        related: [{ at, message: 'denied to Apache’s clients' }],
        help: `Write \`location ${directory.slice(top.length)}/ { deny all; }\``,
      }
      break
    }
  }
}

/** So many directories are looked into, */
const MOST = 400
/** and so deep. */
const DEEPEST = 3

interface DeniedDirectory {
  readonly directory: string
  /** The line that denies it. */
  readonly at: Place
}

/** Directories below another one whose `.htaccess` denies all of them; servers of plain HTTP and of TLS have one root. */
const deniedBelow = memoByKey((files: FileSystem, top: string): readonly DeniedDirectory[] => {
  const found: DeniedDirectory[] = []
  let level = [top]
  let seen = 0
  for (let depth = 0; depth < DEEPEST; depth++) {
    const next: string[] = []
    for (const parent of level)
      for (const { name, kind } of files.list(parent) ?? []) {
        if (kind !== 'directory' || /^\.|^(?:node_modules|vendor)$/.test(name) || ++seen > MOST) continue
        const directory = `${parent}/${name}`
        const source = sourceAt(files, `${directory}/.htaccess`)
        const at = source === null ? null : denialIn(source)
        if (at !== null) found.push({ directory, at })
        // What lies below is denied with it.
        else next.push(directory)
      }
    level = next
  }
  return found
})

/** The line that denies all; null where there is none, or another one may let somebody in. */
function denialIn(source: Source): Place | null {
  let found: Place | null = null
  let sections = 0
  for (const node of parseApache(source)) {
    if (node.kind === 'comment') continue
    const name = node.name.value.toLowerCase()
    const text = node.words.map(({ value }) => value.toLowerCase()).join(' ')
    const isCondition = /^if(?:module|version|define)$/.test(name)
    if (node.kind === 'open') sections += isCondition ? 0 : 1
    else if (node.kind === 'close') sections -= isCondition ? 0 : 1
    else if ((name === 'require' && text === 'all denied') || (name === 'deny' && text === 'from all')) {
      if (sections === 0) found ??= { source, start: node.name.start, end: node.name.end }
    } else if (name === 'allow' || name === 'require' || (name === 'satisfy' && text === 'any')) return null
  }
  return found
}
