import { indentationAt, insertBefore, propose } from '../../src/deployment/edits.ts'
import { namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { requestParameters } from '../../src/servers/nginx/queries/request-headers.ts'

const tree = (lines: string): Record<string, string> => ({
  'etc/nginx/nginx.conf': conf`
    events {
    }
    http {
        server {
            listen 80;
            server_name example.org;
            location / {
                ${lines}
                «uwsgi_pass» unix:/run/shop.sock;
            }
        }
    }
  `,
  'etc/uwsgi/apps-enabled/shop.ini': conf`
    [uwsgi]
    module = shop.wsgi
    socket = /run/shop.sock
    chmod-socket = 666
  `,
})
const PARAMETERS = conf`
  uwsgi_param QUERY_STRING $query_string;
  uwsgi_param REQUEST_METHOD $request_method;
  uwsgi_param PATH_INFO $document_uri;
  uwsgi_param SERVER_NAME $server_name;
  uwsgi_param SERVER_PORT $server_port;
  uwsgi_param SERVER_PROTOCOL $server_protocol;
`
const good = (lines: string): Record<string, string> =>
  Object.fromEntries(Object.entries(tree(lines)).map(([path, text]) => [path, text.replaceAll(/[«»]/g, '')]))

export default defineRule({
  summary: 'nginx sends uWSGI no parameters of the request',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'Method, path and name of a request reach uWSGI by `uwsgi_param` alone. Without the file of parameters the application gets none of them: Django fails with `KeyError: REQUEST_METHOD`, and others take every request for one of the same page.',
  remedy: 'Write `include uwsgi_params;` beside `uwsgi_pass`',
  references: ['https://nginx.org/en/docs/http/ngx_http_uwsgi_module.html#uwsgi_param'],
  bad: [{ title: 'no parameters', files: tree('') }],
  good: [
    { title: 'parameters', files: good(PARAMETERS) },
    {
      title: 'the file of parameters',
      files: { ...good('include uwsgi_params;'), 'etc/nginx/uwsgi_params': PARAMETERS },
    },
  ],
  *check({ connections }) {
    for (const { pass, server, block } of connections.nginx) {
      if (pass.name !== 'uwsgi_pass') continue
      const set = requestParameters(server.configuration, block, 'uwsgi')
      if (!set.known || !set.value.complete || set.value.headers.length > 0) continue
      const at = namePlace(pass)
      yield {
        at,
        message: 'no `uwsgi_param` is in force, so uWSGI gets neither method nor path of a request',
        label: 'without uwsgi_params',
        ...propose('Include the parameters', 'unsafe', [
          insertBefore(at, `include uwsgi_params;\n${indentationAt(at)}`),
        ]),
      }
    }
  },
})
