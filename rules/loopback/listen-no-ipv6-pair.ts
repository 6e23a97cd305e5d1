import { programName } from '../../src/deployment/destination-words.ts'
import { isToLocalhost, loopbacksTaken } from '../../src/deployment/localhost.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { placeText } from '../../parsers/text/source.ts'
import { formatEndpoint } from '../../src/servers/address.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { apacheMain, nginxMain } from '../_examples.ts'

const nginx = (target: string): string => conf`
  upstream app {
      server ${target};
  }
  server {
      listen 80;
      server_name example.org;
      location / {
          proxy_pass http://app;
          proxy_set_header Host $host;
      }
  }
`

const GUNICORN = conf`
  [Service]
  ExecStart=/usr/bin/gunicorn -b 127.0.0.1:9000 shop:app
`

export default defineRule({
  summary: '`localhost` is two addresses, and the backend listens on one of them',
  severity: 'warning',
  otherSeverities: {
    info: 'where an application server is the backend, and the hosts file is not in the audit',
  },
  confidence: 'medium',
  since: '0.1.0',
  why: 'nginx takes every address that a name has, 127.0.0.1 and ::1 on most machines, and shares requests between them: each second one is refused first, logged as an error, and counts against the server until nginx leaves it out.',
  remedy: 'Connect by the number of the address on which the backend listens, `127.0.0.1` or `[::1]`',
  references: ['https://nginx.org/en/docs/http/ngx_http_upstream_module.html#server'],
  bad: [
    {
      title: 'version 4 alone',
      files: {
        'nginx.conf': nginx('«localhost:9000»'),
        'ports.conf': conf`Listen 127.0.0.1:9000`,
        'site.conf': conf`
          <VirtualHost *:9000>
              ServerName example.org
          </VirtualHost>
        `,
      },
    },
    {
      title: 'version 4 alone, on several addresses',
      files: {
        'nginx.conf': nginx('«localhost:9000»'),
        'ports.conf': conf`
          Listen 127.0.0.1:9000
          Listen 10.0.0.7:9000
        `,
      },
    },
    {
      title: 'gunicorn on version 4 alone',
      files: {
        'site.conf': nginx('«localhost:9000»'),
        'etc/systemd/system/shop.service': GUNICORN,
      },
    },
    {
      title: 'Node.js on version 4 alone, where the hosts file knows both',
      files: {
        'etc/nginx/nginx.conf': nginxMain(nginx('«localhost:9000»')),
        'etc/hosts': conf`
          127.0.0.1 localhost
          ::1 localhost
        `,
        'etc/systemd/system/shop.service': conf`
          [Service]
          WorkingDirectory=/srv/shop
          ExecStart=/usr/bin/node server.js
        `,
        'srv/shop/server.js': conf`
          const http = require('node:http')
          http.createServer((req, res) => res.end('shop')).listen(9000, '127.0.0.1')
        `,
      },
    },
    {
      title: 'every address of version 4',
      files: { 'nginx.conf': nginx('«localhost:9000»'), 'ports.conf': conf`Listen 0.0.0.0:9000` },
    },
  ],
  good: [
    {
      title: 'by number',
      files: { 'nginx.conf': nginx('127.0.0.1:9000'), 'ports.conf': conf`Listen 127.0.0.1:9000` },
    },
    {
      title: 'both addresses',
      files: {
        'nginx.conf': nginx('localhost:9000'),
        'ports.conf': conf`
          Listen 127.0.0.1:9000
          Listen [::1]:9000
        `,
      },
    },
    {
      title: 'every address',
      files: { 'nginx.conf': nginx('localhost:9000'), 'ports.conf': conf`Listen 9000` },
    },
    {
      title: 'gunicorn, by number',
      files: {
        'site.conf': nginx('127.0.0.1:9000'),
        'etc/systemd/system/shop.service': GUNICORN,
      },
    },
    {
      title: 'the hosts file knows version 4 alone',
      files: {
        'etc/nginx/nginx.conf': conf`
          events {
          }
          http {
          ${nginx('localhost:9000')}
          }
        `,
        'etc/hosts': conf`127.0.0.1 localhost`,
        'etc/apache2/apache2.conf': apacheMain('Listen 127.0.0.1:9000'),
      },
    },
  ],
  *check(deployment) {
    const listeners = deployment.listeners.filter(
      ({ program }) => program.kind === 'apache' || program.kind === 'app-server',
    )
    for (const { targets, from } of deployment.connections.http) {
      for (const target of targets) {
        if (!isToLocalhost(from.machine, target)) continue
        const onPort = listeners.filter(
          ({ port, program }) => port === target.port && program.machine === from.machine,
        )
        const [taken, ...others] = loopbacksTaken(onPort, target.port) ?? []
        if (taken === undefined || others.length > 0) continue
        const { listener: only, address } = taken
        const there = formatEndpoint({ address, port: target.port })
        const written = placeText(target.at)
        const { program } = only
        const name = program.kind === 'app-server' ? programName(program) : 'Apache'
        // Where nobody sees whether the name has both, nginx gets along: it tries the other address.
        const isSure = program.kind === 'apache' || from.machine.hosts?.has('localhost') === true
        yield {
          at: target.at,
          ...(!isSure && { severity: 'info' as const }),
          message: `nginx connects to both addresses of \`localhost\`, and ${name} listens on ${formatEndpoint(only)} alone`,
          label: 'two addresses on most machines',
          help: `Connect by number: \`${there}\``,
          related: [{ at: only.at, message: 'one of them' }],
          ...propose(`Connect to the address on which ${name} listens`, 'safe', [
            written.includes('localhost')
              ? replacePlace(target.at, written.replace(target.written, there))
              : null,
          ]),
        }
      }
    }
  },
})
