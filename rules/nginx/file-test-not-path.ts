import { argumentPlace } from '../../src/deployment/places.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { conditionWords } from '../../src/servers/nginx/queries/conditions.ts'
import { effective } from '../../src/servers/nginx/queries/effective.ts'
import { childrenNamed, hasUnreadInclude } from '../../src/servers/nginx/queries/scope.ts'
import { nginxMain, nginxServer } from '../_examples.ts'

const nginx = (lines: string): string =>
  nginxMain(
    nginxServer(conf`
      root /srv/www;
      ${lines}
    `),
  )

export default defineRule({
  summary: 'A file is looked for where no file of the site lies',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: '`-f` takes a path of the machine and `try_files` one below the document root. With the other kind nginx looks for `/css/site.css` in the root of the machine, or for `/srv/www/srv/www/css/site.css`, and finds nothing.',
  remedy: 'Write `-f $request_filename`, and in `try_files` the URI alone: `$uri`',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_rewrite_module.html#if',
    'https://nginx.org/en/docs/http/ngx_http_core_module.html#try_files',
  ],
  bad: [
    {
      title: 'the URI as a path of the machine',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          location / {
              if (!-f «$uri») {
                  return 410;
              }
          }
        `),
      },
    },
    {
      title: 'the file of the request, where the document root is that of a location',
      files: {
        'etc/nginx/nginx.conf': nginxMain(
          nginxServer(conf`
            if (!-e «$request_filename») {
                return 410;
            }
            location / {
                root /srv/www;
            }
          `),
        ),
      },
    },
    {
      title: 'the document root twice',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          location / {
              try_files «$document_root$uri» =410;
          }
        `),
      },
    },
    {
      title: 'the same, written out',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          location / {
              try_files «/srv/www$uri» =410;
          }
        `),
      },
    },
  ],
  good: [
    {
      title: 'the file of the request',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          location / {
              if (!-f $request_filename) {
                  return 410;
              }
          }
        `),
      },
    },
    {
      title: 'the URI below the document root',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          location / {
              try_files $uri /cache/$uri =410;
          }
          if (-f $document_root/closed.html) {
              return 410;
          }
          if (-f /srv/closed) {
              return 410;
          }
        `),
      },
    },
    {
      title: 'the root of the machine, with directories below it',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          location /files/ {
              root /;
              try_files /files$uri =410;
          }
        `),
      },
    },
    {
      title: 'a document root for both',
      files: {
        'etc/nginx/nginx.conf': nginxMain(
          nginxServer(conf`
            root /srv/www;
            if (!-e $request_filename) {
                rewrite ^(.*)$ /index.html last;
            }
            location /old/ {
                root /srv/old;
            }
          `),
        ),
      },
    },
  ],
  *check({ nginx: configurations }) {
    for (const configuration of configurations) {
      for (const condition of configuration.occurrences.get('if') ?? []) {
        const [operator = '', subject = ''] = conditionWords(condition)
        if (!/^!?-[fed]$/.test(operator)) continue
        const isOfServer = /^\$\{?(?:request_filename\b|document_root\b)/.test(subject)
        if (isOfServer ? !lacksRoot(configuration, condition) : !PATH_OF_URL.test(subject)) continue
        const index = condition.args.findIndex(({ value }) => value.includes(subject))
        const at = argumentPlace(condition, Math.max(index, 0))
        const start = at.start + at.source.text.slice(at.start, at.end).indexOf(subject)
        const place = { ...at, start, end: start + subject.length }
        const shown = start < at.start ? at : place
        if (isOfServer) {
          yield {
            at: shown,
            message: `\`${subject}\` lies below the document root of the server, and \`location /\` alone has one`,
            help: 'Write the `root` of `location /` in the server',
          }
          continue
        }
        yield {
          at: shown,
          message: `\`${operator} ${subject}\` looks in the root of the machine, where no file of the site lies`,
          ...propose('Look for the file of the request', 'unsafe', [
            start < at.start ? null : replacePlace(place, '$request_filename'),
          ]),
        }
      }
      for (const line of configuration.occurrences.get('try_files') ?? []) {
        const doubled = line.args.findIndex(
          ({ value }, index) => index < line.args.length - 1 && isDoubled(value, line),
        )
        if (doubled === -1) continue
        yield {
          at: argumentPlace(line, doubled),
          message: 'the document root stands in front of it already, so nothing is found',
        }
      }

      function isDoubled(value: string, line: NginxDirective): boolean {
        if (/^\$\{?document_root\b/.test(value) || /^\$\{?request_filename\b/.test(value)) return true
        if (!value.startsWith('/') || !value.includes('$') || line.parent === null) return false
        const root = effective(configuration, line.parent, 'root')
        const path = root.known ? root.value.directives.at(-1)?.args[0]?.value.replace(/\/$/, '') : undefined
        return path !== undefined && path.split('/').length > 2 && value.startsWith(`${path}$`)
      }
    }
  },
})

const PATH_OF_URL = /^\$\{?(?:uri|request_uri|document_uri)\}?$/

/** True for a condition of a server that has no document root, while its `location /` has one. */
function lacksRoot(configuration: NginxConfiguration, { parent }: NginxDirective): boolean {
  if (parent?.name !== 'server' || hasUnreadInclude(configuration, parent)) return false
  const root = effective(configuration, parent, 'root')
  if (!root.known || !root.value.complete || root.value.directives.length > 0) return false
  return childrenNamed(parent, 'location').some(
    location => location.args.at(-1)?.value === '/' && childrenNamed(location, 'root').length > 0,
  )
}
