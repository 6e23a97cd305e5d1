import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import type { Deployment, NginxServer } from '../../src/deployment/model.ts'
import { askServer } from '../../src/deployment/requests/ask-server.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
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
const HTACCESS = { 'srv/www/.htaccess': conf`Require all denied`, 'srv/www/index.html': 'page\n' }

export default defineRule({
  summary: '`.htaccess` files are served instead of applied',
  severity: 'warning',
  otherSeverities: { info: 'where the file only leads to a front controller' },
  confidence: 'high',
  securitySeverity: 5.3,
  cwe: [863, 552],
  since: '0.1.0',
  why: 'nginx does not read `.htaccess`: what it denies, rewrites or protects by a password does not hold here. And unlike Apache nginx sends the file to whoever asks, with the paths and rules in it.',
  remedy: 'Translate the rules into locations, and refuse the files: `location ~ /\\.ht { deny all; }`',
  references: ['https://www.f5.com/company/blog/nginx/creating-nginx-rewrite-rules'],
  bad: [
    {
      title: 'a site that was made for Apache',
      files: { 'nginx.conf': `«server»${site('').slice(6)}`, ...HTACCESS },
    },
    {
      title: 'a front controller, which nginx has its own lines for',
      files: {
        'nginx.conf': `«server»${site('').slice(6)}`,
        'srv/www/.htaccess': conf`
          RewriteEngine On
          RewriteCond %{REQUEST_FILENAME} !-f
          RewriteRule ^ index.php [L]
        `,
      },
    },
  ],
  good: [
    {
      title: 'refused',
      files: {
        'nginx.conf': site(conf`
          location ~ /\.ht {
              deny all;
          }
        `),
        ...HTACCESS,
      },
    },
    {
      title: 'Apache answers behind it',
      files: {
        'nginx.conf': site(conf`
          location / {
              proxy_pass http://127.0.0.1:9000;
          }
        `),
        ...HTACCESS,
      },
    },
    { title: 'no such file', files: { 'nginx.conf': site(''), 'srv/www/index.html': 'page\n' } },
  ],
  *check(deployment) {
    for (const server of deployment.servers) {
      const found = served(deployment, server)
      if (found === null) continue
      yield {
        ...(found.isPlain ? { severity: 'info' } : {}),
        at: namePlace(server.directive),
        message: `nginx does not apply \`${found.file}\`, and sends it to whoever asks for \`${found.url}\``,
        label: 'no location refuses it',
        related: [{ at: argumentPlace(found.root, 0), message: 'where it lies' }],
      }
    }
  },
})

function served(deployment: Deployment, server: NginxServer) {
  const { configuration, directive } = server
  const files = deployment.filesOf(configuration)
  for (const root of directivesByServer(configuration, 'root').get(directive) ?? []) {
    const directory = (root.args[0]?.value ?? '').replace(/\/+$/, '')
    if (!directory.startsWith('/') || isComputed(directory)) continue
    const file = `${directory}/.htaccess`
    if (files.kind(file) !== 'file') continue
    const answer = askServer(deployment, server, file.slice(directory.length))
    if (answer?.end.kind === 'file' && answer.end.path === file)
      return { file, url: file.slice(directory.length), root, isPlain: isPlain(files, file) }
  }
  return null
}

/** Lines that keep somebody out, or hold what is nobody's business. */
const WEIGHTY =
  /^[ \t]*(?:Require|Deny|Allow|Order|Satisfy|Auth\w+|SetEnv|php_\w+|<(?:Files|Limit))\b|^[ \t]*RewriteRule\b.*\[(?:[^\]]*,)?(?:F|G|forbidden|gone)\b/im

/** True for what every framework ships for Apache: nginx has lines of its own for it, and nobody learns anything. */
function isPlain(files: FileSystem, file: string): boolean {
  const read = files.read(file)
  return read.kind === 'source' && !WEIGHTY.test(read.source.text)
}
