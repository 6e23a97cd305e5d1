import { posix } from 'node:path'
import { memo } from '../../parsers/collections/memo.ts'
import { serverIndex } from '../../src/deployment/build/servers.ts'
import { isAbsent } from '../../src/deployment/is-absent.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { requestsToServer } from '../../src/deployment/requests/made-up-requests.ts'
import { probe } from '../../src/deployment/requests/probe.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { effective } from '../../src/servers/nginx/queries/effective.ts'
import { readLocation } from '../../src/servers/nginx/queries/locations.ts'
import { enclosingServer } from '../../src/servers/nginx/queries/servers.ts'
import { fileBase } from '../../src/servers/nginx/queries/static-content.ts'
import { phpPool } from './_examples.ts'

const tree = (location: string): Record<string, string> => ({
  'etc/nginx/nginx.conf': conf`
    events {
    }
    http {
        server {
            listen 80;
            server_name example.org;
            root /srv/www;
            ${location}
            location ~ \.php$ {
                include fastcgi_params;
                fastcgi_param SCRIPT_FILENAME $request_filename;
                fastcgi_pass unix:/run/php/php8.2-fpm.sock;
            }
        }
    }
  `,
  'etc/php/8.2/fpm/pool.d/www.conf': phpPool(),
  'srv/www/index.html': 'page',
  'srv/tool/index.php': '<?php echo "the script runs";\n',
})

export default defineRule({
  summary: 'The scripts of a directory are taken by a regular expression with another root',
  severity: 'error',
  otherSeverities: { warning: 'where the directory is not in the audit' },
  confidence: 'high',
  since: '0.1.0',
  why: 'A regular expression such as `\\.php$` wins over a plain prefix. A script below an `alias` is then looked for below the root of the server, where there is none: the directory answers 404, and its pictures and stylesheets are served.',
  remedy:
    'Write `^~` before the prefix, and a location for scripts of its own inside of it, with `SCRIPT_FILENAME $request_filename`',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_core_module.html#location',
    'https://nginx.org/en/docs/http/ngx_http_core_module.html#alias',
  ],
  bad: [
    {
      title: 'an alias for a tool',
      files: tree(conf`
        location «/tool» {
            alias /srv/tool;
            index index.php;
        }
      `),
    },
  ],
  good: [
    {
      title: 'a location for its scripts',
      files: tree(conf`
        location ^~ /tool/ {
            alias /srv/tool/;
            index index.php;
            location ~ \.php$ {
                include fastcgi_params;
                fastcgi_param SCRIPT_FILENAME $request_filename;
                fastcgi_pass unix:/run/php/php8.2-fpm.sock;
            }
        }
      `),
    },
    {
      title: 'no scripts in it',
      files: tree(conf`
        location /media {
            alias /srv/media;
        }
      `),
    },
    {
      title: 'a link below the root leads there, too',
      files: {
        ...tree(conf`
          location /tool {
              alias /srv/tool;
              index index.php;
          }
        `),
        'srv/www/tool/index.php': '<?php echo "the script runs";\n',
      },
    },
  ],
  *check(deployment) {
    const { nginx, servers, filesOf } = deployment
    const byDirective = serverIndex(servers)
    for (const configuration of nginx) {
      if (!configuration.occurrences.has('fastcgi_pass')) continue
      const files = filesOf(configuration)
      for (const line of ['alias', 'root'].flatMap(name => configuration.occurrences.get(name) ?? [])) {
        const location = line.parent
        if (location?.name !== 'location') continue
        const home = enclosingServer(location)
        const { modifier, name } = readLocation(location)
        if (home === null || location.parent !== home || modifier !== '' || !/^\/\w/.test(name)) continue
        const taking = locationForScripts(home)
        const server = byDirective.get(home)
        if (taking === null || server === undefined) continue
        const url = posix.join(name, 'index.php')
        const own = fileAt(configuration, location, url)
        const isThere = own !== null && files.kind(own) === 'file'
        if (own === null || (!isThere && !namesScript(location))) continue
        const [request] = requestsToServer(deployment, server, url)
        const steps = request === undefined ? [] : probe(deployment, request).steps
        const winner = steps.findLast(({ directive }) => directive?.name === 'location')?.directive
        if (winner !== taking) continue
        const other = fileAt(configuration, taking, url)
        if (other === null || other === own || files.kind(other) !== null) continue
        const isSure = isThere && isAbsent(files, other)
        if (!isSure && files.covers(other)) continue
        yield {
          at: argumentPlace(location, 0),
          ...(!isSure && ({ severity: 'warning', confidence: 'medium' } as const)),
          message: `\`${url}\` is looked for as \`${other}\` by the regular expression, so the scripts of \`${posix.dirname(own)}\` are not found`,
          label: 'loses its scripts',
          related: [{ at: argumentPlace(taking, taking.args.length - 1), message: 'takes them' }],
        }
      }
    }
  },
})

const locationForScripts = memo(
  ({ children }: NginxDirective): NginxDirective | null => children.find(isForScripts) ?? null,
)

function isForScripts(directive: NginxDirective): boolean {
  if (directive.name !== 'location') return false
  return (
    readLocation(directive).modifier.startsWith('~') &&
    directive.children.some(({ name }) => name === 'fastcgi_pass')
  )
}

function namesScript({ children }: NginxDirective): boolean {
  return children.some(
    ({ name, args }) => name === 'index' && args.some(({ value }) => value.endsWith('.php')),
  )
}

/** The file that a URL stands for in a location; null where it is not known. */
function fileAt(configuration: NginxConfiguration, location: NginxDirective, url: string): string | null {
  if (!effective(configuration, location, 'root').known) return null
  const base = fileBase(configuration, location)
  if (!base.known || !/^\/[^$\uFFFC-\uFFFF]*$/.test(base.value.path)) return null
  const { kind, path, prefix } = base.value
  if (kind === 'root') return posix.normalize(`${path}/${url}`)
  return prefix === null ? null : posix.normalize(path + url.slice(prefix.length))
}
