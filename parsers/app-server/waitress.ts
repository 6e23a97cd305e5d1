import { placeOf } from '../text/written-text.ts'
import { addressOf, hostAndPort, socketPath } from './address.ts'
import type { AppBind, AppCommand, AppServer } from './app-server.ts'
import { applicationWord } from './application-word.ts'
import { optionTable, programArguments } from './arguments.ts'
import { HTTP, hostPortBind } from './binds.ts'
import { argumentLayer, everySetting, layered, modeSetting, numberSetting, textSetting } from './layers.ts'
import { NOTHING_SAID } from './no-server.ts'

const WAITRESS = optionTable(
  `
  listen --listen
  host --host
  port --port
  unix_socket --unix-socket
  unix_socket_perms --unix-socket-perms
  threads --threads
  url_scheme --url-scheme
  url_prefix --url-prefix
  ident --ident
  backlog --backlog
  recv_bytes --recv-bytes
  send_bytes --send-bytes
  outbuf_overflow --outbuf-overflow
  outbuf_high_watermark --outbuf-high-watermark
  inbuf_overflow --inbuf-overflow
  connection_limit --connection-limit
  cleanup_interval --cleanup-interval
  channel_timeout --channel-timeout
  channel_request_lookahead --channel-request-lookahead
  max_request_header_size --max-request-header-size
  max_request_body_size --max-request-body-size
  asyncore_loop_timeout --asyncore-loop-timeout
  trusted_proxy --trusted-proxy
  trusted_proxy_count --trusted-proxy-count
  trusted_proxy_headers --trusted-proxy-headers
  app --app
  !call --call
  !ipv4 --ipv4
  !ipv6 --ipv6
  !log_socket_errors --log-socket-errors
  !log_untrusted_proxy_headers --log-untrusted-proxy-headers
  !clear_untrusted_proxy_headers --clear-untrusted-proxy-headers
  !expose_tracebacks --expose-tracebacks
  !asyncore_use_poll --asyncore-use-poll
`,
  { abbreviations: true },
)

/** A waitress-serve, whose options are all that it reads. */
export function readWaitress(command: AppCommand): AppServer {
  const { program, given } = programArguments(command.words, WAITRESS)
  const layers = [argumentLayer(given)]
  const get = layered(layers)
  const path = given.values.get('unix_socket')?.at(-1)
  const listens = given.values.get('listen') ?? []
  const binds: readonly AppBind[] =
    path !== undefined
      ? [{ at: placeOf(path), protocol: HTTP, address: socketPath(path, command.directory) }]
      : listens.length > 0
        ? listens.map(word => ({
            at: placeOf(word),
            protocol: HTTP,
            address: addressOf(word, text => hostAndPort(text, 8080)),
          }))
        : [hostPortBind(textSetting(get('host')), numberSetting(get('port')), HTTP, '0.0.0.0', 8080)]
  return {
    ...NOTHING_SAID,
    program: 'waitress',
    at: placeOf(program),
    application: textSetting(get('app')) ?? applicationWord(given),
    binds,
    threads: numberSetting(get('threads')),
    keepAlive: numberSetting(get('channel_timeout')),
    headerLimit: numberSetting(get('max_request_header_size')),
    bodyLimit: numberSetting(get('max_request_body_size')),
    forwardedAllowIps: textSetting(get('trusted_proxy')),
    rootPath: textSetting(get('url_prefix')),
    directory: command.directory,
    // Octal digits, always.
    socketMode: path === undefined ? null : modeSetting(get('unix_socket_perms')),
    settings: everySetting(layers),
    complete: !given.open,
  }
}
