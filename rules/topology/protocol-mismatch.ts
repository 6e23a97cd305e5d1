import { programName, protocolName } from '../../src/deployment/destination-words.ts'
import type { Place, Source } from '../../parsers/text/source.ts'
import type { Listener, Protocol } from '../../src/deployment/model.ts'
import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { valueOrNull } from '../../src/servers/fact.ts'

const nginx = (pass: string, location = '/'): string => conf`
  events {
  }
  http {
      server {
          listen 80;
          server_name example.org;
          location ${location} {
              ${pass};
          }
      }
  }
`
const GUNICORN = conf`
  [Service]
  ExecStart=/opt/shop/bin/gunicorn --bind unix:/run/shop.sock shop.wsgi
`
const POOL = conf`
  [www]
  user = www-data
  listen = 127.0.0.1:9000
  pm = static
  pm.max_children = 5
`

const gitlab = (lines: string, url = 'https://git.example.org'): Record<string, string> => ({
  'etc/gitlab/gitlab.rb': conf`
    external_url '${url}'
    # The certificate is the proxy's.
    nginx['listen_addresses'] = ['127.0.0.1']
    nginx['listen_port'] = 8081
    ${lines}
  `,
})
const gitlabOfCompose = (lines: string): Record<string, string> => ({
  'nginx.conf': conf`
    server {
        listen 80;
        server_name git.example.org;
        location / {
            «proxy_pass» http://gitlab:8929;
        }
    }
  `,
  'docker-compose.yml': conf`
    services:
      nginx:
        image: nginx:1.29
        ports: ["80:80"]
        volumes: ["./nginx.conf:/etc/nginx/conf.d/default.conf:ro"]
      gitlab:
        image: gitlab/gitlab-ce:18.2.1-ce.0
        environment:
          GITLAB_OMNIBUS_CONFIG: |
            external_url 'https://git.example.org:8929'
            ${lines}
  `,
})

export default defineRule({
  summary: 'nginx speaks another protocol than the backend',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'The connection is opened and the first byte is not understood: nginx answers 502 Bad Gateway with `upstream prematurely closed connection` or `upstream sent no valid HTTP/1.0 header`, or waits until it answers 504.',
  remedy: 'Use the pass directive of the protocol that the backend speaks',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_pass',
    'https://nginx.org/en/docs/http/ngx_http_fastcgi_module.html#fastcgi_pass',
    'https://nginx.org/en/docs/http/ngx_http_uwsgi_module.html#uwsgi_pass',
  ],
  bad: [
    {
      title: 'uwsgi to gunicorn, which speaks HTTP',
      files: {
        'etc/nginx/nginx.conf': nginx('«uwsgi_pass» unix:/run/shop.sock'),
        'etc/systemd/system/shop.service': GUNICORN,
      },
    },
    {
      title: 'HTTP to PHP-FPM',
      files: {
        'etc/nginx/nginx.conf': nginx('«proxy_pass» http://127.0.0.1:9000', '~ \\.php$'),
        'etc/php/8.2/fpm/pool.d/www.conf': POOL,
      },
    },
    {
      title: 'TLS to a gunicorn without a certificate',
      files: {
        'etc/nginx/nginx.conf': nginx('«proxy_pass» https://127.0.0.1:8000'),
        'etc/systemd/system/shop.service': GUNICORN.replace(
          'unix:/run/shop.sock',
          '127.0.0.1:8000 --config /etc/shop/gunicorn.conf.py',
        ),
        'etc/shop/gunicorn.conf.py': conf`workers = 2`,
      },
    },
    {
      title: 'HTTP to a GitLab with an https address',
      files: { 'etc/nginx/nginx.conf': nginx('«proxy_pass» http://127.0.0.1:8081'), ...gitlab('') },
    },
    {
      title: 'TLS to a GitLab that leaves it to the proxy',
      files: {
        'etc/nginx/nginx.conf': nginx('«proxy_pass» https://127.0.0.1:8081'),
        ...gitlab("nginx['listen_https'] = false"),
      },
    },
    { title: 'GitLab in a container', files: gitlabOfCompose("gitlab_rails['time_zone'] = 'UTC'") },
  ],
  good: [
    {
      title: 'HTTP to gunicorn',
      files: {
        'etc/nginx/nginx.conf': nginx('proxy_pass http://unix:/run/shop.sock'),
        'etc/systemd/system/shop.service': GUNICORN,
      },
    },
    {
      title: 'FastCGI to PHP-FPM',
      files: {
        'etc/nginx/nginx.conf': nginx('fastcgi_pass 127.0.0.1:9000', '~ \\.php$'),
        'etc/php/8.2/fpm/pool.d/www.conf': POOL,
      },
    },
    {
      title: 'two cookbooks with the same port, of two machines',
      files: {
        'cookbooks/tomcat/templates/tomcat.conf.erb': conf`
          <VirtualHost *:80>
              ServerName example.org
              ProxyPass / http://127.0.0.1:8080/
              ProxyPassReverse / http://127.0.0.1:8080/
          </VirtualHost>
        `,
        'cookbooks/shop/files/shop.uwsgi.ini': conf`
          [uwsgi]
          module = shop.wsgi
          master = true
          protocol = uwsgi
          socket = 127.0.0.1:8080
        `,
      },
    },
    {
      title: 'TLS to a gunicorn with a certificate',
      files: {
        'etc/nginx/nginx.conf': nginx('proxy_pass https://127.0.0.1:8443'),
        'etc/systemd/system/shop.service': GUNICORN.replace(
          'unix:/run/shop.sock',
          '127.0.0.1:8443 --certfile /etc/ssl/a.pem --keyfile /etc/ssl/a.key',
        ),
      },
    },
    {
      title: 'HTTP to a GitLab that leaves TLS to the proxy',
      files: {
        'etc/nginx/nginx.conf': nginx('proxy_pass http://127.0.0.1:8081'),
        ...gitlab("nginx['listen_https'] = false"),
      },
    },
    {
      title: 'TLS to a GitLab with an https address',
      files: { 'etc/nginx/nginx.conf': nginx('proxy_pass https://127.0.0.1:8081'), ...gitlab('') },
    },
    {
      title: 'HTTP to a GitLab with an http address',
      files: {
        'etc/nginx/nginx.conf': nginx('proxy_pass http://127.0.0.1:8081'),
        ...gitlab('', 'http://git.example.org'),
      },
    },
    {
      title: 'a GitLab of which something else decides',
      files: {
        'etc/nginx/nginx.conf': nginx('proxy_pass http://127.0.0.1:8081'),
        ...gitlab("nginx['listen_https'] = ENV['BEHIND_PROXY'].nil?"),
      },
    },
    {
      title: 'a GitLab without an nginx of its own',
      files: {
        'etc/nginx/nginx.conf': nginx('proxy_pass http://127.0.0.1:8081'),
        ...gitlab(conf`
          nginx['enable'] = false
          gitlab_workhorse['listen_network'] = 'tcp'
          gitlab_workhorse['listen_addr'] = '127.0.0.1:8081'
        `),
      },
    },
    {
      title: 'a container that leaves TLS to the proxy',
      files: gitlabOfCompose("nginx['listen_https'] = false"),
    },
  ],
  *check({ connections }) {
    for (const { pass, protocol, targets } of connections.all) {
      const spoken = valueOrNull(protocol)
      if (spoken === null) continue
      for (const { to } of targets) {
        // What Apache speaks is a matter of the virtual host, which has a rule of its own.
        if (to.kind !== 'listener' || to.listener.kind === 'apache') continue
        const understood = valueOrNull(to.listener.protocol)
        if (understood === null || wire(understood) === wire(spoken)) continue
        if (mayHaveCertificate(to.listener) && wire(spoken) === 'https') continue
        // Another protocol says that the same port is chance: roles may be of different machines.
        if (to.listener.port !== null && areOfTwoRoles(pass.source, to.listener.at.source)) continue
        const name = programName(to.listener.program)
        yield {
          at: namePlace(pass),
          message: `\`${pass.name}\` speaks ${protocolName(spoken)}, and ${name} speaks ${protocolName(understood)} there${isGitlab(to.listener) && understood === 'https' ? ': 400, “The plain HTTP request was sent to HTTPS port”' : ''}`,
          label: protocolName(spoken),
          related: [
            { at: argumentPlace(pass, 0), message: 'the connection' },
            { at: to.listener.at, message: `${name} listens here` },
            ...decidedElsewhere(to.listener),
          ],
          ...(isGitlab(to.listener) &&
            understood === 'https' && {
              help: "Write `nginx['listen_https'] = false` in `gitlab.rb`, and leave the `https://` of `external_url`",
            }),
        }
      }
    }
  },
})

/** True for files of two roles or cookbooks that lie beside each other. */
function areOfTwoRoles(one: Source, other: Source): boolean {
  const [, roles, role] = ROLE.exec(one.kept ?? one.path) ?? []
  const [, others, another] = ROLE.exec(other.kept ?? other.path) ?? []
  return roles !== undefined && roles === others && role !== another
}

const ROLE = /^(.*\/(?:roles|cookbooks))\/([^/]+)\//

/** True where a file that was not read may turn TLS on. */
function mayHaveCertificate(listener: Listener): boolean {
  const { program } = listener
  return program.kind === 'app-server' && !isGitlab(listener) && !program.server.complete
}

function isGitlab({ program }: Listener): boolean {
  return program.kind === 'app-server' && program.server.program === 'gitlab'
}

/** What gives the listener its protocol, where that is another line, such as a URL. */
function decidedElsewhere({ protocol, at }: Listener): readonly { at: Place; message: string }[] {
  const by = protocol.known ? protocol.at : null
  return by == null || (by.source === at.source && by.start === at.start)
    ? []
    : [{ at: by, message: 'this decides the protocol' }]
}

/** WebSocket is HTTP on the wire, and gRPC is HTTP/2, which a server may speak on the same socket. */
function wire(protocol: Protocol): string {
  if (protocol === 'ws' || protocol === 'grpc') return 'http'
  return protocol === 'wss' || protocol === 'grpcs' ? 'https' : protocol
}
