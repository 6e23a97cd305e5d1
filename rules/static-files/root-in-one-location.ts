import { posix } from 'node:path'
import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { externalModuleOf, nginxDirective } from '../../src/servers/nginx/directives.ts'
import { effectiveAtHand } from '../../src/servers/nginx/queries/effective.ts'
import { PASSES, readLocation } from '../../src/servers/nginx/queries/locations.ts'
import { requestParameters } from '../../src/servers/nginx/queries/request-headers.ts'
import { childrenNamed, hasUnreadInclude } from '../../src/servers/nginx/queries/scope.ts'
import { nginxMain, nginxServer } from '../_examples.ts'

const nginx = (lines: string): string => nginxMain(nginxServer(lines))

export default defineRule({
  summary: '`root` stands in `location /` alone, and another location has none',
  severity: 'warning',
  otherSeverities: { info: 'where it is an icon or `robots.txt`, and no error is logged' },
  confidence: 'high',
  since: '0.1.0',
  why: 'A location inherits `root` from the server, not from `location /`. One without its own looks into the directory that nginx was built with, such as `/usr/share/nginx/html` or `/etc/nginx/html`: files are 404, and PHP is told a script that is not there (`Primary script unknown`).',
  remedy: 'Write `root` in the `server` block',
  references: ['https://nginx.org/en/docs/http/ngx_http_core_module.html#root'],
  bad: [
    {
      title: 'style sheets',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          location / {
              root /srv/www;
          }
          «location» ~* \.(?:css|js)$ {
              expires 30d;
          }
        `),
      },
    },
    {
      title: 'PHP',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          location / {
              root /srv/www;
          }
          «location» ~ \.php$ {
              fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
              fastcgi_param REQUEST_METHOD $request_method;
              fastcgi_pass unix:/run/php/php8.2-fpm.sock;
          }
        `),
      },
    },
    {
      title: 'the page for an error, beside those of the other location',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          error_page 404 /404.html;
          location / {
              root /srv/www;
          }
          «location» = /404.html {
              internal;
          }
        `),
        'srv/www/404.html': 'not found\n',
      },
    },
    {
      title: 'an icon',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          location / {
              root /srv/www;
          }
          «location» = /favicon.ico {
              log_not_found off;
          }
        `),
      },
    },
    {
      title: 'PHP with the files of the package',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          location / {
              root /srv/www;
              try_files $uri $uri/ /index.php?$args;
          }
          «location» ~ \.php$ {
              include snippets/fastcgi-php.conf;
              fastcgi_pass unix:/run/php/php8.2-fpm.sock;
          }
        `),
      },
    },
  ],
  good: [
    {
      title: 'the page for errors that nginx comes with',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          error_page 502 /50x.html;
          location / {
              root /srv/www;
          }
          location = /50x.html {
              internal;
          }
        `),
        'srv/www/404.html': 'not found\n',
      },
    },
    {
      title: 'an empty block of a page that no error leads to',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          location / {
              root /srv/www;
          }
          error_page 404 /404.html;
          location = /40x.html {
          }
          location = /404.html {
              root /srv/errors;
          }
        `),
      },
    },
    {
      title: 'in the server',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          root /srv/www;
          location / {
              index index.html;
          }
          location ~* \.(?:css|js)$ {
              expires 30d;
          }
        `),
      },
    },
    {
      title: 'locations that need no files',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          location / {
              root /srv/www;
          }
          location /api/ {
              proxy_pass http://127.0.0.1:9000;
          }
          location = /health {
              return 204;
          }
          location ~ /\. {
              deny all;
          }
          location /old/ {
              rewrite ^/old/(.*)$ /$1 last;
          }
          location ~ \.php$ {
              fastcgi_param SCRIPT_FILENAME /srv/www$fastcgi_script_name;
              fastcgi_param REQUEST_METHOD $request_method;
              fastcgi_pass unix:/run/php/php8.2-fpm.sock;
          }
        `),
      },
    },
    {
      title: 'the root of all servers, and a fallback that answers',
      files: {
        'etc/nginx/nginx.conf': nginxMain([
          'root /srv/all;',
          nginxServer(conf`
            location / {
                root /srv/www;
            }
            location ~* \.(?:css|js)$ {
                expires 30d;
            }
          `),
        ]),
      },
    },
    {
      title: 'a fallback that answers',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          location / {
              root /srv/www;
          }
          location /app/ {
              try_files /no-file @app;
          }
          location @app {
              proxy_pass http://127.0.0.1:9000;
          }
        `),
      },
    },
    {
      title: 'a module that answers in this server',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              pagespeed on;
              location / {
                  root /srv/www;
              }
              location ~ ^/pagespeed_static/ {
                  add_header "" "";
              }
          }
        `,
      },
    },
  ],
  *check({ nginx: configurations, filesOf }) {
    for (const configuration of configurations) {
      const files = filesOf(configuration)
      for (const root of configuration.occurrences.get('root') ?? []) {
        const { parent } = root
        if (parent?.name !== 'location' || parent.args.at(-1)?.value !== '/') continue
        const server = parent.parent
        if (server?.name !== 'server' || hasUnreadInclude(configuration, server)) continue
        if (server.children.some(({ name }) => mayAnswer(name))) continue
        const own = effectiveAtHand(configuration, server, 'root')
        if (!own.known || own.value.directives.length > 0) continue
        for (const location of childrenNamed(server, 'location')) {
          if (location === parent) continue
          if (!needsFiles(configuration, location) && !isPageOf(files, root, location)) continue
          if (isLeftOver(configuration, location)) continue
          yield {
            at: namePlace(location),
            severity: isIcon(location) ? 'info' : 'warning',
            message: `\`root\` holds in \`location /\` alone, so this location looks for its files in the directory that nginx was built with`,
            label: 'no `root`',
            related: [{ at: argumentPlace(root, 0), message: 'of `location /` alone' }],
          }
        }
      }
    }
  },
})

/** Modules that change answers and give none. */
const FILTERS: ReadonlySet<string> = new Set(['brotli', 'headers-more', 'geoip2', 'zstd', 'vts'])

/** True for a directive of a module that may answer in the place of files. */
function mayAnswer(name: string): boolean {
  if (nginxDirective(name).length > 0) return false
  const module = externalModuleOf(name)
  return module !== null && !FILTERS.has(module.name)
}

/** What answers without a file, passes the request on, or has a directory of its own. */
const NEEDS_NONE: ReadonlySet<string> = new Set([
  'root',
  'alias',
  'return',
  'rewrite',
  'if',
  'location',
  'try_files',
  'internal',
  'auth_request',
  'stub_status',
  'empty_gif',
  'status',
  'api',
  'js_content',
  'mirror',
  ...PASSES,
])

const LIKELY_FILES: ReadonlySet<string> = new Set([
  'expires',
  'access_log',
  'log_not_found',
  'add_header',
  'index',
  'autoindex',
  'default_type',
  'gzip_static',
  'etag',
  'allow',
  'limit_rate',
  'charset',
  'sendfile',
  'fastcgi_split_path_info',
])

/** True where a location surely serves files below `$document_root`, or has them run. */
function needsFiles(configuration: NginxConfiguration, location: NginxDirective): boolean {
  const { children } = location
  if (readLocation(location).modifier === '@') return false
  const includes = children.flatMap(({ name, args }) => (name === 'include' ? [args[0]?.value ?? ''] : []))
  const hasStockOnly = includes.every(path => /(?:^|\/)fastcgi(?:_params|\.conf|-php\.conf)$/.test(path))
  if (!hasStockOnly && hasUnreadInclude(configuration, location, 'root')) return false
  const pass = children.find(({ name }) => name === 'fastcgi_pass')
  if (pass !== undefined) {
    if (children.some(({ name }) => name === 'root' || name === 'alias')) return false
    const set = requestParameters(configuration, location, 'fastcgi')
    const script = set.known ? set.value.headers.find(({ name }) => name === 'SCRIPT_FILENAME') : undefined
    // Both files of the package set it to `$document_root`.
    if (script === undefined) return includes.some(path => /fastcgi(?:\.conf|-php\.conf)$/.test(path))
    return /^\$(?:document|realpath)_root\b/.test(script.value)
  }
  const fallback = children.find(({ name }) => name === 'try_files')
  if (fallback !== undefined && !isOnlyFiles(fallback)) return false
  return children.every(
    child =>
      child === fallback ||
      child.name === 'include' ||
      (!NEEDS_NONE.has(child.name) && LIKELY_FILES.has(child.name)),
  )
}

/** True for files of the URL and an error, without a location that would answer in their place. */
function isOnlyFiles({ args }: NginxDirective): boolean {
  return args.at(-1)?.value === '=404' && args.slice(0, -1).every(({ value }) => /^\$uri\b/.test(value))
}

/** True for a page of errors that lies in the directory of the other location, and that only nginx itself asks for. */
function isPageOf(files: FileSystem, { args }: NginxDirective, location: NginxDirective): boolean {
  const { modifier, name } = readLocation(location)
  const isFile = location.children.every(child => child.name === 'internal' || LIKELY_FILES.has(child.name))
  return modifier === '=' && isFile && files.kind(posix.join(args[0]?.value ?? '', name)) === 'file'
}

/** True for an empty block of one page that no error leads to. */
function isLeftOver({ occurrences }: NginxConfiguration, location: NginxDirective): boolean {
  const { modifier, name } = readLocation(location)
  if (modifier !== '=' || location.children.length > 0) return false
  return !(occurrences.get('error_page') ?? []).some(({ args }) => args.at(-1)?.value === name)
}

function isIcon(location: NginxDirective): boolean {
  return (
    readLocation(location).modifier === '=' &&
    childrenNamed(location, 'log_not_found').some(({ args }) => args[0]?.value === 'off')
  )
}
