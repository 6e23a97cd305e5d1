import { posix } from 'node:path'
import { serverIndex } from '../../src/deployment/build/servers.ts'
import { insertBefore, propose } from '../../src/deployment/edits.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { askServer } from '../../src/deployment/requests/ask-server.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { effective } from '../../src/servers/nginx/queries/effective.ts'
import { isComputed } from '../../src/servers/nginx/queries/interpolate.ts'
import type { Outcome } from '../../src/servers/nginx/queries/outcome.ts'
import { enclosingServer } from '../../src/servers/nginx/queries/servers.ts'
import { fileBase } from '../../src/servers/nginx/queries/static-content.ts'
import { nginxMain, nginxServer } from '../_examples.ts'

const site = (files: string, index = 'index index.html;'): string => conf`
  server {
      listen 80;
      server_name example.org;
      root /srv/www;
      ${index}
      location / {
          try_files ${files};
      }
  }
`

export default defineRule({
  summary: '`try_files` looks for files alone, and the start page is answered with 404',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: '`/` is a directory, and `$uri` in `try_files` finds files: `index` is not asked for, and the start page, as that of every directory, is not found. `/index.html` is.',
  remedy: 'Write `try_files $uri $uri/ =404`, or leave `try_files` out',
  references: ['https://nginx.org/en/docs/http/ngx_http_core_module.html#try_files'],
  bad: [
    { title: 'a file or nothing', files: { 'nginx.conf': site('$uri «=404»') } },
    { title: 'a file with or without its ending', files: { 'nginx.conf': site('$uri $uri.html «=404»') } },
    {
      title: 'for the whole server',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              server_name example.org;
              root /srv/www;
              index index.html;
              try_files $uri «=404»;
          }
        `,
      },
    },
    {
      title: 'a start page that is there',
      files: {
        'etc/nginx/nginx.conf': nginxMain(
          nginxServer(conf`
            root /srv/www;
            error_page 404 /404.html;
            location / {
                try_files $uri «=404»;
            }
          `),
        ),
        'srv/www/index.html': 'start page\n',
        'srv/www/404.html': 'not found\n',
      },
    },
    {
      title: 'a start page that is found, and then not tried',
      files: {
        'etc/nginx/nginx.conf': nginxMain(
          nginxServer(conf`
            root /srv/www;
            location / {
                try_files $uri/ «=404»;
            }
          `),
        ),
        'srv/www/index.html': 'start page\n',
      },
    },
  ],
  good: [
    {
      title: 'a start page that is there, and looked for',
      files: {
        'etc/nginx/nginx.conf': nginxMain([
          nginxServer(conf`
            root /srv/www;
            location / {
                try_files $uri $uri/ =404;
            }
          `),
          nginxServer(conf`
            listen 8080;
            root /srv/www;
            location / {
                try_files $uri $uri/index.html =404;
            }
          `),
          nginxServer(conf`
            listen 8081;
            root /srv/www;
            location /files/ {
                try_files $uri =404;
            }
          `),
        ]),
        'srv/www/index.html': 'start page\n',
      },
    },
    { title: 'directories too', files: { 'nginx.conf': site('$uri $uri/ =404') } },
    { title: 'the page itself', files: { 'nginx.conf': site('$uri $uri/index.html =404') } },
    { title: 'a start page for everything', files: { 'nginx.conf': site('$uri /index.html') } },
    { title: 'files that have no start page', files: { 'nginx.conf': site('$uri =404', '') } },
    {
      title: 'another answer for the start page',
      files: {
        'nginx.conf': site(
          '$uri =404',
          conf`
            index index.html;
            location = / {
                try_files /index.html =404;
            }
          `,
        ),
      },
    },
    {
      title: 'files below one path',
      files: { 'nginx.conf': site('$uri =404').replace('location /', 'location /assets/') },
    },
  ],
  *check(deployment) {
    const servers = serverIndex(deployment.servers)
    for (const configuration of deployment.nginx) {
      for (const tryFiles of configuration.occurrences.get('try_files') ?? []) {
        const last = tryFiles.args.length - 1
        if (tryFiles.args[last]?.value !== '=404') continue
        const home = enclosingServer(tryFiles)
        const server = home === null ? undefined : servers.get(home)
        if (server === undefined) continue
        const isAssumed = hasOwnIndex(tryFiles) && findsFilesAlone(tryFiles)
        const page = startPage(deployment.filesOf(configuration), configuration, tryFiles)
        if (!isAssumed && page === null) continue
        const answer = askServer(deployment, server, '/', page === null ? { assume: kindOf } : {})
        if (answer === null || !isNotFound(answer)) continue
        if (!answer.steps.some(({ kind, directive }) => kind === 'try-files' && directive === tryFiles))
          continue
        const at = argumentPlace(tryFiles, last)
        // `index` leads to the file, and the location is asked for that again.
        const isFound = page !== null && answer.steps.some(({ kind }) => kind === 'index')
        yield {
          at,
          message: isFound
            ? `\`/\` is answered with 404: \`index\` leads to \`${page}\`, which is tried by no \`$uri\``
            : `\`/\` is answered with 404, as it is no file, and \`${page ?? 'index'}\` is not looked for`,
          label: 'the start page ends here',
          ...propose('Look for directories too', 'unsafe', [isFound ? null : insertBefore(at, '$uri/ ')]),
        }
      }
    }
  },
})

/** The root is a directory, and no file has but an ending for its name; everything else is taken to be there. */
function kindOf(path: string): 'file' | null {
  return /\/(?:\.\w+)?$/.test(path) ? null : 'file'
}

function findsFilesAlone({ args }: NginxDirective): boolean {
  return args.slice(0, -1).every(({ value }) => /^\$uri(?:\.\w+)?$/.test(value))
}

/** True where the location, or its server, names a start page: that of `http` is for all sites. */
function hasOwnIndex(directive: NginxDirective): boolean {
  for (let scope = directive.parent; scope !== null && scope.name !== 'http'; scope = scope.parent)
    if (scope.children.some(({ name }) => name === 'index')) return true
  return false
}

/** True for a 404, be it with a page of its own. */
function isNotFound({ steps, end }: Outcome): boolean {
  if (steps.some(({ kind, text }) => kind === 'error-page' && /\bfor 404\b/.test(text))) return true
  return end.kind === 'response' && end.status === 404
}

/** The file that `index` would find for `/`, where it is there; null where it is not, or nobody knows. */
function startPage(
  files: FileSystem,
  configuration: NginxConfiguration,
  { parent }: NginxDirective,
): string | null {
  if (parent === null) return null
  const base = fileBase(configuration, parent)
  const index = effective(configuration, parent, 'index')
  if (!base.known || base.value.kind !== 'root' || !base.value.path.startsWith('/')) return null
  if (isComputed(base.value.path) || !index.known || !index.value.complete) return null
  const names = index.value.directives.flatMap(({ args }) => args.map(({ value }) => value))
  return (
    (names.length === 0 ? ['index.html'] : names)
      .map(name => posix.join(base.value.path, name))
      .find(path => files.kind(path) === 'file') ?? null
  )
}
