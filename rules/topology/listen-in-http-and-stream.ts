import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { formatEndpoint } from '../../src/servers/address.ts'
import { parseNginxListen } from '../../src/servers/addresses/nginx.ts'
import { sockets } from '../../src/servers/nginx/queries/sockets.ts'

const nginx = (address: string): string => conf`
  events {
  }
  stream {
      server {
          listen ${address};
          proxy_pass 127.0.0.1:9000;
      }
  }
  http {
      server {
          listen 8080;
          server_name example.org;
          return 204;
      }
  }
`

export default defineRule({
  summary: 'http and stream open the same socket, and nginx does not start',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'The two are modules that know nothing of each other’s sockets. The second bind of a port fails, “Address already in use”, and nginx ends.',
  remedy:
    'Let `stream` have the port, and pass what is HTTP to another one on loopback, where `http` listens; or give it a port of its own',
  references: ['https://nginx.org/en/docs/stream/ngx_stream_core_module.html#listen'],
  unproven: 'nginx as Debian’s package installs it has no module for stream.',
  bad: [{ title: 'one port', files: { 'etc/nginx/nginx.conf': nginx('«8080»') } }],
  good: [
    { title: 'two ports', files: { 'etc/nginx/nginx.conf': nginx('8081') } },
    { title: 'UDP', files: { 'etc/nginx/nginx.conf': nginx('8080 udp') } },
  ],
  *check({ nginx: configurations }) {
    for (const configuration of configurations) {
      const listens = (configuration.occurrences.get('listen') ?? []).filter(
        ({ context }) => context === 'stream server',
      )
      if (listens.length === 0) continue
      const opened = new Map(
        sockets(configuration)
          .filter(({ quic }) => !quic)
          .map(socket => [formatEndpoint({ address: socket.address, port: socket.port }), socket] as const),
      )
      for (const line of listens) {
        const [word, ...parameters] = line.args
        if (word === undefined || parameters.some(({ value }) => value === 'udp')) continue
        const parsed = parseNginxListen(word.value)
        const socket = parsed === null ? undefined : opened.get(formatEndpoint(parsed))
        const [first] = socket?.servers ?? []
        if (socket === undefined || first === undefined) continue
        yield {
          at: argumentPlace(line, 0),
          message: `\`http\` opens ${formatEndpoint({ address: socket.address, port: socket.port })} too, so the second of the two cannot`,
          fatal: true,
          related: [{ at: first.listen.at, message: 'opened by http' }],
        }
      }
    }
  },
})
