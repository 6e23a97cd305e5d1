import { posix } from 'node:path'
import { cleanPath } from '../../parsers/text/clean-path.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import type { NginxConnection } from '../../src/deployment/model.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import { readLocation } from '../../src/servers/nginx/queries/locations.ts'
import { requestParameters } from '../../src/servers/nginx/queries/request-headers.ts'
import { type FileBase, fileBase } from '../../src/servers/nginx/queries/static-content.ts'
import { phpPool } from './_examples.ts'
import { isBesideNginx, isPhp } from './_php-connections.ts'

const tree = (pages: string, scripts: string, more: Record<string, string> = {}): Record<string, string> => ({
  'etc/nginx/nginx.conf': conf`
    events {
    }
    http {
        server {
            listen 80;
            server_name example.org;
            location / {
                root ${pages};
                index index.php index.html;
            }
            location ~ \.php$ {
                ${scripts}
                include fastcgi_params;
                fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
                fastcgi_pass unix:/run/php/php8.2-fpm.sock;
            }
        }
    }
  `,
  'etc/php/8.2/fpm/pool.d/www.conf': phpPool(),
  ...more,
})
const SHOP = { 'srv/www/shop/index.php': '<?php echo "the script runs";\n' }

export default defineRule({
  summary: 'The location of PHP has another root than the pages, and no scripts are there',
  severity: 'error',
  otherSeverities: {
    warning: 'where no scripts are seen at all',
    info: 'where both may be one directory, as the packages of nginx differ in `--prefix`',
  },
  confidence: 'high',
  since: '0.1.0',
  why: 'PHP is asked for the script below the `root` of its own location. `root html;` of the example in `default.conf` is a directory of nginx, such as `/etc/nginx/html`, whatever root the pages have: PHP answers `File not found.`, and nginx logs `FastCGI sent in stderr: "Primary script unknown"`.',
  remedy: 'Write `root` once, in the `server` block, and take it out of the location of PHP',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_core_module.html#root',
    'https://nginx.org/en/docs/http/ngx_http_fastcgi_module.html#fastcgi_param',
  ],
  bad: [
    { title: 'the relative root of the example', files: tree('/srv/www/shop', 'root «html»;', SHOP) },
    {
      title: 'the relative root, and scripts that are not in the audit',
      files: tree('/srv/www/shop', 'root «html»;'),
    },
    {
      title: 'a root where nothing lies',
      files: tree('/srv/www/shop', 'root «/srv/www»;', SHOP),
    },
    {
      title: 'the directory of pages of the package, which is another one for nginx.org and Debian',
      files: tree('/usr/share/nginx/html', 'root «html»;'),
    },
  ],
  good: [
    { title: 'the same root', files: tree('/srv/www/shop', 'root /srv/www/shop/;', SHOP) },
    { title: 'the same relative root', files: tree('html', 'root html;') },
    {
      title: 'scripts in a directory of their own',
      files: tree('/srv/www/shop', 'root /srv/www/api;', {
        ...SHOP,
        'srv/www/api/api.php': '<?php echo "the script runs";\n',
      }),
    },
    { title: 'a root of which nothing is in the audit', files: tree('/srv/www/shop', 'root /opt/api;') },
    {
      title: 'scripts in the directory of nginx',
      files: tree('/srv/www/shop', 'root html;', {
        'usr/share/nginx/html/index.php': '<?php echo "the script runs";\n',
      }),
    },
    {
      title: 'a location for one script',
      files: {
        ...tree('/srv/www/shop', '', SHOP),
        'etc/nginx/nginx.conf': tree('/srv/www/shop', 'root html;')['etc/nginx/nginx.conf']!.replace(
          String.raw`~ \.php$`,
          String.raw`~ ^/status\.php$`,
        ),
      },
    },
    {
      title: 'a script with a path of its own',
      files: {
        ...tree('/srv/www/shop', 'root html;', SHOP),
        'etc/nginx/nginx.conf': tree('/srv/www/shop', 'root html;')['etc/nginx/nginx.conf']!.replace(
          '$document_root$fastcgi_script_name',
          '/srv/www/shop$fastcgi_script_name',
        ),
      },
    },
  ],
  *check({ connections, filesOf }) {
    for (const connection of connections.nginx) {
      if (connection.pass.name !== 'fastcgi_pass') continue
      const { server, block } = connection
      if (!isForEveryScript(connection) || !isPhp(connection) || !isBesideNginx(connection)) continue
      const scripts = fileBase(server.configuration, block)
      if (!scripts.known || !isPlainRoot(scripts.value) || scripts.value.directive.parent !== block) continue
      const pages = pageRoot(connection)
      if (pages === null || !asksForRoot(connection)) continue
      const files = filesOf(server.configuration)
      const severity = faultOf(files, scripts.value.path, pages.path)
      if (severity === null) continue
      const { path, directive } = scripts.value
      yield {
        at: argumentPlace(directive, 0),
        severity,
        message: messageOf(path, pages.path, severity),
        label: '`Primary script unknown`',
        related: [{ at: argumentPlace(pages.directive, 0), message: 'the root of the pages' }],
        ...propose('Write the root of the pages', 'unsafe', [
          replacePlace(argumentPlace(directive, 0), pages.path),
        ]),
      }
    }
  },
})

/** A location of the server itself that takes every path with `.php`. */
function isForEveryScript({ server, block }: NginxConnection): boolean {
  if (block.name !== 'location' || block.parent !== server.directive) return false
  const { modifier, name } = readLocation(block)
  return modifier.startsWith('~') && /^(?:\[\^\/\]|\.[*+]|\^[^\w]*)?\\\.php(?:[$(]|$)/.test(name)
}

function isPlainRoot({ kind, path }: FileBase): boolean {
  return kind === 'root' && !/[$\uFFFC-\uFFFF\uE000]/.test(path)
}

/** The root of `location /`, or that of the server. */
function pageRoot({ server }: NginxConnection): FileBase | null {
  const { directive, configuration } = server
  const start = directive.children.find(
    line => line.name === 'location' && line.args.length === 1 && line.args[0]?.value === '/',
  )
  const base = fileBase(configuration, start ?? directive)
  return base.known && isPlainRoot(base.value) && base.value.path.startsWith('/') ? base.value : null
}

function asksForRoot({ server, block }: NginxConnection): boolean {
  const set = requestParameters(server.configuration, block, 'fastcgi')
  const script = set.known ? set.value.headers.findLast(({ name }) => name === 'SCRIPT_FILENAME') : undefined
  return /^\$\{?(?:document|realpath)_root\}?\/?\$\{?fastcgi_script_name\}?$/.test(script?.value ?? '')
}

/** Where nginx may look for a relative path, by the `--prefix` of its packages. */
const PREFIXES = ['/etc/nginx', '/usr/share/nginx', '/usr/local/nginx', '/var/lib/nginx']

function messageOf(scripts: string, pages: string, severity: 'error' | 'warning' | 'info'): string {
  if (scripts.startsWith('/'))
    return `PHP is asked for scripts below \`${scripts}\`, and they lie below \`${pages}\`: \`File not found.\``
  const directory = `\`${scripts}\` is a directory of nginx itself`
  return severity === 'info'
    ? `${directory}: with the packages of nginx.org it is \`/etc/nginx/${scripts}\` and not \`${pages}\`, and PHP answers \`File not found.\``
    : `${directory}, such as \`/etc/nginx/${scripts}\`, and the pages lie below \`${pages}\`: PHP answers \`File not found.\``
}

function faultOf(files: FileSystem, scripts: string, pages: string): 'error' | 'warning' | 'info' | null {
  const own = cleanPath(pages)
  if (!scripts.startsWith('/')) {
    const may = PREFIXES.map(prefix => posix.join(prefix, scripts))
    if (may.some(each => hasScripts(files, each) && each !== own)) return null
    if (may.includes(own)) return 'info'
    return hasScripts(files, own) ? 'error' : 'warning'
  }
  const other = cleanPath(scripts)
  if (other === own || !hasScripts(files, own) || hasScripts(files, other)) return null
  const real = files.realPath(other)
  // Of a directory that is elsewhere nobody knows whether it is in the audit.
  const isSeen = files.kind(other) === 'directory'
  return isSeen && (real === null || real !== files.realPath(own)) ? 'error' : null
}

function hasScripts(files: FileSystem, directory: string): boolean {
  return (files.list(directory) ?? []).some(({ name }) => name.endsWith('.php'))
}
