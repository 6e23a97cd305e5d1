import { posix } from 'node:path'
import type { Place } from '../../parsers/text/source.ts'
import { serversAround } from '../../src/deployment/build/servers.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { askServer } from '../../src/deployment/requests/ask-server.ts'
import { pathsInto } from '../../src/deployment/requests/paths-into.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { isComputed } from '../../src/servers/nginx/queries/interpolate.ts'
import type { Outcome } from '../../src/servers/nginx/queries/outcome.ts'
import { serverAround } from '../../src/servers/nginx/queries/servers.ts'
import { fileBase } from '../../src/servers/nginx/queries/static-content.ts'
import { nginxMain, nginxServer } from '../_examples.ts'

const RUN = conf`
  include fastcgi_params;
  fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
  fastcgi_pass unix:/run/php/site.sock;
`
const site = (fallback: string, lines: string): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(
    nginxServer(conf`
      root /srv/www;
      location / {
          try_files $uri ${fallback};
      }
      ${lines}
    `),
  ),
})

export default defineRule({
  summary: 'What `try_files` falls back to is refused',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'nginx looks for the location of the last word of `try_files` anew, and regular expressions are tried in their order. A location that refuses scripts, written before the one that runs the front controller, refuses that, too: every page of the application is answered with 404 or 403.',
  remedy:
    'Write the location of the script before the one that refuses the others, or `location = /index.php`',
  references: ['https://nginx.org/en/docs/http/ngx_http_core_module.html#location'],
  bad: [
    {
      title: 'scripts are refused before the front controller',
      files: site(
        '«/index.php$is_args$args»',
        conf`
          location ~ \.php$ {
              return 404;
          }
          location ~ ^/index\.php(?:/|$) {
              ${RUN}
          }
        `,
      ),
    },
    {
      title: 'denied',
      files: site(
        '«/index.php?$args»',
        conf`
          location ~* \.php$ {
              deny all;
          }
        `,
      ),
    },
    {
      title: 'a page that is there, looked for by the URL that was asked',
      files: {
        ...site(
          '«/index.html»',
          conf`
            location ~ \.html$ {
                try_files $request_uri =404;
            }
          `,
        ),
        'srv/www/index.html': 'every page\n',
      },
    },
  ],
  good: [
    {
      title: 'the front controller first',
      files: site(
        '/index.php$is_args$args',
        conf`
          location ~ ^/index\.php(?:/|$) {
              ${RUN}
          }
          location ~ \.php$ {
              return 404;
          }
        `,
      ),
    },
    {
      title: 'a page for what is not found, and one that clients may not ask for',
      files: site(
        '/404.html',
        conf`
          location = /404.html {
              return 404;
          }
        `,
      ),
    },
    {
      title: 'for some clients alone, and by a method',
      files: site(
        '/index.php',
        conf`
          location = /index.php {
              internal;
              allow 10.0.0.0/8;
              deny all;
              ${RUN}
          }
        `,
      ),
    },
    {
      title: 'a page that is found',
      files: {
        ...site(
          '/index.html',
          conf`
            location ~ \.html$ {
                try_files $uri =404;
            }
          `,
        ),
        'srv/www/index.html': 'every page\n',
      },
    },
    {
      title: 'a page that is not there',
      files: site(
        '/index.html',
        conf`
          location = /index.html {
              try_files $uri =404;
          }
        `,
      ),
    },
  ],
  *check(deployment) {
    const servers = serversAround(deployment)
    for (const configuration of deployment.nginx) {
      for (const line of configuration.occurrences.get('try_files') ?? []) {
        const script = SCRIPT.exec(line.args.at(-1)?.value ?? '')?.[1]
        const home = line.parent === null ? null : serverAround(line)
        const server = home === null ? undefined : servers.get(home)
        if (script === undefined || ERRORS.test(script) || line.parent === null || server === undefined)
          continue
        const path = fileOf(configuration, line.parent, script)
        for (const url of pathsInto(line.parent)) {
          const answer = askServer(deployment, server, url, { into: line.parent })
          const refusal = answer === null ? null : refusalBehind(answer, line)
          if (refusal === null) continue
          const isSure =
            refusal.by === 'line' ||
            (path !== null && deployment.filesOf(configuration).kind(path) === 'file')
          if (!isSure) continue
          yield {
            at: argumentPlace(line, line.args.length - 1),
            message: `\`${script}\` is answered with ${refusal.status}, and with it every page that is no file`,
            label: 'refused',
            related: refusal.at === null ? [] : [{ at: refusal.at, message: 'here' }],
          }
          break
        }
      }
    }
  },
})

/** A page or a script, without its query. */
const SCRIPT = /^(\/(?:[\w-]+\/)*[\w-]+\.(?:php|html?))(?:[?$].*)?$/
/** Pages that stand for an error. */
const ERRORS = /\/[^/]*(?:\d{3}|40x|50x|error|not-?_?found|missing|nonexist)[^/]*$/i

interface Refusal {
  readonly status: number
  /** A line says so, or no file is found. */
  readonly by: 'line' | 'files'
  readonly at: Place | null
}

/** The 403 or 404 that a request gets behind a fallback; null where it gets anything else. */
function refusalBehind({ steps, end }: Outcome, line: NginxDirective): Refusal | null {
  const index = steps.findIndex(({ kind, directive }) => kind === 'try-files' && directive === line)
  const rest = steps.slice(index + 1)
  if (index === -1 || end.kind !== 'response' || (end.status !== 403 && end.status !== 404)) return null
  if (rest.some(({ kind }) => kind === 'error-page' || kind === 'unknown')) return null
  const last = rest.findLast(({ kind }) => kind === 'return' || kind === 'try-files' || kind === 'location')
  if (last === undefined || last.at === null) return null
  if (last.kind !== 'location')
    return { status: end.status, by: last.kind === 'return' ? 'line' : 'files', at: last.at }
  // Some clients may be let in.
  const names = new Set(last.directive?.children.map(({ name }) => name))
  return names.has('deny') && !names.has('allow') ? { status: end.status, by: 'line', at: end.at } : null
}

function fileOf(configuration: NginxConfiguration, scope: NginxDirective, script: string): string | null {
  const base = fileBase(configuration, scope)
  if (!base.known || base.value.kind !== 'root' || isComputed(base.value.path)) return null
  return posix.join(base.value.path, script)
}
