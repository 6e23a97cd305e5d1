import { type Fact, known } from '../text/fact.ts'
import { placeOf, type WrittenText } from '../text/written-text.ts'
import { addressOf, socketPath } from './address.ts'
import type { AppBind, AppCommand, AppProtocol, AppServer } from './app-server.ts'
import { applicationWord } from './application-word.ts'
import { optionTable, programArguments } from './arguments.ts'
import { HTTP, hostPortBind } from './binds.ts'
import { argumentLayer, booleanSetting, everySetting, layered, numberSetting, textSetting } from './layers.ts'
import { NOTHING_SAID } from './no-server.ts'

const DAPHNE = optionTable(
  `
  port -p --port
  host -b --bind
  websocket_timeout --websocket_timeout
  websocket_connect_timeout --websocket_connect_timeout
  unix_socket -u --unix-socket
  file_descriptor --fd
  socket_strings -e --endpoint
  verbosity -v --verbosity
  http_timeout -t --http-timeout
  access_log --access-log
  log_fmt --log-fmt
  ping_interval --ping-interval
  ping_timeout --ping-timeout
  application_close_timeout --application-close-timeout
  root_path --root-path
  proxy_headers_host --proxy-headers-host
  proxy_headers_port --proxy-headers-port
  server_name -s --server-name
  !proxy_headers --proxy-headers
  !no_server_name --no-server-name
`,
  { abbreviations: true },
)

/** A daphne, whose options are all that it reads. */
export function readDaphne(command: AppCommand): AppServer {
  const { program, given } = programArguments(command.words, DAPHNE)
  const layers = [argumentLayer(given)]
  const get = layered(layers)
  const binds: AppBind[] = []
  const path = given.values.get('unix_socket')?.at(-1)
  if (path !== undefined)
    binds.push({ at: placeOf(path), protocol: HTTP, address: socketPath(path, command.directory) })
  const descriptor = numberSetting(get('file_descriptor'))
  if (descriptor !== null)
    binds.push({
      at: descriptor.at,
      protocol: HTTP,
      address: descriptor.known
        ? known({ kind: 'inherited', descriptor: descriptor.value }, descriptor.at)
        : descriptor,
    })
  for (const endpoint of given.values.get('socket_strings') ?? []) binds.push(endpointBind(endpoint))
  const host = textSetting(get('host'))
  const port = numberSetting(get('port'))
  // A port beside another socket is opened too; the default one only where there is no other.
  if (binds.length === 0 || host?.at != null || port?.at != null)
    binds.push(hostPortBind(host, port, HTTP, '127.0.0.1', 8000))
  return {
    ...NOTHING_SAID,
    program: 'daphne',
    at: placeOf(program),
    application: applicationWord(given),
    binds,
    timeout: numberSetting(get('http_timeout')),
    proxyHeaders: booleanSetting(get('proxy_headers')),
    rootPath: textSetting(get('root_path')),
    directory: command.directory,
    settings: everySetting(layers),
    complete: !given.open,
  }
}

/** Twisted's own way of writing a socket: `tcp:8000:interface=127.0.0.1`, `ssl:443:privateKey=…`, `unix:/path`. */
function endpointBind(written: WrittenText): AppBind {
  const at = placeOf(written)
  const kind = /^[a-z0-9]+/.exec(written.text)?.[0] ?? ''
  const protocol: Fact<AppProtocol> = kind === 'ssl' ? known('https', at) : HTTP
  const address = addressOf(written, text => {
    const unix = /^unix:(?:address=)?(\/[^:]+)/.exec(text)
    if (unix !== null) return { kind: 'unix', path: unix[1]! }
    const port = /^(?:tcp6?|ssl):(?:port=)?(\d{1,5})(?=:|$)/.exec(text)?.[1]
    if (port === undefined || Number(port) > 65535) return null
    const host = /:interface=((?:\\:|[^:])+)/.exec(text)?.[1]?.replaceAll('\\:', ':')
    return { kind: 'ip', host: host ?? '0.0.0.0', port: Number(port) }
  })
  return { at, protocol, address }
}
