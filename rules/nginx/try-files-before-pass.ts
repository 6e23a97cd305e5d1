import type { Deployment, NginxServer } from '../../src/deployment/model.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { askServer } from '../../src/deployment/requests/ask-server.ts'
import { MISSING } from '../../src/deployment/requests/made-up-requests.ts'
import { pathsInto } from '../../src/deployment/requests/paths-into.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { childrenNamed } from '../../src/servers/nginx/queries/scope.ts'
import { nginxMain } from '../_examples.ts'

const site = (lines: string): string => conf`
  server {
      listen 80;
      server_name example.org;
      root /srv/www;
      location / {
          ${lines}
      }
      location @app {
          proxy_pass http://127.0.0.1:9000;
      }
  }
`

export default defineRule({
  summary: '`try_files` answers in front of `proxy_pass`, and the application is never asked',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: '`try_files` comes before the content of a location. What is no file is answered by its last word, 404 or another page, and only what is a file goes to the backend.',
  remedy:
    'Move the `proxy_pass` into a named location, and write its name as the last word: `try_files $uri @app`',
  references: ['https://nginx.org/en/docs/http/ngx_http_core_module.html#try_files'],
  bad: [
    {
      title: 'not found before the application is asked',
      files: {
        'nginx.conf': site(conf`
          try_files $uri $uri/ «=404»;
          proxy_pass http://127.0.0.1:9000;
        `),
      },
    },
    {
      title: 'a site whose `root` is written elsewhere, if at all',
      files: {
        'site.conf': site(conf`
          try_files $uri «=404»;
          proxy_pass http://127.0.0.1:9000;
        `).replace('root /srv/www;', ''),
      },
    },
    {
      title: 'a server without a `root`',
      files: {
        'etc/nginx/nginx.conf': nginxMain(
          site(conf`
            try_files $uri «=404»;
            proxy_pass http://127.0.0.1:9000;
          `).replace('root /srv/www;', ''),
        ),
      },
    },
  ],
  good: [
    { title: 'a named location', files: { 'nginx.conf': site('try_files $uri @app;') } },
    {
      title: 'a page of maintenance while it is there',
      files: {
        'nginx.conf': site(conf`
          try_files /maintenance.html @app;
          proxy_pass http://127.0.0.1:9000;
        `),
      },
    },
    {
      title: 'a location of a server that is not here',
      files: {
        'locations.conf': conf`
          location / {
              try_files $uri =404;
              proxy_pass http://127.0.0.1:9000;
          }
        `,
      },
    },
    {
      title: 'scripts that are there',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              root /srv/www;
              location ~ \.php$ {
                  try_files $uri =404;
                  fastcgi_pass 127.0.0.1:9000;
              }
          }
        `,
      },
    },
  ],
  *check(deployment) {
    for (const { server, block, pass } of deployment.connections.nginx) {
      if (pass.name !== 'proxy_pass' && pass.name !== 'uwsgi_pass' && pass.name !== 'grpc_pass') continue
      const tryFiles = block.name === 'location' ? childrenNamed(block, 'try_files')[0] : undefined
      if (tryFiles === undefined || !answersInstead(deployment, server, block)) continue
      yield {
        at: argumentPlace(tryFiles, tryFiles.args.length - 1),
        message: `what is no file is answered by \`${tryFiles.args.at(-1)?.value}\`, and \`${pass.name}\` gets only what is one`,
        label: 'comes before the backend',
        related: [{ at: argumentPlace(pass, 0), message: 'never asked for a page of its own' }],
      }
    }
  },
})

function answersInstead(deployment: Deployment, server: NginxServer, block: NginxDirective): boolean {
  return pathsInto(block).some(path => {
    if (!path.includes(MISSING)) return false
    const end = askServer(deployment, server, path, { into: block, alsoLocal: true })?.end
    return end?.kind === 'response' && end.status === 404
  })
}
