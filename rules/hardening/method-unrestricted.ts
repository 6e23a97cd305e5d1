import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { askHost } from '../../src/deployment/requests/ask-host.ts'
import { askServer } from '../../src/deployment/requests/ask-server.ts'
import { PATHS } from '../../src/deployment/requests/made-up-requests.ts'
import { apacheMain, nginxMain, nginxServer, proxiedServer } from '../_examples.ts'
import { hostPlace, reachedHosts, reachedServers } from './_servers.ts'

const proxied = (lines: string): string =>
  apacheMain(
    conf`
    Listen 80
    <VirtualHost *:80>
        ServerName example.org
        ProxyPass / http://127.0.0.1:8000/
        ${lines}
    </VirtualHost>
  `,
    ['proxy', 'proxy_http'],
  )

export default defineRule({
  summary: 'The server proxies requests of every method',
  severity: 'info',
  confidence: 'medium',
  since: '0.1.0',
  why: 'A `DELETE` reaches the application like a `GET`. Frameworks refuse what no view takes; a server in front that knows the methods refuses the rest before any code runs.',
  remedy:
    'Name the methods that the application takes: `limit_except GET POST { deny all; }` in nginx’s location, `<LimitExcept GET POST>` or `AllowMethods` in Apache',
  controls: ['CIS nginx 5.1.2', 'CIS Apache 5.7', 'dev-sec nginx-14', 'dev-sec apache-10'],
  references: [
    'https://nginx.org/en/docs/http/ngx_http_core_module.html#limit_except',
    'https://httpd.apache.org/docs/2.4/mod/core.html#limitexcept',
  ],
  bad: [
    {
      title: 'nginx',
      files: { 'etc/nginx/nginx.conf': nginxMain(proxiedServer()).replace('proxy_pass', '«proxy_pass»') },
    },
    {
      title: 'Apache',
      files: { 'etc/apache2/apache2.conf': proxied('').replace('<VirtualHost', '<«VirtualHost»') },
    },
  ],
  good: [
    {
      title: 'a condition in front of all locations',
      files: {
        'etc/nginx/nginx.conf': nginxMain(
          proxiedServer(conf`
            if ($request_method !~ ^(GET|HEAD|POST)$) {
                return 405;
            }
          `),
        ),
      },
    },
    {
      title: '`limit_except`',
      files: {
        'etc/nginx/nginx.conf': nginxMain(
          nginxServer(conf`
            location / {
                limit_except GET POST {
                    deny all;
                }
                proxy_pass http://127.0.0.1:9000;
            }
          `),
        ),
      },
    },
    {
      title: 'files alone: nginx answers 405 by itself',
      files: { 'etc/nginx/nginx.conf': nginxMain(nginxServer('root /srv/www;')) },
    },
    {
      title: '`<LimitExcept>` in Apache',
      files: {
        'etc/apache2/apache2.conf': proxied(conf`
          <Location />
              <LimitExcept GET POST>
                  Require all denied
              </LimitExcept>
          </Location>
        `),
      },
    },
  ],
  *check(deployment) {
    for (const server of reachedServers(deployment)) {
      const end = askServer(deployment, server, PATHS.startPage, { request: { method: 'DELETE' } })?.end
      if (end?.kind !== 'pass') continue
      const pass = deployment.connections.ofBlock(end.scope)?.pass
      yield {
        at: pass === undefined ? namePlace(end.scope) : namePlace(pass),
        cause: server.configuration,
        per: 'servers',
        message: often => `\`DELETE\` reaches the backend as \`GET\` does${often}`,
        also: 'and here',
      }
    }
    for (const asked of reachedHosts(deployment)) {
      const { end } = askHost(deployment, asked, PATHS.startPage, { method: 'DELETE' })
      const at = hostPlace(asked)
      if (at === null || (end.kind !== 'pass' && end.kind !== 'wsgi')) continue
      const alias = end.kind === 'wsgi' ? end.alias : end.directive
      yield {
        at,
        cause: asked.configuration,
        per: 'virtual hosts',
        message: often => `\`DELETE\` reaches the application as \`GET\` does${often}`,
        also: 'and here',
        related: alias === null ? [] : [{ at: argumentPlace(alias, 0), message: 'leads there' }],
      }
    }
  },
})
