import { type Fact, known } from '../text/fact.ts'
import { placeOf, type WrittenText } from '../text/written-text.ts'
import type { AppBind, AppCommand, AppServer, AppValue } from './app-server.ts'
import { mistakenOptions, optionTable, readArguments } from './arguments.ts'
import { hostPortBind, httpOrHttps, pathAddress } from './binds.ts'
import { applicationWord } from './application-word.ts'
import {
  argumentLayer,
  booleanSetting,
  everySetting,
  type Layer,
  layered,
  numberSetting,
  pathList,
  prefixedLayer,
  textSetting,
  valueLayer,
} from './layers.ts'
import { NOTHING_SAID } from './no-server.ts'

/** `uvicorn --help`, versions 0.17 to 0.54. */
const OPTIONS = optionTable(`
  host --host
  port --port
  uds --uds
  fd --fd
  !reload --reload
  reload_dirs --reload-dir
  reload_includes --reload-include
  reload_excludes --reload-exclude
  reload_delay --reload-delay
  workers --workers
  loop --loop
  http --http
  !http2 --http2
  ws --ws
  ws_max_size --ws-max-size
  ws_max_queue --ws-max-queue
  ws_ping_interval --ws-ping-interval
  ws_ping_timeout --ws-ping-timeout
  ws_per_message_deflate --ws-per-message-deflate
  lifespan --lifespan
  interface --interface
  env_file --env-file
  log_config --log-config
  log_level --log-level
  !access_log --access-log
  !!access_log --no-access-log
  !use_colors --use-colors
  !!use_colors --no-use-colors
  !proxy_headers --proxy-headers
  !!proxy_headers --no-proxy-headers
  !server_header --server-header
  !!server_header --no-server-header
  !date_header --date-header
  !!date_header --no-date-header
  forwarded_allow_ips --forwarded-allow-ips
  root_path --root-path
  limit_concurrency --limit-concurrency
  backlog --backlog
  limit_max_requests --limit-max-requests
  limit_max_requests_jitter --limit-max-requests-jitter
  timeout_keep_alive --timeout-keep-alive
  timeout_graceful_shutdown --timeout-graceful-shutdown
  timeout_worker_healthcheck --timeout-worker-healthcheck
  ssl_keyfile --ssl-keyfile
  ssl_certfile --ssl-certfile
  ssl_keyfile_password --ssl-keyfile-password
  ssl_version --ssl-version
  ssl_cert_reqs --ssl-cert-reqs
  ssl_ca_certs --ssl-ca-certs
  ssl_ciphers --ssl-ciphers
  headers --header
  app_dir --app-dir
  h11_max_incomplete_event_size --h11-max-incomplete-event-size
  !reset_contextvars --reset-contextvars
  !factory --factory
  !version --version
`)

/** Settings by their name in the variables: `UVICORN_HOST`. */
const NAMES: readonly string[] = [
  ...new Set(OPTIONS.values.values()),
  ...[...OPTIONS.flags.values()].map(({ name }) => name),
]

/** Options of gunicorn, by which people start it; uvicorn has none of one letter. */
const OF_GUNICORN: ReadonlySet<string> = new Set(
  '--bind --worker-class --threads --timeout --keep-alive --graceful-timeout --max-requests --max-requests-jitter --access-logfile --error-logfile --log-file --preload --chdir --pid --daemon --user --group --capture-output --certfile --keyfile --name -b -w -k -t -c -n -D -u -g -p'.split(
    ' ',
  ),
)

/** A uvicorn: its command line, else `UVICORN_*`, else the two variables that others know too. */
export function readUvicorn(command: AppCommand): AppServer {
  const [program, ...rest] = command.words as [WrittenText, ...WrittenText[]]
  const given = readArguments(rest, OPTIONS)
  const layers = [argumentLayer(given), prefixedLayer('UVICORN_', NAMES, command), sharedVariables(command)]
  const get = layered(layers)
  return {
    ...NOTHING_SAID,
    program: 'uvicorn',
    at: placeOf(program),
    application: applicationWord(given) ?? textSetting(get('app')),
    binds: [bindOf(get, command.directory)],
    workers: numberSetting(get('workers')),
    gracefulTimeout: numberSetting(get('timeout_graceful_shutdown')),
    keepAlive: numberSetting(get('timeout_keep_alive')),
    headerLimit: numberSetting(get('h11_max_incomplete_event_size')),
    concurrencyLimit: numberSetting(get('limit_concurrency')),
    proxyHeaders: booleanSetting(get('proxy_headers')),
    forwardedAllowIps: textSetting(get('forwarded_allow_ips')),
    rootPath: textSetting(get('root_path')),
    directory: command.directory,
    pythonPath: pathList(textSetting(get('app_dir'))),
    development: isOn(booleanSetting(get('reload'))),
    mistakenOptions: mistakenOptions(given, OPTIONS, OF_GUNICORN),
    settings: everySetting(layers),
    complete: !given.open,
  }
}

function sharedVariables({ environment }: AppCommand): Layer {
  const values = new Map<string, Fact<AppValue>>()
  const workers = environment('WEB_CONCURRENCY')
  if (workers !== null) values.set('workers', workers)
  const allowed = environment('FORWARDED_ALLOW_IPS')
  if (allowed !== null) values.set('forwarded_allow_ips', allowed)
  return valueLayer(values)
}

function bindOf(get: (name: string) => Fact<AppValue> | null, directory: Fact<string> | null): AppBind {
  const protocol = httpOrHttps(textSetting(get('ssl_certfile')) ?? textSetting(get('ssl_keyfile')))
  const [host, port] = [textSetting(get('host')), numberSetting(get('port'))]
  // Whoever names the address has no other in variables that are not here.
  const isNamed = host?.known === true || port?.known === true
  const uds = textSetting(get('uds'))
  if (uds !== null && (uds.known || !isNamed))
    return { at: uds.at, protocol, address: uds.known ? pathAddress(uds, directory) : uds }
  const fd = numberSetting(get('fd'))
  if (fd !== null && (fd.known || !isNamed))
    return {
      at: fd.at,
      protocol,
      address: fd.known ? known({ kind: 'inherited', descriptor: fd.value }, fd.at) : fd,
    }
  return hostPortBind(host, port, protocol, '127.0.0.1', 8000)
}

function isOn(fact: Fact<boolean> | null): boolean {
  return fact?.known === true && fact.value
}
