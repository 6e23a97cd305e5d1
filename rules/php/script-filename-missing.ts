import { namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { requestParameters } from '../../src/servers/nginx/queries/request-headers.ts'
import { phpPool } from './_examples.ts'
import { isPhp } from './_php-connections.ts'

const tree = (lines: string): Record<string, string> => ({
  'etc/nginx/nginx.conf': conf`
    events {
    }
    http {
        server {
            listen 80;
            server_name example.org;
            root /srv/www;
            location ~ \.php$ {
                «fastcgi_pass» unix:/run/php/php8.2-fpm.sock;
                ${lines}
            }
        }
    }
  `,
  'etc/php/8.2/fpm/pool.d/www.conf': phpPool(),
})

const PARAMS = conf`
  fastcgi_param QUERY_STRING $query_string;
  fastcgi_param REQUEST_METHOD $request_method;
  fastcgi_param SCRIPT_NAME $fastcgi_script_name;
`

export default defineRule({
  summary: 'PHP is not told which script to run',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'PHP-FPM takes the path of the script from the parameter `SCRIPT_FILENAME` alone. The `fastcgi_params` of nginx does not have it (`fastcgi.conf` does): every script is answered with 404 and `File not found.`, and nginx logs `Primary script unknown`. Without `REQUEST_METHOD` it is an empty page, with status 200.',
  remedy:
    'Write `fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name`, or include `fastcgi.conf`',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_fastcgi_module.html#fastcgi_param',
    'https://www.nginx.com/resources/wiki/start/topics/examples/phpfcgi/',
  ],
  bad: [
    { title: 'parameters without it', files: tree(PARAMS) },
    {
      title: 'one parameter of the location in place of all of the server',
      files: {
        ...tree('fastcgi_param APPLICATION_ENV production;'),
      },
    },
  ],
  good: [
    {
      title: 'the parameter',
      files: tree(conf`
        ${PARAMS}
        fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
      `),
    },
    {
      title: 'parameters of a file that is not in the audit',
      files: tree('include /opt/fastcgi/*.conf;\ninclude /opt/params;'),
    },
    {
      title: 'FastCGI for another program',
      files: {
        'etc/nginx/nginx.conf': conf`
          events {
          }
          http {
              server {
                  listen 80;
                  location /cgi/ {
                      fastcgi_param QUERY_STRING $query_string;
                      fastcgi_pass unix:/run/app.sock;
                  }
              }
          }
        `,
      },
    },
  ],
  *check({ connections }) {
    for (const connection of connections.nginx) {
      if (connection.pass.name !== 'fastcgi_pass' || !isPhp(connection)) continue
      const { server, block, pass } = connection
      // Answered from the cache, by a module of others.
      if (block.children.some(({ name }) => name === 'fastcgi_cache_purge')) continue
      const set = requestParameters(server.configuration, block, 'fastcgi')
      if (!set.known || !set.value.complete) continue
      const { headers, level } = set.value
      if (headers.some(({ name }) => /^(?:SCRIPT_FILENAME|PATH_TRANSLATED)$/.test(name))) continue
      yield {
        at: namePlace(pass),
        message: `no \`fastcgi_param\` sets \`SCRIPT_FILENAME\`, so PHP finds no script and answers ${
          headers.some(({ name }) => name === 'REQUEST_METHOD')
            ? '404, `File not found.`'
            : 'with an empty page'
        }`,
        label: 'without SCRIPT_FILENAME',
        related:
          level === null
            ? []
            : [{ at: namePlace(level), message: 'the parameters in force are those of this block' }],
      }
    }
  },
})
