import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import type { Machine } from '../../src/deployment/model.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { effective } from '../../src/servers/nginx/queries/effective.ts'
import { socketsOf } from '../../src/servers/nginx/queries/select-server.ts'
import { directivesByServer } from '../../src/servers/nginx/queries/servers.ts'
import { isAtLeast } from '../../src/servers/version.ts'
import { nginxMain } from '../_examples.ts'

const KEYS = conf`
  ssl_certificate /etc/ssl/a.pem;
  ssl_certificate_key /etc/ssl/a.key;
`
const first = (protocols: string): string => conf`
  server {
      listen 443 ssl default_server;
      server_name www.example.org;
      ${KEYS}
      ssl_protocols ${protocols};
      return 204;
  }
`
const second = (lines: string): string => conf`
  server {
      listen 443 ssl;
      server_name example.org;
      ${KEYS}
      ${lines}
      return 204;
  }
`
const nginx = (protocols: string, lines: string): string => nginxMain([first(protocols), second(lines)])
const VERSION = { '.auditrc': '{"versions": {"nginx": "1.22.1"}}' }

export default defineRule({
  summary: '`ssl_protocols` of a server that is not the default one has no effect',
  severity: 'warning',
  confidence: 'high',
  securitySeverity: 4.8,
  cwe: [757],
  since: '0.1.0',
  why: 'Until nginx 1.29.2 OpenSSL has chosen the version of TLS before the name of the server is known, so that the default server of the socket decides for all of them. A server that means to take TLS 1.3 alone takes what the default server takes.',
  remedy: 'Write the line in the default server, or give the server an address of its own',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_protocols',
    'https://nginx.org/en/CHANGES',
  ],
  bad: [
    {
      title: 'a server for TLS 1.3 alone',
      files: {
        'etc/nginx/nginx.conf': nginx('TLSv1.2 TLSv1.3', '«ssl_protocols» TLSv1.3;'),
        ...VERSION,
      },
    },
    {
      title: 'the sites of Debian, of whose version nothing is said',
      files: {
        'etc/nginx/nginx.conf': nginxMain('include /etc/nginx/sites-enabled/*;'),
        'etc/nginx/sites-enabled/a': first('TLSv1.2 TLSv1.3'),
        'etc/nginx/sites-enabled/b': second('«ssl_protocols» TLSv1.3;'),
      },
    },
  ],
  good: [
    {
      title: 'a version of which nothing is said',
      files: {
        'etc/nginx/nginx.conf': nginx('TLSv1.2 TLSv1.3', 'ssl_protocols TLSv1.3;'),
      },
    },
    {
      title: 'the container of the newest image',
      files: {
        'docker-compose.yml': conf`
          services:
            web:
              image: nginx
              ports: ["443:443"]
              volumes:
                - ./nginx.conf:/etc/nginx/nginx.conf
                - ./sites-enabled:/etc/nginx/sites-enabled
        `,
        'nginx.conf': nginxMain('include /etc/nginx/sites-enabled/*;'),
        'sites-enabled/a': first('TLSv1.2 TLSv1.3'),
        'sites-enabled/b': second('ssl_protocols TLSv1.3;'),
      },
    },
    {
      title: 'in the default server',
      files: { 'etc/nginx/nginx.conf': nginx('TLSv1.3', ''), ...VERSION },
    },
    {
      title: 'the same in both',
      files: {
        'etc/nginx/nginx.conf': nginx('TLSv1.2 TLSv1.3', 'ssl_protocols TLSv1.3 TLSv1.2;'),
        ...VERSION,
      },
    },
    {
      title: 'a version that asks each server',
      files: {
        'etc/nginx/nginx.conf': nginx('TLSv1.2 TLSv1.3', 'ssl_protocols TLSv1.3;'),
        '.auditrc': '{"versions": {"nginx": "1.29.2"}}',
      },
    },
  ],
  *check({ nginx: configurations, filesOf, programOf }) {
    for (const configuration of configurations) {
      const { version } = configuration
      const isSupposed = version.from === 'assumed'
      if (
        isSupposed
          ? !isOfDebian(programOf(configuration).machine, filesOf(configuration))
          : isAtLeast(version, FIXED)
      )
        continue
      for (const [server, lines] of directivesByServer(configuration, 'ssl_protocols')) {
        const line = lines.at(-1)
        if (server === null || line === undefined) continue
        for (const { socket } of socketsOf(configuration, server)) {
          if (!socket.ssl || socket.quic || !socket.defaultServer.known) continue
          const first = socket.defaultServer.value.server
          if (first === server) continue
          const fact = effective(configuration, first, 'ssl_protocols')
          const decides = fact.known ? fact.value.directives.at(-1) : undefined
          if (decides === undefined || setOf(decides) === setOf(line)) continue
          yield {
            at: namePlace(line),
            ...(isSupposed && { confidence: 'medium' as const }),
            message: `${isSupposed ? `before nginx ${FIXED} ` : ''}the default server of the socket decides, which takes \`${decides.args.map(({ value }) => value).join(' ')}\``,
            label: 'no effect',
            related: [{ at: argumentPlace(decides, 0), message: 'holds for every server of the socket' }],
          }
          break
        }
      }
    }
  },
})

const FIXED = '1.29.2'

/** True for the packages of Debian and Ubuntu, which alone have this directory, and none of which is so new. */
function isOfDebian({ container }: Machine, files: FileSystem): boolean {
  return container === null && files.kind('/etc/nginx/sites-enabled') === 'directory'
}

function setOf({ args }: NginxDirective): string {
  return [...new Set(args.map(({ value }) => value.toLowerCase()))].sort().join(' ')
}
