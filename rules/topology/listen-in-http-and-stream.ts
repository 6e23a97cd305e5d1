import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { formatEndpoint } from '../../src/servers/address.ts'
import { parseNginxListen } from '../../src/servers/addresses/nginx.ts'
import { sockets } from '../../src/servers/nginx/queries/sockets.ts'

const nginx = (address: string, http = '8080'): string => conf`
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
          listen ${http};
          server_name example.org;
          return 204;
      }
  }
`

export default defineRule({
  summary: 'http and stream open the same socket: nginx does not start, or answers by chance',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'The two are modules that know nothing of each other’s sockets. The second bind of a port fails, “Address already in use”, and nginx ends; `nginx -t` binds as well, and passes over what is in use. With `reuseport` in both nginx starts, and the kernel gives each connection to one of the two, as it falls out.',
  remedy:
    'Let `stream` have the port, and pass what is HTTP to another one on loopback, where `http` listens; or give it a port of its own',
  references: ['https://nginx.org/en/docs/stream/ngx_stream_core_module.html#listen'],
  unproven: 'nginx as Debian’s package installs it has no module for stream.',
  bad: [
    { title: 'one port', files: { 'etc/nginx/nginx.conf': nginx('«8080»') } },
    {
      title: 'one port, which the kernel divides',
      files: { 'etc/nginx/nginx.conf': nginx('«8080» reuseport', '8080 reuseport') },
    },
  ],
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
        const endpoint = formatEndpoint({ address: socket.address, port: socket.port })
        const isDivided =
          parameters.some(isReuseport) &&
          socket.servers.some(({ listen }) => listen.directive?.args.some(isReuseport))
        yield {
          at: argumentPlace(line, 0),
          message: isDivided
            ? `\`http\` opens ${endpoint} too, and with \`reuseport\` in both the kernel gives each connection to one of the two`
            : `\`http\` opens ${endpoint} too, so the second of the two cannot`,
          related: [{ at: first.listen.at, message: 'opened by http' }],
        }
      }
    }
  },
})

function isReuseport({ value }: { readonly value: string }): boolean {
  return value === 'reuseport'
}
