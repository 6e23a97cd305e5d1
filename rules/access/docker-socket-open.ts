import { argumentPlace } from '../../src/deployment/places.ts'
import { askServer, isOpen } from '../../src/deployment/requests/ask-server.ts'
import { pathsInto } from '../../src/deployment/requests/paths-into.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { nginxMain, nginxServer } from '../_examples.ts'

const nginx = (lines = '', pass = 'http://unix:/var/run/docker.sock:/'): string =>
  nginxMain(
    nginxServer(conf`
      location / {
          ${lines}
          proxy_pass ${pass};
      }
    `),
  )
const DOCKER = '«http://unix:/var/run/docker.sock:/»'

export default defineRule({
  summary: 'Anybody on the network commands Docker, and with it the machine',
  severity: 'error',
  confidence: 'high',
  securitySeverity: 9.8,
  cwe: [306],
  since: '0.1.0',
  why: 'The socket of Docker asks nobody for a password: whoever may write to it starts a container with the whole disk of the host mounted, as root.',
  remedy:
    'Ask for a password or a certificate of the client in front of it, or name the one path that is needed and `limit_except GET { deny all; }`',
  references: [
    'https://docs.docker.com/engine/security/#docker-daemon-attack-surface',
    'https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_pass',
  ],
  bad: [
    { title: 'the socket', files: { 'etc/nginx/nginx.conf': nginx('', DOCKER) } },
    {
      title: 'the socket in an upstream',
      files: {
        'etc/nginx/nginx.conf': nginxMain([
          conf`
            upstream docker {
                server unix:/run/docker.sock;
            }
          `,
          nginxServer(conf`
            location /docker/ {
                proxy_pass «http://docker/»;
            }
          `),
        ]),
      },
    },
  ],
  good: [
    {
      title: 'a password',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          auth_basic "Docker";
          auth_basic_user_file /etc/nginx/users;
        `),
      },
    },
    {
      title: 'read alone',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          limit_except GET {
              deny all;
          }
        `),
      },
    },
    {
      title: 'this machine alone',
      files: { 'etc/nginx/nginx.conf': nginx().replace('listen 80', 'listen 127.0.0.1:80') },
    },
    {
      title: 'another socket',
      files: { 'etc/nginx/nginx.conf': nginx('', 'http://unix:/run/app.sock') },
    },
  ],
  *check(deployment) {
    for (const { server, block, pass, targets } of deployment.connections.http) {
      if (!targets.some(({ address }) => address.kind === 'unix' && SOCKET.test(address.path))) continue
      if (block.name !== 'location' || block.children.some(({ name }) => name === 'limit_except')) continue
      if (server.listens.every(({ loopback }) => loopback !== false)) continue
      const [path] = pathsInto(block)
      const answer = path === undefined ? null : askServer(deployment, server, path, { into: block })
      if (answer?.end.kind !== 'pass' || answer.end.scope !== block || isOpen(answer) !== true) continue
      yield {
        at: argumentPlace(pass, 0),
        message: `every client that asks for \`${path}\` speaks to Docker itself, which does what it is told as root`,
        label: 'no password',
      }
    }
  },
})

const SOCKET = /^\/(?:var\/)?run\/(?:docker|podman\/podman|containerd\/containerd)\.sock$/
