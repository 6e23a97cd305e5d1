import { serverIndex } from '../../src/deployment/build/servers.ts'
import { insertBefore, propose } from '../../src/deployment/edits.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { askServer } from '../../src/deployment/requests/ask-server.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { enclosingServer } from '../../src/servers/nginx/queries/servers.ts'

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
  ],
  good: [
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
    for (const { occurrences } of deployment.nginx) {
      if (!occurrences.has('index')) continue
      for (const tryFiles of occurrences.get('try_files') ?? []) {
        const last = tryFiles.args.length - 1
        if (tryFiles.args[last]?.value !== '=404' || !findsFilesAlone(tryFiles)) continue
        if (!hasOwnIndex(tryFiles)) continue
        const home = enclosingServer(tryFiles)
        const server = home === null ? undefined : servers.get(home)
        if (server === undefined) continue
        const answer = askServer(deployment, server, '/', { assume: kindOf })
        if (answer?.end.kind !== 'response' || answer.end.status !== 404) continue
        if (!answer.steps.some(({ kind, directive }) => kind === 'try-files' && directive === tryFiles))
          continue
        const at = argumentPlace(tryFiles, last)
        yield {
          at,
          message: '`/` is answered with 404, as it is no file, and `index` is not looked for',
          label: 'the start page ends here',
          ...propose('Look for directories too', 'unsafe', [insertBefore(at, '$uri/ ')]),
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
