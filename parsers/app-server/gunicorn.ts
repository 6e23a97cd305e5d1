import { posix } from 'node:path'
import { evaluateExpression } from '../python/evaluate-expression.ts'
import type { PythonValue } from '../python/python-value.ts'
import { type Fact, known, unknown } from '../text/fact.ts'
import { splitQuotedWords } from '../text/quoted-words.ts'
import { type Place, type Source, UNKNOWN } from '../text/source.ts'
import { placeOf, type WrittenText, writtenFor } from '../text/written-text.ts'
import { bindAddress } from './address.ts'
import type { AppBind, AppCommand, AppFiles, AppProtocol, AppServer, AppValue } from './app-server.ts'
import { httpOrHttps } from './binds.ts'
import { applicationWord } from './application-word.ts'
import { type Arguments, mistakenOptions, readArguments } from './arguments.ts'
import { NOTHING_SAID } from './no-server.ts'
import { GUNICORN_LISTS, GUNICORN_OPTIONS } from './gunicorn-options.ts'
import {
  argumentLayer,
  baseSetting,
  everySetting,
  type Layer,
  layered,
  numberSetting,
  pathList,
  textSetting,
  valueLayer,
  variableSetting,
} from './layers.ts'

/** Options of uvicorn, by which people start it. */
const OF_UVICORN: ReadonlySet<string> = new Set(
  '--host --port --uds --fd --app-dir --factory --lifespan --interface --proxy-headers --no-proxy-headers --server-header --no-server-header --date-header --use-colors --no-use-colors --access-log --no-access-log --timeout-keep-alive --timeout-graceful-shutdown --limit-concurrency --ssl-keyfile --ssl-certfile --env-file'.split(
    ' ',
  ),
)

/**
 * A gunicorn: its command line, else `GUNICORN_CMD_ARGS`, else its configuration file, else the variables that
 * it takes defaults from.
 */
export function readGunicorn(command: AppCommand, files: AppFiles): AppServer {
  const [program, ...rest] = command.words as [WrittenText, ...WrittenText[]]
  const given = readArguments(rest, GUNICORN_OPTIONS)
  const toldAll = isToldAll(given)
  const variable = readVariable(command, toldAll)
  const config = configPath(given, variable.arguments, command)
  const file = readConfig(config, command, files, toldAll)
  const layers = [
    argumentLayer(given, GUNICORN_LISTS),
    variable.layer,
    file.layer,
    environmentDefaults(command),
  ]
  const get = layered(layers)
  // Where an application lies no variable says in the place of the command: a file of them that was not read has secrets.
  const placed = variable.layer.complete ? get : layered(layers.filter(layer => layer !== variable.layer))
  const directory = textSetting(placed('chdir')) ?? command.directory
  return {
    program: 'gunicorn',
    at: placeOf(program),
    application: applicationWord(given) ?? textSetting(placed('wsgi_app')),
    binds: bindsOf(get, given, variable.arguments, directory),
    workers: numberSetting(get('workers')),
    threads: numberSetting(get('threads')),
    workerClass: textSetting(get('worker_class')),
    timeout: numberSetting(get('timeout')),
    gracefulTimeout: numberSetting(get('graceful_timeout')),
    keepAlive: numberSetting(get('keepalive')),
    requestLineLimit: numberSetting(get('limit_request_line')),
    headerLimit: numberSetting(get('limit_request_field_size')),
    bodyLimit: null,
    concurrencyLimit: null,
    proxyHeaders: null,
    forwardedAllowIps: textSetting(get('forwarded_allow_ips')),
    rootPath: textSetting(get('root_path')),
    directory,
    pythonPath: pathList(textSetting(placed('pythonpath'))),
    user: textSetting(get('user')),
    group: textSetting(get('group')),
    umask: baseSetting(get('umask')),
    socketMode: null,
    socketOwner: null,
    environment: [
      ...variableSetting(variable.arguments?.values.get('raw_env') ?? []),
      ...variableSetting(given.values.get('raw_env') ?? []),
    ],
    headersRead: NOTHING_SAID.headersRead,
    development: false,
    mistakenOptions: mistakenOptions(given, GUNICORN_OPTIONS, OF_UVICORN),
    settings: everySetting(layers),
    complete: layers.every(({ complete }) => complete),
    sources: file.source === null ? [] : [file.source],
  }
}

/** `GUNICORN_CMD_ARGS`, read as options. */
function readVariable(
  { environment }: AppCommand,
  toldAll: boolean,
): { layer: Layer; arguments: Arguments | null } {
  const fact = environment('GUNICORN_CMD_ARGS')
  if (fact === null || (toldAll && fact.at === null)) return { layer: valueLayer(new Map()), arguments: null }
  if (!fact.known || fact.at === null) return { layer: valueLayer(new Map(), fact.known), arguments: null }
  const { source, start, end } = fact.at
  const words = splitQuotedWords(writtenFor(source, fact.value, start, end))
  const given = readArguments(words, GUNICORN_OPTIONS)
  return { layer: argumentLayer(given, GUNICORN_LISTS), arguments: given }
}

/** Variables that give defaults. */
function environmentDefaults({ environment }: AppCommand): Layer {
  const values = new Map<string, Fact<AppValue>>()
  const workers = environment('WEB_CONCURRENCY')
  if (workers !== null) values.set('workers', workers)
  const allowed = environment('FORWARDED_ALLOW_IPS')
  if (allowed !== null) values.set('forwarded_allow_ips', allowed)
  const port = environment('PORT')
  if (port !== null) values.set('bind', port.known ? known(`0.0.0.0:${port.value}`, port.at) : port)
  return valueLayer(values)
}

/**
 * Where the command says the address, or names the file that does, no file that was not read says the rest: one of
 * variables has secrets as a rule.
 */
function isToldAll({ values }: Arguments): boolean {
  return values.has('bind') || values.has('config')
}

interface ConfigPath {
  readonly path: Fact<string>
  /** False for the file that gunicorn reads where none is named. */
  readonly named: boolean
}

/** The file belongs to the directory in which gunicorn is started, whatever `--chdir` says. */
function configPath(given: Arguments, variable: Arguments | null, { directory }: AppCommand): ConfigPath {
  const written = given.values.get('config')?.at(-1) ?? variable?.values.get('config')?.at(-1)
  const at = written === undefined ? null : placeOf(written)
  const named = written !== undefined
  const text = written?.text.replace(/^file:/, '') ?? 'gunicorn.conf.py'
  if (text.includes(UNKNOWN)) return { path: unknown('a variable decides', at), named }
  if (text.startsWith('python:')) {
    const name = `${text.slice('python:'.length).replaceAll('.', '/')}.py`
    return { path: inside(name, directory, at), named }
  }
  return { path: inside(text, directory, at), named }
}

function inside(path: string, directory: Fact<string> | null, at: Place | null): Fact<string> {
  if (path.startsWith('/')) return known(posix.normalize(path), at)
  if (directory?.known !== true) return unknown('its directory is not known', at)
  return known(posix.join(directory.value, path), at)
}

function readConfig(
  { path, named }: ConfigPath,
  { environment }: AppCommand,
  { read, python }: AppFiles,
  toldAll: boolean,
): { layer: Layer; source: Source | null } {
  const source = path.known ? read(path.value) : null
  if (source === 'missing') return { layer: valueLayer(new Map(), !named), source: null }
  if (source === null) {
    // Where nobody knows the directory, a file that nobody names is not assumed.
    return { layer: valueLayer(new Map(), !named && (toldAll || !path.known)), source: null }
  }
  if (python === null) return { layer: valueLayer(new Map(), false), source }
  const module = python.parse(source)
  const values = new Map<string, Fact<AppValue>>()
  const computed = new Map<string, PythonValue | undefined>()
  const lookup = (name: string) => computed.get(name)
  const variable = (name: string) => {
    const fact = environment(name)
    return fact === null ? null : fact.known ? fact.value : undefined
  }
  let complete = !module.broken
  for (const statement of module.statements) {
    if (statement.kind === 'import' && statement.names?.some(({ name }) => name === '*') === true)
      complete = false
    if (statement.kind !== 'assignment') continue
    const { target, conditional, appends } = statement
    const at: Place = { source, start: statement.value.start, end: statement.value.end }
    const value =
      conditional || appends
        ? undefined
        : evaluateExpression(statement.value, { lookup, file: source.path, environment: variable })
    computed.set(target, value)
    values.set(target, settingOf(value, at))
  }
  return { layer: valueLayer(values, complete), source }
}

function settingOf(value: PythonValue | undefined, at: Place): Fact<AppValue> {
  if (value === undefined) return unknown('the running program decides', at)
  if (value === null || typeof value !== 'object') return known(value, at)
  if (!Array.isArray(value)) return unknown('it is no plain value', at)
  const texts = (value as readonly (PythonValue | undefined)[]).map(each =>
    typeof each === 'string' ? each : undefined,
  )
  return texts.includes(undefined)
    ? unknown('the running program decides a part of it', at)
    : known(texts as string[], at)
}

function bindsOf(
  get: (name: string) => Fact<AppValue> | null,
  given: Arguments,
  variable: Arguments | null,
  directory: Fact<string> | null,
): readonly AppBind[] {
  const protocol = protocolOf(get)
  const words = given.values.get('bind') ?? variable?.values.get('bind')
  const bind = (written: WrittenText): AppBind => ({
    at: placeOf(written),
    protocol,
    address: bindAddress(written, directory, 8000),
  })
  // Words are not cut at commas, as a text of the configuration file is.
  if (words !== undefined) return words.map(bind)
  const fact = get('bind')
  if (fact === null)
    return [{ at: null, protocol, address: known({ kind: 'ip', host: '127.0.0.1', port: 8000 }) }]
  if (!fact.known || fact.at === null) return [{ at: fact.at, protocol, address: asUnknown(fact) }]
  const { source, start, end } = fact.at
  const texts = typeof fact.value === 'string' ? fact.value.split(',') : fact.value
  if (!Array.isArray(texts)) return [{ at: fact.at, protocol, address: unknown('it is no address', fact.at) }]
  return texts
    .map(text => text.trim())
    .filter(text => text !== '')
    .map(text => bind(writtenFor(source, text, start, end)))
}

function asUnknown(fact: Fact<unknown>): Fact<never> {
  return fact.known ? unknown('it is no address', fact.at) : fact
}

function protocolOf(get: (name: string) => Fact<AppValue> | null): Fact<AppProtocol> {
  const protocol = textSetting(get('protocol'))
  // As with a certificate: what a file that was not read might say is not assumed.
  if (protocol?.at != null && (!protocol.known || protocol.value === 'uwsgi'))
    return protocol.known ? known('uwsgi', protocol.at) : protocol
  return httpOrHttps(textSetting(get('certfile')) ?? textSetting(get('keyfile')))
}
