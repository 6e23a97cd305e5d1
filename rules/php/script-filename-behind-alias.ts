import { reveal } from '../../parsers/text/placeholder.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { effective } from '../../src/servers/nginx/queries/effective.ts'
import { requestParameters } from '../../src/servers/nginx/queries/request-headers.ts'
import { fileBase } from '../../src/servers/nginx/queries/static-content.ts'
import { isPhp } from './_php-connections.ts'
import { nginxMain, nginxServer } from '../_examples.ts'
import { isOfWholeSite } from '../_whole-site.ts'
import { phpPool } from './_examples.ts'

const tree = (filename: string, lines = ''): Record<string, string> => ({
  'etc/nginx/nginx.conf': conf`
    events {
    }
    http {
        server {
            listen 80;
            server_name example.org;
            root /srv/www;
            location /tool/ {
                alias /srv/tool/;
                location ~ \.php$ {
                    ${lines}
                    include fastcgi_params;
                    fastcgi_param SCRIPT_FILENAME ${filename};
                    fastcgi_pass unix:/run/php/php8.2-fpm.sock;
                }
            }
        }
    }
  `,
  'etc/php/8.2/fpm/pool.d/www.conf': phpPool(),
})

const packaged = (manifest: string): Record<string, string> => ({
  'manifest.toml': manifest,
  'conf/nginx.conf': conf`
    location __PATH__/ {
        alias __INSTALL_DIR__/;
        location ~ \.php$ {
            include fastcgi_params;
            fastcgi_param SCRIPT_FILENAME «$document_root$fastcgi_script_name»;
            fastcgi_pass unix:/run/php/php__PHP_VERSION__-fpm-__APP__.sock;
        }
    }
  `,
})

export default defineRule({
  summary: 'PHP is told of a script behind an `alias` by a path that has the location in it',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'Behind an `alias` `$document_root` is the directory of the alias, and `$fastcgi_script_name` the whole URI: PHP looks for `/srv/tool/tool/index.php` and answers `File not found.`',
  remedy: 'Write `fastcgi_param SCRIPT_FILENAME $request_filename;`',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_core_module.html#alias',
    'https://nginx.org/en/docs/http/ngx_http_core_module.html#var_request_filename',
  ],
  bad: [
    { title: 'the document root and the URI', files: tree('«$document_root$fastcgi_script_name»') },
    {
      title: 'an application that is installed at a path',
      files: packaged(conf`
        [install.domain]
        type = "domain"
        [install.path]
        type = "path"
      `),
    },
  ],
  good: [
    {
      title: 'an application that is the whole site, as its manifest asks for no path',
      files: packaged(conf`
        [install]
            [install.domain]
            type = "domain"
            # [install.path]
            # type = "path"
      `),
    },
    {
      title: 'an alias that is the script itself, which PHP finds in front of the rest',
      files: {
        'etc/nginx/nginx.conf': nginxMain(
          nginxServer(conf`
            location = /tool/index.php {
                alias /srv/tool/index.php;
                include fastcgi_params;
                fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
                fastcgi_pass unix:/run/php/php8.2-fpm.sock;
            }
          `),
        ),
        'etc/php/8.2/fpm/pool.d/www.conf': phpPool(),
      },
    },
    { title: 'the file that nginx means', files: tree('$request_filename') },
    {
      title: 'a name without the location',
      files: tree('$document_root$fastcgi_script_name', 'fastcgi_split_path_info ^/tool(/.+\\.php)(/.*)?$;'),
    },
    {
      title: 'a root',
      files: {
        'etc/nginx/nginx.conf': tree('$document_root$fastcgi_script_name')['etc/nginx/nginx.conf']?.replace(
          'alias /srv/tool/;',
          'root /srv;',
        ) as string,
      },
    },
  ],
  *check({ nginx, connections, filesOf }) {
    if (!nginx.some(({ occurrences }) => occurrences.has('alias') && occurrences.has('fastcgi_pass'))) return
    for (const connection of connections.nginx) {
      if (connection.pass.name !== 'fastcgi_pass') continue
      const { server, block } = connection
      const { configuration } = server
      const base = fileBase(configuration, block)
      if (!base.known || base.value.kind !== 'alias' || !isPhp(connection)) continue
      const set = requestParameters(configuration, block, 'fastcgi')
      if (!set.known) continue
      const script = set.value.headers.findLast(({ name }) => name === 'SCRIPT_FILENAME')
      const line = script?.directive ?? null
      if (script === undefined || line === null) continue
      if (!/^\$\{?document_root\}?\/?\$\{?fastcgi_script_name\}?$/.test(script.value)) continue
      const { prefix, path } = base.value
      // Behind the alias of an expression PHP itself finds the script in front of what follows its name.
      if (prefix === null || prefix === '/') continue
      if (/^__PATH__\/?$/.test(reveal(prefix)) && isOfWholeSite(line.source, filesOf(configuration))) continue
      // It does so too where the alias is the script itself.
      if (/\.php$/.test(path)) continue
      const split = effective(configuration, block, 'fastcgi_split_path_info')
      const pattern = split.known ? split.value.directives[0]?.args[0]?.value : undefined
      if (!split.known && configuration.main !== null) continue
      if ((pattern !== undefined && !/^\^?\(/.test(pattern)) || rewrites(block)) continue
      const at = argumentPlace(line, 1)
      yield {
        at,
        message: `behind \`alias ${path}\` this has \`${prefix}\` in it once more, so PHP finds no script and answers 404`,
        related: [{ at: argumentPlace(base.value.directive, 0), message: 'the alias' }],
        ...propose('Name the file that nginx means', 'unsafe', [
          line.parent === block ? replacePlace(at, '$request_filename') : null,
        ]),
      }
    }
  },
})

/** True where the URI may be another one by then. */
function rewrites(block: NginxDirective): boolean {
  for (let at: NginxDirective | null = block; at !== null && at.name === 'location'; at = at.parent)
    if (at.children.some(({ name }) => name === 'rewrite' || name === 'set')) return true
  return false
}
