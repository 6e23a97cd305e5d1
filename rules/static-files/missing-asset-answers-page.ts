import { serversAround } from '../../src/deployment/build/servers.ts'
import type { Deployment, NginxServer } from '../../src/deployment/model.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { askServer } from '../../src/deployment/requests/ask-server.ts'
import { MISSING } from '../../src/deployment/requests/made-up-requests.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { readLocation } from '../../src/servers/nginx/queries/locations.ts'
import { serverAround } from '../../src/servers/nginx/queries/servers.ts'

const site = (lines: string): string => conf`
  server {
      listen 80;
      server_name example.org;
      root /srv/www;
      ${lines}
  }
`

export default defineRule({
  summary: 'A missing script or style sheet is answered with the start page',
  severity: 'info',
  confidence: 'high',
  since: '0.1.0',
  why: 'After a release a browser with the old page asks for files that are gone. The fallback answers 200 and HTML: the script fails with “Unexpected token <”, and caches keep the page under the name of the script.',
  remedy: 'Add a location for assets with `try_files $uri =404`',
  references: ['https://nginx.org/en/docs/http/ngx_http_core_module.html#try_files'],
  bad: [
    {
      title: 'one fallback for everything',
      files: {
        'nginx.conf': site(conf`
          location / {
              try_files $uri $uri/ «/index.html»;
          }
        `),
      },
    },
  ],
  good: [
    {
      title: 'assets are there or not',
      files: {
        'nginx.conf': site(conf`
          location / {
              try_files $uri $uri/ /index.html;
          }
          location ~ \.(js|css)$ {
              try_files $uri =404;
          }
        `),
      },
    },
    {
      title: 'assets in a directory of their own',
      files: {
        'nginx.conf': site(conf`
          location / {
              try_files $uri $uri/ /index.html;
          }
          location /assets/ {
              try_files $uri =404;
          }
        `),
      },
    },
    {
      title: 'an application answers what is missing',
      files: {
        'nginx.conf': site(conf`
          location / {
              try_files $uri @app;
          }
          location @app {
              proxy_pass http://127.0.0.1:9000;
          }
        `),
      },
    },
  ],
  *check(deployment) {
    const servers = serversAround(deployment)
    for (const { occurrences } of deployment.nginx) {
      for (const tryFiles of occurrences.get('try_files') ?? []) {
        const index = tryFiles.args.length - 1
        if (!/^\/[^$?]*\.html?$/.test(tryFiles.args[index]?.value ?? '')) continue
        const home = serverAround(tryFiles)
        const server = home === null ? undefined : servers.get(home)
        if (server === undefined || !answersPage(deployment, server, tryFiles)) continue
        yield {
          at: argumentPlace(tryFiles, index),
          message: `a script or style sheet that is missing is answered with \`${tryFiles.args[index]?.value}\` and 200`,
          label: 'for assets too',
        }
      }
    }
  },
})

/** Directories in which builders put what they make. */
const DIRECTORIES = ['', 'assets/', 'static/', 'js/', 'build/', 'dist/', '_app/']

/** True where nowhere a missing script is a 404. */
function answersPage(deployment: Deployment, server: NginxServer, { parent }: NginxDirective): boolean {
  if (parent === null) return false
  const { modifier, name } = parent.name === 'location' ? readLocation(parent) : { modifier: '', name: '/' }
  if ((modifier !== '' && modifier !== '^~') || !name.startsWith('/')) return false
  const base = name.endsWith('/') ? name : `${name}/`
  return DIRECTORIES.every(directory => {
    const end = askServer(deployment, server, `${base}${directory}${MISSING}.js`)?.end
    return end?.kind === 'file' && /\.html?$/.test(end.path) && end.status === 200
  })
}
