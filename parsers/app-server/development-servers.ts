import { known } from '../text/fact.ts'
import { placeOf } from '../text/written-text.ts'
import { addressOf, hostAndPort } from './address.ts'
import type { AppBind, AppCommand, AppServer } from './app-server.ts'
import { applicationWord } from './application-word.ts'
import { optionTable, programArguments } from './arguments.ts'
import { HTTP, hostPortBind, httpOrHttps } from './binds.ts'
import {
  argumentLayer,
  booleanSetting,
  everySetting,
  layered,
  numberSetting,
  prefixedLayer,
  textSetting,
} from './layers.ts'
import { NOTHING_SAID } from './no-server.ts'

const RUNSERVER = optionTable(
  `
  settings --settings
  pythonpath --pythonpath
  verbosity -v --verbosity
  !ipv6 -6 --ipv6
  !!threading --nothreading
  !!reload --noreload
  !!static --nostatic
  !insecure --insecure
  !traceback --traceback
  !skip_checks --skip-checks
  !no_color --no-color
  !force_color --force-color
`,
  { abbreviations: true },
)

/** `manage.py runserver [address:port]`, or `runserver_plus`; the words begin with that of the command. */
export function readRunserver(command: AppCommand): AppServer {
  const { program, given } = programArguments(command.words, RUNSERVER)
  const layers = [argumentLayer(given)]
  const ipv6 = given.flags.get('ipv6')?.value === true
  const word = given.positionals.at(-1)
  const address =
    word === undefined
      ? known({ kind: 'ip', host: ipv6 ? '::1' : '127.0.0.1', port: 8000 } as const)
      : addressOf(word, text => {
          if (/^\d{1,5}$/.test(text))
            return { kind: 'ip', host: ipv6 ? '::1' : '127.0.0.1', port: Number(text) }
          const found = hostAndPort(text, null)
          // A lone zero is every address to the resolver.
          return found?.kind === 'ip' && found.host === '0' ? { ...found, host: '0.0.0.0' } : found
        })
  return {
    ...NOTHING_SAID,
    program: 'runserver',
    at: placeOf(program),
    application: null,
    binds: [{ at: word === undefined ? null : placeOf(word), protocol: HTTP, address }],
    directory: command.directory,
    development: true,
    settings: everySetting(layers),
    complete: !given.open,
  }
}

const FLASK = optionTable(`
  app -A --app
  env_file -e --env-file
  host -h --host
  port -p --port
  cert --cert
  key --key
  extra_files --extra-files
  exclude_patterns --exclude-patterns
  !debug --debug
  !!debug --no-debug
  !reload --reload
  !!reload --no-reload
  !debugger --debugger
  !!debugger --no-debugger
  !with_threads --with-threads
  !!with_threads --without-threads
`)

/** `flask run`, whose options may stand before `run` too. */
export function readFlask(command: AppCommand): AppServer {
  const { program, given } = programArguments(command.words, FLASK)
  const layers = [
    argumentLayer(given),
    prefixedLayer('FLASK_RUN_', ['host', 'port', 'cert'], command),
    prefixedLayer('FLASK_', ['app', 'debug'], command),
  ]
  const get = layered(layers)
  const protocol = httpOrHttps(textSetting(get('cert')))
  return {
    ...NOTHING_SAID,
    program: 'flask',
    at: placeOf(program),
    application: textSetting(get('app')),
    binds: [hostPortBind(textSetting(get('host')), numberSetting(get('port')), protocol, '127.0.0.1', 5000)],
    directory: command.directory,
    development: true,
    settings: everySetting(layers),
    complete: !given.open,
  }
}

const FASTAPI = optionTable(`
  host --host
  port --port
  root_path --root-path
  workers --workers
  app --app
  entrypoint -e --entrypoint
  forwarded_allow_ips --forwarded-allow-ips
  !reload --reload
  !!reload --no-reload
  !proxy_headers --proxy-headers
  !!proxy_headers --no-proxy-headers
`)

/** `fastapi run` and `fastapi dev`: a uvicorn with other defaults. */
export function readFastapi(command: AppCommand, mode: 'run' | 'dev'): AppServer {
  const { program, given } = programArguments(command.words, FASTAPI)
  const layers = [argumentLayer(given)]
  const get = layered(layers)
  const host = mode === 'run' ? '0.0.0.0' : '127.0.0.1'
  const shared = layered([...layers, prefixedLayer('', ['forwarded_allow_ips', 'web_concurrency'], command)])
  return {
    ...NOTHING_SAID,
    program: 'fastapi',
    at: placeOf(program),
    application: applicationWord(given),
    binds: [hostPortBind(textSetting(get('host')), numberSetting(get('port')), HTTP, host, 8000)],
    workers: numberSetting(get('workers')) ?? numberSetting(shared('web_concurrency')),
    proxyHeaders: booleanSetting(get('proxy_headers')),
    forwardedAllowIps: textSetting(shared('forwarded_allow_ips')),
    rootPath: textSetting(get('root_path')),
    directory: command.directory,
    development: mode === 'dev',
    settings: everySetting(layers),
    complete: !given.open,
  }
}

/** `php -S address:port`, or `artisan serve`. */
export function readPhpServer(command: AppCommand, kind: 'php' | 'artisan'): AppServer {
  const table = optionTable('listen -S\nroot -t\nhost --host\nport --port')
  const { program, given } = programArguments(command.words, table)
  const get = layered([argumentLayer(given)])
  const listen = given.values.get('listen')?.at(-1)
  const binds: readonly AppBind[] =
    kind === 'artisan'
      ? [hostPortBind(textSetting(get('host')), numberSetting(get('port')), HTTP, '127.0.0.1', 8000)]
      : listen === undefined
        ? []
        : [
            {
              at: placeOf(listen),
              protocol: HTTP,
              address: addressOf(listen, text => hostAndPort(text, null)),
            },
          ]
  return {
    ...NOTHING_SAID,
    program: 'php',
    at: placeOf(program),
    application: null,
    binds,
    directory: command.directory,
    development: true,
    settings: everySetting([argumentLayer(given)]),
    complete: !given.open,
  }
}
