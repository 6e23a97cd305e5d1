import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { placeText } from '../../parsers/text/source.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { externalModuleOf, nginxDirective } from '../../src/servers/nginx/directives.ts'
import { effectiveAtHand } from '../../src/servers/nginx/queries/effective.ts'
import { readLocation } from '../../src/servers/nginx/queries/locations.ts'
import { childrenNamed, hasUnreadInclude } from '../../src/servers/nginx/queries/scope.ts'
import { nginxMain, proxiedServer } from '../_examples.ts'
import { assetsOfApplication } from './_assets-of-application.ts'
import { setsOnly } from './_sets-only.ts'

const nginx = (lines: string): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(proxiedServer(lines)),
})

const ofNode = (lines: string, root = '/var/www/old'): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(
    proxiedServer(conf`
      root ${root};
      ${lines}
    `),
  ),
  'srv/shop/server.js': conf`
    const express = require('express')
    const app = express()
    app.use(express.static(path.join(__dirname, 'public')))
    app.listen(9000)
  `,
})

export default defineRule({
  summary: 'A location beside `location /` has no `proxy_pass`, and no files either',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: '`proxy_pass` and its like hold in the location in which they stand alone. A location that only sets a header, an expiry or who may come in looks for a file, and without a `root` in the directory that nginx was built with, such as `/usr/share/nginx/html`: 404 for what the backend has.',
  remedy: 'Write `proxy_pass` in this location too, with the headers that the other one sets',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_pass',
    'https://nginx.org/en/docs/http/ngx_http_core_module.html#root',
  ],
  bad: [
    {
      title: 'style sheets of the application',
      files: nginx(conf`
        «location» ~* \.(?:css|js|png)$ {
            expires 30d;
            access_log off;
        }
      `),
    },
    {
      title: 'a page for some addresses',
      files: nginx(conf`
        «location» /admin/ {
            allow 127.0.0.1;
            deny all;
        }
      `),
    },
    {
      title: 'a limit for the login',
      files: {
        'etc/nginx/nginx.conf': nginxMain([
          'limit_req_zone $binary_remote_addr zone=login:1m rate=1r/s;',
          proxiedServer(conf`
            «location» = /login {
                limit_req zone=login burst=5;
                proxy_set_header Host $host;
            }
          `),
        ]),
      },
    },
    {
      title: 'a location in the one that proxies',
      files: {
        'etc/nginx/nginx.conf': nginxMain(conf`
          server {
              listen 80;
              server_name example.org;
              location /shop/ {
                  proxy_pass http://127.0.0.1:9000;
                  proxy_set_header Host $host;
                  «location» ~* \.(?:css|js|png)$ {
                      gzip_static on;
                      expires 30d;
                  }
              }
          }
        `),
      },
    },
    {
      title: 'style sheets of a program for Node.js, in a server with the root of a former site',
      files: ofNode(conf`
        «location» ~ .*\.(?:gif|jpg|png|js|css)$ {
            expires 30d;
            error_log /dev/null;
        }
      `),
    },
  ],
  good: [
    {
      title: 'the directory from which that program serves them',
      files: {
        ...ofNode(
          conf`
            location ~ .*\.(?:gif|jpg|png|js|css)$ {
                expires 30d;
            }
          `,
          '/srv/shop/public',
        ),
      },
    },
    {
      title: 'a file of the former site',
      files: {
        ...ofNode(conf`
          location ~ .*\.(?:gif|jpg|png|js|css)$ {
              expires 30d;
          }
        `),
        'var/www/old/logo.png': '',
      },
    },
    {
      title: 'proxied, too',
      files: nginx(conf`
        location ~* \.(?:css|js|png)$ {
            expires 30d;
            access_log off;
            proxy_pass http://127.0.0.1:9000;
            proxy_set_header Host $host;
        }
      `),
    },
    {
      title: 'files of nginx',
      files: nginx(conf`
        root /srv/www;
        location ~* \.(?:css|js|png)$ {
            expires 30d;
        }
      `),
    },
    {
      title: 'proxied for some addresses',
      files: nginx(conf`
        location /admin/ {
            allow 127.0.0.1;
            deny all;
            proxy_pass http://127.0.0.1:9000;
            proxy_set_header Host $host;
        }
      `),
    },
    {
      title: 'a limit for the login, which is proxied',
      files: {
        'etc/nginx/nginx.conf': nginxMain([
          'limit_req_zone $binary_remote_addr zone=login:1m rate=1r/s;',
          proxiedServer(conf`
            location = /login {
                limit_req zone=login burst=5;
                proxy_pass http://127.0.0.1:9000;
                proxy_set_header Host $host;
            }
          `),
        ]),
      },
    },
    {
      title: 'a location in the one that proxies, with its own line',
      files: {
        'etc/nginx/nginx.conf': nginxMain(conf`
          server {
              listen 80;
              server_name example.org;
              location /shop/ {
                  proxy_pass http://127.0.0.1:9000;
                  proxy_set_header Host $host;
                  location ~* \.(?:css|js|png)$ {
                      expires 30d;
                      proxy_pass http://127.0.0.1:9000;
                      proxy_set_header Host $host;
                  }
              }
          }
        `),
      },
    },
    {
      title: 'what answers by itself, or nobody',
      files: nginx(conf`
        error_page 502 /502.html;
        location = /502.html {
            add_header Cache-Control no-store;
        }
        location = /health {
            access_log off;
            return 204;
        }
        location ~ /\. {
            deny all;
            log_not_found off;
        }
        location = /favicon.ico {
            access_log off;
            log_not_found off;
        }
      `),
    },
    {
      title: 'a prefix that keeps regular expressions out',
      files: {
        'etc/nginx/nginx.conf': nginxMain(
          proxiedServer(conf`
            location ~* \.png$ {
                expires 30d;
            }
          `).replace('location / {', 'location ^~ / {'),
        ),
      },
    },
  ],
  *check(deployment) {
    const { nginx: configurations, connections } = deployment
    for (const connection of connections.nginx) yield* assetsOfApplication(deployment, connection)
    for (const configuration of configurations) {
      const locations = configuration.occurrences.get('location')
      if (locations === undefined) continue
      for (const name of PROXIES)
        for (const pass of configuration.occurrences.get(name) ?? []) yield* without(configuration, pass)
    }
  },
})

const PROXIES = ['proxy_pass', 'uwsgi_pass', 'scgi_pass', 'grpc_pass'] as const

function* without(configuration: NginxConfiguration, pass: NginxDirective) {
  const home = pass.parent
  if (home?.name !== 'location' || home.parent === null) return
  const { modifier, name } = readLocation(home)
  const isWhole = home.parent.name === 'server' && name === '/' && modifier !== '='
  const beside = isWhole
    ? childrenNamed(home.parent, 'location').filter(
        // `^~` at the root keeps every regular expression out.
        other => other !== home && !(modifier === '^~' && readLocation(other).modifier.startsWith('~')),
      )
    : []
  const candidates = [...beside, ...childrenNamed(home, 'location')]
  const found = candidates.filter(setsOnly)
  if (found.length === 0 || hasUnreadInclude(configuration, home.parent)) return
  const server = home.parent.name === 'server' ? home.parent : null
  if (server?.children.some(child => child.name === 'return' || mayAnswer(child.name)) !== false) return
  for (const location of found) {
    const written = readLocation(location).name
    if (hasFiles(configuration, location) || hasUnreadInclude(configuration, location)) continue
    if (NOT_MEANT.test(written) || isErrorPage(server, written)) continue
    yield {
      at: namePlace(location),
      message: `\`${pass.name}\` of \`location ${modifier === '' ? '' : `${modifier} `}${name}\` does not hold here, so this location looks for files in the directory that nginx was built with`,
      label: `neither \`${pass.name}\` nor \`root\``,
      related: [{ at: argumentPlace(pass, 0), message: 'the backend, which is not asked' }],
      help: `Write \`${pass.name} ${placeText(argumentPlace(pass, 0))};\` in this location too`,
    }
  }
}

/** Names that clients ask for by themselves, and what a certificate is proved with. */
const NOT_MEANT = /^(?:\/?favicon\.ico|\/robots\.txt|\/apple-touch-icon.*|\^?\/\\?\..*)$/

function hasFiles(configuration: NginxConfiguration, location: NginxDirective): boolean {
  return ['root', 'alias'].some(name => {
    const set = effectiveAtHand(configuration, location, name)
    return !set.known || set.value.directives.length > 0
  })
}

/** True for a page that a line of the server, or of one of its locations or the level above, sends for an error. */
function isErrorPage(server: NginxDirective, path: string): boolean {
  const scopes = [
    server,
    ...childrenNamed(server, 'location'),
    ...(server.parent === null ? [] : [server.parent]),
  ]
  return scopes.some(scope =>
    childrenNamed(scope, 'error_page').some(({ args }) => args.at(-1)?.value === path),
  )
}

/** True for a directive of a module that may answer in the place of files. */
function mayAnswer(name: string): boolean {
  return nginxDirective(name).length === 0 && externalModuleOf(name) !== null
}
