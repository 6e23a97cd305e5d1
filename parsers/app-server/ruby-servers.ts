import { posix } from 'node:path'
import { type Fact, known, unknown } from '../text/fact.ts'
import type { Source } from '../text/source.ts'
import { placeOf, type WrittenText } from '../text/written-text.ts'
import type { AppAddress, AppBind, AppCommand, AppFiles, AppServer } from './app-server.ts'
import { optionTable, programArguments } from './arguments.ts'
import { HTTP, hostPortBind } from './binds.ts'
import { argumentLayer, layered, numberSetting, textSetting } from './layers.ts'
import { NOTHING_SAID } from './no-server.ts'

const PUMA = optionTable(`
  bind -b --bind
  config -C --config
  environment -e --environment
  port -p --port
  threads -t --threads
  workers -w --workers
  control_url --control-url
  control_token --control-token
  dir --dir
  pidfile --pidfile
  state -S --state
  tag --tag
  redirect_stdout --redirect-stdout
  redirect_stderr --redirect-stderr
  log_requests -v --log-requests
`)
const NOT_HERE = unknown('the configuration of Puma is not here')
const EXPRESSION = 'an expression of Ruby'

/** `puma`: its options, else `config/puma.rb`, else port 9292 of every address. */
export function readPuma(command: AppCommand, { read }: AppFiles): AppServer {
  const { program, given } = programArguments(command.words, PUMA)
  const get = layered([argumentLayer(given)])
  const addresses = given.values.get('bind') ?? []
  const port = numberSetting(get('port'))
  const written = textSetting(get('config'))
  const configuration =
    addresses.length > 0 || port !== null ? NO_FILE : configurationOf(written, command, read)
  const binds: readonly AppBind[] =
    addresses.length > 0
      ? addresses.map(bindOf)
      : port !== null
        ? [hostPortBind(null, port, HTTP, '0.0.0.0', 9292)]
        : bindsIn(configuration, command)
  return {
    ...NOTHING_SAID,
    program: 'puma',
    at: placeOf(program),
    application: null,
    binds,
    directory: command.directory,
    complete: !given.open && configuration !== 'unread',
    sources: typeof configuration === 'string' ? [] : [configuration],
  }
}

type Configuration = Source | 'none' | 'unread'
const NO_FILE: Configuration = 'none'

function configurationOf(
  written: Fact<string> | null,
  command: AppCommand,
  read: AppFiles['read'],
): Configuration {
  const directory = command.directory?.known === true ? command.directory.value : null
  if (written !== null && !written.known) return 'unread'
  const path = written?.value ?? 'config/puma.rb'
  if (path === '-') return 'none'
  if (!path.startsWith('/') && directory === null) return 'unread'
  const source = read(posix.resolve(directory ?? '/', path))
  // The file of an environment may be there in its place.
  if (source === 'missing' && written === null) return 'unread'
  return source === null || source === 'missing' ? 'unread' : source
}

/** `tcp://0.0.0.0:3000`, `unix:///run/puma.sock?umask=0007`, `ssl://…`. */
function bindOf(written: WrittenText): AppBind {
  return { at: placeOf(written), ...addressOf(written.text, placeOf(written)) }
}

function addressOf(text: string, at: AppBind['at']): Pick<AppBind, 'protocol' | 'address'> {
  const tcp = /^(tcp|ssl):\/\/(\[[\da-fA-F:.]+\]|[\w.-]+):(\d{1,5})(?:\?.*)?$/.exec(text)
  if (tcp !== null) {
    const host = tcp[2]!.replace(/^\[|\]$/g, '')
    return {
      protocol: tcp[1] === 'ssl' ? known('https', at) : HTTP,
      address: known({ kind: 'ip', host, port: Number(tcp[3]) } satisfies AppAddress, at),
    }
  }
  const unix = /^unix:\/\/(\/[^?#{}]*)(?:\?.*)?$/.exec(text)
  return {
    protocol: HTTP,
    address:
      unix === null ? unknown(EXPRESSION, at) : known({ kind: 'unix', path: posix.normalize(unix[1]!) }, at),
  }
}

const LINE = /^[ \t]*(bind|port)(?:[ \t]+|(\())[ \t]*(\S.*?)[ \t]*(?:[ \t]#[^{].*)?$/gm
const PORT =
  /^(?:ENV\.fetch\(\s*["']PORT["']\s*(?:,\s*["']?(\d{1,5})["']?\s*)?\)\s*(?:\{\s*["']?(\d{1,5})["']?\s*\})?|ENV\[["']PORT["']\]\s*\|\|\s*["']?(\d{1,5})["']?|["']?(\d{1,5})["']?)(?:\s*,\s*["']([\w.:]+)["'])?$/

/** What the lines of a configuration open, where each of them is a plain one. */
function bindsIn(configuration: Configuration, command: AppCommand): readonly AppBind[] {
  const unclear: AppBind = { at: null, protocol: HTTP, address: NOT_HERE }
  if (configuration === 'unread') return [unclear]
  if (configuration === 'none') return [hostPortBind(null, null, HTTP, '0.0.0.0', 9292)]
  const { code } = configuration
  const binds: AppBind[] = []
  for (const match of code.matchAll(LINE)) {
    const [line, word = '', bracket, rest = ''] = match
    const value = bracket === undefined ? rest : rest.replace(/[ \t]*\)$/, '')
    const start = match.index + line.indexOf(value, line.indexOf(word) + word.length)
    const at = { source: configuration, start, end: start + value.length }
    // Behind a condition a line may not hold.
    if (/\s(?:if|unless)\s/.test(line)) return [unclear]
    if (word === 'port') {
      binds.push({ at, protocol: HTTP, address: portAddress(value.trim(), at, command) })
      continue
    }
    const quoted = /^["']([^"']*)["']$/.exec(value.trim())?.[1]
    binds.push({ at, ...addressOf(quoted === undefined ? '' : filledIn(quoted, code), at) })
  }
  if (
    /^[ \t]*(?:if|unless|case|else|elsif|ssl_bind|activate_control_app|bind_to_activated_sockets|eval|load|require)\b/m.test(
      code,
    )
  )
    return binds.length === 0
      ? [unclear]
      : binds.map(bind => ({ ...bind, address: unknown(EXPRESSION, bind.at) }))
  return binds.length > 0 ? binds : [hostPortBind(null, null, HTTP, '0.0.0.0', 9292)]
}

const CONSTANT = /^[ \t]*([A-Za-z_]\w*)[ \t]*=[ \t]*(?:"([^"\n]*)"|'([^'\n]*)')[ \t]*(?:#.*)?$/gm

/** A text of Ruby with the texts that lines of its file give to names once; empty where one of them is no such name. */
function filledIn(text: string, code: string): string {
  if (!text.includes('#{')) return text
  const constants = new Map<string, string>()
  const fill = (each: string): string =>
    each.replace(/#\{\s*(\w+)\s*\}/g, (whole, name: string) => constants.get(name) ?? whole)
  for (const [, name = '', filled, plain = ''] of code.matchAll(CONSTANT)) {
    const isOften =
      (code.match(new RegExp(`^[ \\t]*${name}[ \\t]*(?:[-+|&]{0,2}=)[^=~>]`, 'gm')) ?? []).length > 1
    if (!isOften) constants.set(name, filled === undefined ? plain : fill(filled))
  }
  const found = fill(text)
  return found.includes('#{') ? '' : found
}

function portAddress(value: string, at: NonNullable<AppBind['at']>, command: AppCommand): Fact<AppAddress> {
  const match = PORT.exec(value)
  if (match === null) return unknown(EXPRESSION, at)
  const [, second, third, fourth, plain, host = '0.0.0.0'] = match
  const own = plain === undefined ? command.environment('PORT') : null
  if (own !== null && !own.known) return own
  const text = own?.value ?? plain ?? second ?? third ?? fourth
  return text !== undefined && /^\d{1,5}$/.test(text)
    ? known({ kind: 'ip', host, port: Number(text) }, at)
    : unknown(EXPRESSION, at)
}

const RAILS = optionTable(`
  binding -b --binding
  port -p --port
  environment -e --environment
  config -c --config
  using -u --using
  pid -P --pid
  !daemon -d --daemon
  !caching -C --dev-caching
`)

/** `rails server`: port 3000 of `localhost` in development, of every address elsewhere. */
export function readRailsServer(command: AppCommand, { read }: AppFiles): AppServer {
  const { program, given } = programArguments(command.words, RAILS)
  const get = layered([argumentLayer(given)])
  const environment =
    textSetting(get('environment')) ??
    command.environment('RAILS_ENV') ??
    command.environment('RACK_ENV') ??
    known('development')
  const host =
    textSetting(get('binding')) ??
    command.environment('BINDING') ??
    (environment.known
      ? known(environment.value === 'development' ? 'localhost' : '0.0.0.0')
      : unknown('its environment is not known'))
  const port = numberSetting(get('port'))
  const configuration = configurationOf(null, command, read)
  const written = typeof configuration === 'string' ? [] : bindsIn(configuration, command)
  const text = typeof configuration === 'string' ? '' : configuration.code.replace(/^[ \t]*#.*$/gm, '')
  const opensOwn = /^[ \t]*(?:bind|ssl_bind)\b/m.test(text)
  const ownPort = written.find(({ address }) => address.known && address.value.kind === 'ip')?.address
  const variable = command.environment('PORT')
  const chosen: Fact<number> | null =
    port ??
    (variable !== null
      ? variable.known
        ? known(Number(variable.value))
        : variable
      : /^[ \t]*port\b/m.test(text)
        ? ownPort?.known === true && ownPort.value.kind === 'ip'
          ? known(ownPort.value.port)
          : unknown(EXPRESSION)
        : null)
  return {
    ...NOTHING_SAID,
    program: 'rails',
    at: placeOf(program),
    application: null,
    binds: opensOwn
      ? [{ at: null, protocol: HTTP, address: NOT_HERE }]
      : [hostPortBind(host, chosen, HTTP, 'localhost', 3000)],
    directory: command.directory,
    development: environment.known && environment.value === 'development',
    complete: !given.open,
  }
}

const UNICORN = optionTable(`
  bind -l --listen
  config -c --config-file
  port -p --port
  host -o --host
  environment -E --env
  !daemon -D --daemonize
`)

/** `unicorn`: its options, the `listen` of the file that `-c` names, else port 8080 of every address. */
export function readUnicorn(command: AppCommand, { read }: AppFiles): AppServer {
  const { program, given } = programArguments(command.words, UNICORN)
  const get = layered([argumentLayer(given)])
  const written = textSetting(get('config'))
  const port = numberSetting(get('port'))
  const configuration = written === null ? NO_FILE : configurationOf(written, command, read)
  const own = (given.values.get('bind') ?? []).map(word => unicornBind(word.text, placeOf(word)))
  const listed = typeof configuration === 'string' ? [] : listensIn(configuration)
  const binds =
    configuration === 'unread'
      ? [
          {
            at: null,
            protocol: HTTP,
            address: unknown<AppAddress>('the configuration of Unicorn is not here'),
          },
        ]
      : [...own, ...listed]
  return {
    ...NOTHING_SAID,
    program: 'unicorn',
    at: placeOf(program),
    application: null,
    binds: binds.length > 0 ? binds : [hostPortBind(textSetting(get('host')), port, HTTP, '0.0.0.0', 8080)],
    directory: command.directory,
    complete: !given.open && configuration !== 'unread',
    sources: typeof configuration === 'string' ? [] : [configuration],
  }
}

/** What the lines `listen` of a configuration open, where each of them is a plain one. */
function listensIn(source: Source): readonly AppBind[] {
  const isConditional =
    /^[ \t]*(?:if|unless|case|else|elsif|eval|load|require|instance_eval)\b(?![^\n]*\bdefined\?)/m.test(
      source.code.replace(/^(?:before|after)_\w+\b[\s\S]*?^end\b/gm, ''),
    )
  return [...source.code.matchAll(/^listen[ \t(]+([^\s,)][^,)\n]*)/gm)].map(
    ({ 0: line, 1: value = '', index }) => {
      const text = value.trim()
      const start = index + line.indexOf(value)
      const at = { source, start, end: start + text.length }
      const plain = /^(["'])([^"'#]*)\1$/.exec(text)?.[2] ?? (/^\d{1,5}$/.test(text) ? text : null)
      return plain === null || isConditional
        ? { at, protocol: HTTP, address: unknown<AppAddress>(EXPRESSION, at) }
        : unicornBind(plain, at)
    },
  )
}

/** `/run/unicorn.sock`, `unix:/run/unicorn.sock`, `8080`, `*:8080`, `127.0.0.1:8080`. */
function unicornBind(text: string, at: NonNullable<AppBind['at']>): AppBind {
  const path = /^(?:unix:)?(\/[^#{}]*)$/.exec(text)?.[1]
  if (path !== undefined)
    return { at, protocol: HTTP, address: known({ kind: 'unix', path: posix.normalize(path) }, at) }
  const [, host, port] = /^(?:(\[[\da-fA-F:]+\]|[\w.*-]+):)?(\d{1,5})$/.exec(text) ?? []
  const address: Fact<AppAddress> =
    port === undefined
      ? unknown(EXPRESSION, at)
      : known(
          {
            kind: 'ip',
            host: host === undefined || host === '*' ? '0.0.0.0' : host.replace(/^\[|\]$/g, ''),
            port: Number(port),
          },
          at,
        )
  return { at, protocol: HTTP, address }
}
