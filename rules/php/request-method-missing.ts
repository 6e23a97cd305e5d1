import { namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { requestParameters } from '../../src/servers/nginx/queries/request-headers.ts'
import { phpPool } from './_examples.ts'
import { isPhp } from './_php-connections.ts'

const SCRIPT = 'fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;'
const tree = (lines: string, marked = false, outer = ''): Record<string, string> => ({
  'etc/nginx/nginx.conf': conf`
    events {
    }
    http {
        server {
            listen 80;
            server_name example.org;
            root /srv/www;
            ${outer}
            location ~ \.php$ {
                ${marked ? '«fastcgi_pass»' : 'fastcgi_pass'} unix:/run/php/php8.2-fpm.sock;
                ${lines}
            }
        }
    }
  `,
  'etc/php/8.2/fpm/pool.d/www.conf': phpPool(),
})

export default defineRule({
  summary: 'PHP is not told the method of the request, and answers with an empty page',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'PHP-FPM runs nothing where the parameter `REQUEST_METHOD` is missing: it answers 200 with an empty page, and logs nothing. `fastcgi_params` of nginx sets it, unless a level below writes a `fastcgi_param` of its own, which replaces all that it would inherit.',
  remedy: 'Write `include fastcgi_params;` beside the parameters of the location',
  references: ['https://nginx.org/en/docs/http/ngx_http_fastcgi_module.html#fastcgi_param'],
  bad: [
    { title: 'the script alone', files: tree(SCRIPT, true) },
    {
      title: 'parameters of the server, which one of the location replaces',
      files: tree(
        SCRIPT,
        true,
        conf`
          fastcgi_param REQUEST_METHOD $request_method;
          fastcgi_param QUERY_STRING $query_string;
        `,
      ),
    },
    {
      title: 'one script for all that is below a path, behind an upstream that is elsewhere',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              root /srv/www;
              include fastcgi_params;
              location ~* /system/files/ {
                  fastcgi_param SCRIPT_NAME /index.php;
                  fastcgi_param SCRIPT_FILENAME $document_root/index.php;
                  «fastcgi_pass» backend;
              }
          }
        `,
      },
    },
  ],
  good: [
    { title: 'the parameters of nginx', files: tree(`include fastcgi_params;\n${SCRIPT}`) },
    { title: 'the method by hand', files: tree(`fastcgi_param REQUEST_METHOD $request_method;\n${SCRIPT}`) },
    {
      title: 'all of them in the server',
      files: tree('', false, `fastcgi_param REQUEST_METHOD $request_method;\n${SCRIPT}`),
    },
    {
      title: 'parameters of a file that is not in the audit',
      files: tree(`include /opt/params;\n${SCRIPT}`),
    },
  ],
  *check({ connections }) {
    for (const connection of connections.nginx) {
      if (connection.pass.name !== 'fastcgi_pass' || !isPhp(connection)) continue
      const { server, block, pass } = connection
      const set = requestParameters(server.configuration, block, 'fastcgi')
      if (!set.known || !set.value.complete) continue
      const { headers, level } = set.value
      const names = new Set(headers.map(({ name }) => name))
      // Without a script there is no page either, which is another fault.
      if (!names.has('SCRIPT_FILENAME') || names.has('REQUEST_METHOD')) continue
      yield {
        at: namePlace(pass),
        message:
          'no `fastcgi_param` sets `REQUEST_METHOD`, so PHP runs no script and answers 200 with an empty page',
        label: 'without REQUEST_METHOD',
        related:
          level === null
            ? []
            : [{ at: namePlace(level), message: 'the parameters in force are those of this block' }],
      }
    }
  },
})
