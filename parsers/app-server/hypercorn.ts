import { type Fact, known, unknown } from '../text/fact.ts'
import { placeOf } from '../text/written-text.ts'
import { bindAddress } from './address.ts'
import type { AppBind, AppCommand, AppProtocol, AppServer } from './app-server.ts'
import { applicationWord } from './application-word.ts'
import { optionTable, programArguments } from './arguments.ts'
import { HTTP, httpOrHttps } from './binds.ts'
import { argumentLayer, everySetting, layered, numberSetting, textSetting } from './layers.ts'
import { NOTHING_SAID } from './no-server.ts'

const HYPERCORN = optionTable(
  `
  bind -b --bind
  insecure_bind --insecure-bind
  quic_bind --quic-bind
  config -c --config
  workers -w --workers
  worker_class -k --worker-class
  root_path --root-path
  keep_alive_timeout --keep-alive
  graceful_timeout --graceful-timeout
  read_timeout --read-timeout
  max_requests --max-requests
  max_requests_jitter --max-requests-jitter
  accesslog --access-log --access-logfile
  access_log_format --access-logformat
  errorlog --error-log --error-logfile --log-file
  loglevel --log-level
  logconfig --log-config
  backlog --backlog
  ca_certs --ca-certs
  certfile --certfile
  cert_reqs --cert-reqs
  ciphers --ciphers
  keyfile --keyfile
  keyfile_password --keyfile-password
  group -g --group
  user -u --user
  umask -m --umask
  pid_path -p --pid
  server_names --server-name
  statsd_host --statsd-host
  statsd_prefix --statsd-prefix
  verify_mode --verify-mode
  websocket_ping_interval --websocket-ping-interval
  !debug --debug
  !use_reloader --reload
`,
  { abbreviations: true },
)

/** A hypercorn. Its configuration file is not read: where one is named, only the command line is known. */
export function readHypercorn(command: AppCommand): AppServer {
  const { program, given } = programArguments(command.words, HYPERCORN)
  const named = given.values.has('config')
  const layers = [
    { ...argumentLayer(given, new Set(['bind', 'server_names'])), complete: !given.open && !named },
  ]
  const get = layered(layers)
  const secure = httpOrHttps(textSetting(get('certfile')))
  const binds = (name: string, protocol: Fact<AppProtocol>): readonly AppBind[] =>
    (given.values.get(name) ?? []).map(word => ({
      at: placeOf(word),
      protocol,
      address: bindAddress(word, command.directory, 8000),
    }))
  const written = [...binds('bind', secure), ...binds('insecure_bind', HTTP)]
  const fallback: AppBind = {
    at: null,
    protocol: secure,
    address: named
      ? unknown('its configuration file may say another')
      : known({ kind: 'ip', host: '127.0.0.1', port: 8000 }),
  }
  return {
    ...NOTHING_SAID,
    program: 'hypercorn',
    at: placeOf(program),
    application: applicationWord(given),
    binds: written.length > 0 ? written : [fallback],
    workers: numberSetting(get('workers')),
    workerClass: textSetting(get('worker_class')),
    gracefulTimeout: numberSetting(get('graceful_timeout')),
    keepAlive: numberSetting(get('keep_alive_timeout')),
    rootPath: textSetting(get('root_path')),
    directory: command.directory,
    user: textSetting(get('user')),
    group: textSetting(get('group')),
    umask: numberSetting(get('umask')),
    settings: everySetting(layers),
    complete: !given.open && !named,
  }
}
