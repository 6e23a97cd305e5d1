import { indentationAt, insertBefore, propose } from '../../src/deployment/edits.ts'
import { namePlace } from '../../src/deployment/places.ts'
import type { NginxConnection } from '../../src/deployment/model.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import {
  type ParameterProtocol,
  requestParameters,
  requestParametersAtHand,
} from '../../src/servers/nginx/queries/request-headers.ts'
import { isExcerpt } from '../_excerpts.ts'
import { isPhp } from '../php/_php-connections.ts'

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

/** A template of a site, of which no main file is in the repository. */
const template = (inLocation: string, pass = 'uwsgi_pass', inServer = ''): Record<string, string> => ({
  'roles/shop/templates/nginx.conf.j2': conf`
    # {{ ansible_managed }}
    server {
        listen 80;
        server_name {{ site_domain }};
        ${inServer}
        location /static/ {
            alias {{ site_dir }}/static/;
        }
        location / {
            ${pass} unix:{{ site_socket }};
            ${inLocation}
        }
    }
  `,
})
const other = (pass: string, lines = '', location = '/'): Record<string, string> => ({
  'etc/nginx/nginx.conf': conf`
    events {
    }
    http {
        server {
            listen 80;
            server_name example.org;
            location ${location} {
                ${lines}
                ${pass} 127.0.0.1:9000;
            }
        }
    }
  `,
})

export default defineRule({
  summary: 'nginx sends the application no parameters of the request',
  severity: 'error',
  otherSeverities: {
    warning: 'in a file of a manual, whose comment of dots stands for lines that are left out',
  },
  confidence: 'high',
  since: '0.1.0',
  why: 'Method, path and name of a request reach uWSGI by `uwsgi_param` alone, and a program that speaks FastCGI or SCGI by `fastcgi_param` and `scgi_param`. Without the file of parameters the application gets none of them: Django and Flask fail with `KeyError: REQUEST_METHOD`, nginx answers 502 and logs `upstream prematurely closed connection`, and others take every request for one of the same page.',
  remedy:
    'Write `include uwsgi_params;` beside `uwsgi_pass`, and `fastcgi_params` or `scgi_params` beside the others',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_uwsgi_module.html#uwsgi_param',
    'https://nginx.org/en/docs/http/ngx_http_fastcgi_module.html#fastcgi_param',
    'https://nginx.org/en/docs/http/ngx_http_scgi_module.html#scgi_param',
  ],
  bad: [
    {
      title: 'a file of a manual, which leaves lines out',
      files: {
        'site.conf': conf`
          server {
              listen 80;
              server_name example.org;
              location /app/ {
                  «uwsgi_pass» 127.0.0.1:9000;
              }
              # ...
          }
        `,
      },
    },
    { title: 'no parameters', files: tree('') },
    { title: 'a template of a site', files: template('uwsgi_read_timeout 60s;', '«uwsgi_pass»') },
    { title: 'FastCGI', files: other('«fastcgi_pass»') },
    { title: 'SCGI', files: other('«scgi_pass»') },
  ],
  good: [
    { title: 'parameters', files: good(PARAMETERS) },
    {
      title: 'the file of parameters',
      files: { ...good('include uwsgi_params;'), 'etc/nginx/uwsgi_params': PARAMETERS },
    },
    { title: 'a template with the file of parameters', files: template('include uwsgi_params;') },
    { title: 'a template with its path', files: template('include {{ nginx_dir }}/uwsgi_params;') },
    { title: 'a template, and a file that a variable names', files: template('include {{ site_params }};') },
    { title: 'a template, and lines that a variable has', files: template('{{ site_lines }}') },
    {
      title: 'a template, and lines of a loop',
      files: template(conf`
        {% for line in site_lines %}
        {{ line }};
        {% endfor %}
      `),
    },
    { title: 'a template that another one is part of', files: template("{% include 'uwsgi.j2' %}") },
    {
      title: 'a template whose server has them',
      files: template('', 'uwsgi_pass', 'include /etc/nginx/uwsgi_params;'),
    },
    {
      title: 'a template whose server has lines of a variable',
      files: template('', 'uwsgi_pass', '{{ server_lines }}'),
    },
    {
      title: 'locations of a server that is not here',
      files: {
        'locations.conf': conf`
          location / {
              uwsgi_pass unix:/run/shop.sock;
          }
        `,
      },
    },
    {
      title: 'FastCGI of a site, whose main file may have the parameters for all',
      files: template('', 'fastcgi_pass'),
    },
    {
      title: 'FastCGI, and its parameters',
      files: other('fastcgi_pass', PARAMETERS.replaceAll('uwsgi', 'fastcgi')),
    },
    { title: 'rTorrent, which asks for none', files: other('scgi_pass', '', '/RPC2') },
  ],
  *check({ connections }) {
    for (const connection of connections.nginx) {
      const protocol = PROTOCOLS.get(connection.pass.name)
      if (protocol === undefined || mayNeedNone(connection)) continue
      const { pass, server, block } = connection
      // The main file of old examples has the parameters of FastCGI for all sites.
      const ask = protocol === 'uwsgi' ? requestParametersAtHand : requestParameters
      const set = ask(server.configuration, block, protocol)
      if (!set.known || !set.value.complete || set.value.headers.length > 0) continue
      const at = namePlace(pass)
      const program = protocol === 'uwsgi' ? 'uWSGI' : 'the application'
      yield {
        at,
        message: `no \`${protocol}_param\` is in force, so ${program} gets neither method nor path of a request`,
        label: `without ${protocol}_params`,
        // What a manual leaves out may set them for all.
        ...(server.configuration.main === null &&
          isExcerpt(pass.source) && { severity: 'warning' as const, confidence: 'medium' as const }),
        ...propose('Include the parameters', 'unsafe', [
          insertBefore(at, `include ${protocol}_params;\n${indentationAt(at)}`),
        ]),
      }
    }
  },
})

const PROTOCOLS: ReadonlyMap<string, ParameterProtocol> = new Map([
  ['uwsgi_pass', 'uwsgi'],
  ['fastcgi_pass', 'fastcgi'],
  ['scgi_pass', 'scgi'],
])

/** True for scripts of PHP, which another rule looks at, for the calls of rTorrent, and for a module of others. */
function mayNeedNone(connection: NginxConnection): boolean {
  const { block } = connection
  return (
    isPhp(connection) ||
    block.args.some(({ value }) => /rpc/i.test(value)) ||
    block.children.some(({ name }) => name === 'fastcgi_cache_purge')
  )
}
