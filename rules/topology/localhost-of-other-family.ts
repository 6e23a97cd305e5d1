import type { Source } from '../../parsers/text/source.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { Address } from '../../src/servers/address.ts'
import { sourceAt } from '../../src/files/file-system.ts'
import type { AppServerProgram, Machine } from '../../src/deployment/model.ts'
import { nginxMain, nginxServer } from '../_examples.ts'

const BOTH = '127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n'
const node = (
  target: string,
  host: string,
  hosts = BOTH,
  more: Record<string, string> = {},
): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(
    nginxServer(conf`
      location / {
          proxy_pass ${target};
          proxy_set_header Host $host;
      }
    `),
  ),
  'etc/hosts': hosts,
  'etc/systemd/system/board.service': conf`
    [Service]
    WorkingDirectory=/srv/board
    ExecStart=/usr/bin/node index.js
  `,
  'srv/board/index.js': conf`
    const http = require('node:http')
    http.createServer((req, res) => res.end('board')).listen(4000, ${host})
  `,
  'srv/board/package.json': '{ "name": "board" }\n',
  ...more,
})

export default defineRule({
  summary: 'Node.js listens on `localhost` of IPv6 alone, and the proxy asks that of IPv4',
  severity: 'error',
  confidence: 'medium',
  since: '0.1.0',
  why: 'A socket has one address. Since version 17 Node.js takes the first that the system gives for a name, which is `::1` where the hosts file has `localhost` for both, so nobody takes a connection to `127.0.0.1`: 502, connection refused.',
  remedy: 'Let the program listen on `127.0.0.1`, which is what the proxy asks',
  references: [
    'https://nodejs.org/api/dns.html#dnslookuphostname-options-callback',
    'https://nodejs.org/api/net.html#serverlistenport-host-backlog-callback',
  ],
  unproven:
    'The live tests run the Node.js of the audit, which may be older, and leave the hosts file as it is',
  bad: [{ title: 'a literal address of IPv4', files: node('«http://127.0.0.1:4000»', "'localhost'") }],
  good: [
    { title: 'the address', files: node('http://127.0.0.1:4000', "'127.0.0.1'") },
    {
      title: 'the same name, which nginx tries by both addresses',
      files: node('http://localhost:4000', "'localhost'"),
    },
    { title: 'the address of IPv6', files: node('http://[::1]:4000', "'localhost'") },
    {
      title: 'a hosts file as Ubuntu has it',
      files: node(
        'http://127.0.0.1:4000',
        "'localhost'",
        '127.0.0.1 localhost\n::1 ip6-localhost ip6-loopback\n',
      ),
    },
    {
      title: 'an older release of Node.js',
      files: node('http://127.0.0.1:4000', "'localhost'", BOTH, { 'srv/board/.nvmrc': 'v16.20.0\n' }),
    },
    {
      title: 'a release of Node.js that is told to take IPv4 first',
      files: node('http://127.0.0.1:4000', "'localhost'", BOTH, {
        'etc/systemd/system/board.service':
          '[Service]\nWorkingDirectory=/srv/board\nEnvironment=NODE_OPTIONS=--dns-result-order=ipv4first\nExecStart=/usr/bin/node index.js\n',
      }),
    },
  ],
  *check({ connections }) {
    for (const connection of connections.all) {
      for (const { at, address, to } of connection.targets) {
        if (to.kind !== 'listener' || !isV4Loopback(address)) continue
        const { listener } = to
        const { program } = listener
        if (program.kind !== 'app-server' || program.server.program !== 'node') continue
        const bound = listener.address
        if (bound.kind !== 'name' || bound.name !== 'localhost') continue
        if (!hasBoth(program.machine) || mayTakeIPv4First(program, listener.at.source)) continue
        yield {
          at,
          message:
            'Node.js listens on `localhost`, which the hosts file has as `::1` too: nobody takes a connection to `127.0.0.1`',
          label: 'connection refused',
          related: [{ at: listener.at, message: '`::1`, the first address of the name' }],
          help: 'Let the program listen on `127.0.0.1`',
        }
      }
    }
  },
})

function isV4Loopback(address: Address): boolean {
  return address.kind === 'ip' && address.ip.startsWith('127.')
}

/** True where the hosts file gives the name both addresses; that of a container is made by Docker, and not known. */
function hasBoth({ hosts, container }: Machine): boolean {
  if (container !== null) return false
  const ips = (hosts?.get('localhost') ?? []).map(each => (each.kind === 'ip' ? each.ip : ''))
  return ips.includes('::1') && ips.includes('127.0.0.1')
}

/** Before version 17, and where it is told so. */
function mayTakeIPv4First({ server, service, machine }: AppServerProgram, script: Source): boolean {
  const directory = server.directory?.known === true ? server.directory.value : null
  const files =
    directory === null ? [] : ['.nvmrc', '.node-version', 'package.json'].map(name => `${directory}/${name}`)
  const texts = files.map(path => sourceAt(machine.files, path)?.text ?? '')
  const asked = texts
    .map(text => /^\s*v?(\d+)|"node"\s*:\s*"\D*(\d+)/.exec(text))
    .find(match => match !== null)
  const version = Number(asked?.[1] ?? asked?.[2] ?? 17)
  const unit = service?.start[0]?.words[0]?.source
  const around = [script, ...(unit === undefined ? [] : [unit])].map(({ text }) => text)
  return version < 17 || around.some(text => /dns-result-order|setDefaultResultOrder/.test(text))
}
