import { posix } from 'node:path'
import { evaluateExpression } from '../python/evaluate-expression.ts'
import type { PythonCall, PythonExpression, PythonModule } from '../python/python-module.ts'
import type { PythonValue } from '../python/python-value.ts'
import { type Fact, known, unknown } from '../text/fact.ts'
import type { Place, Source } from '../text/source.ts'
import { placeOf } from '../text/written-text.ts'
import type { AppBind, AppCommand, AppFiles, AppProgram, AppServer, AppValue } from './app-server.ts'
import { hostPortBind, httpOrHttps, pathAddress } from './binds.ts'
import { booleanSetting, numberSetting, textSetting } from './layers.ts'
import { NOTHING_SAID } from './no-server.ts'

/** A call by which a script of Python becomes a server, and where it listens by itself. */
interface Runner {
  readonly program: AppProgram
  readonly host: string
  readonly port: number
  readonly development: boolean
}

const FLASK: Runner = { program: 'flask', host: '127.0.0.1', port: 5000, development: true }
const UVICORN: Runner = { program: 'uvicorn', host: '127.0.0.1', port: 8000, development: false }
const WAITRESS: Runner = { program: 'waitress', host: '0.0.0.0', port: 8080, development: false }

/**
 * The server that `python app.py` starts by a call at the top of the file, or below
 * `if __name__ == "__main__"`: `app.run()` of Flask, `uvicorn.run()`, `waitress.serve()`. Null where there is none,
 * or more than one.
 */
export function readPythonScript(command: AppCommand, { read, python }: AppFiles): AppServer | null {
  const [word] = command.words
  if (word === undefined || python === null || !word.text.endsWith('.py')) return null
  const { directory } = command
  const path = word.text.startsWith('/')
    ? word.text
    : directory?.known === true
      ? posix.join(directory.value, word.text)
      : null
  const source = path === null ? null : read(path)
  if (source === null || source === 'missing') return null
  const module = python.parse(source)
  const calls = runnersIn(module)
  const [found] = calls
  if (found === undefined || calls.length > 1) return null
  return serverOf(found.runner, found.call, module, command, posix.basename(word.text, '.py'), placeOf(word))
}

function runnersIn({ statements }: PythonModule): readonly { runner: Runner; call: PythonCall }[] {
  const applications = new Set<string>()
  const imported = new Map<string, string>()
  const found: { runner: Runner; call: PythonCall }[] = []
  for (const statement of statements) {
    if (statement.kind === 'import')
      for (const { name, as } of statement.names ?? []) imported.set(as, `${statement.module}.${name}`)
    if (statement.kind === 'assignment' && statement.value.kind === 'call') {
      if (/(?:^|\.)(?:Flask|SocketIO)$/.test(statement.value.callee)) applications.add(statement.target)
    }
    if (statement.kind !== 'call') continue
    const { call } = statement
    const callee = imported.get(call.callee) ?? call.callee
    if (callee === 'uvicorn.run') found.push({ runner: UVICORN, call })
    else if (callee === 'waitress.serve') found.push({ runner: WAITRESS, call })
    else if (call.callee.endsWith('.run') && applications.has(call.callee.slice(0, -'.run'.length)))
      found.push({ runner: FLASK, call })
  }
  return found
}

function serverOf(
  { program, host, port, development }: Runner,
  call: PythonCall,
  { source, statements }: PythonModule,
  command: AppCommand,
  name: string,
  at: Place,
): AppServer {
  const values = new Map<string, PythonValue | undefined>()
  const environment = (variable: string): string | null | undefined => {
    const fact = command.environment(variable)
    return fact === null ? null : fact.known ? fact.value : undefined
  }
  const evaluate = (expression: PythonExpression): PythonValue | undefined =>
    evaluateExpression(expression, { lookup: key => values.get(key), file: source.path, environment })
  for (const statement of statements) {
    if (statement.kind !== 'assignment') continue
    values.set(
      statement.target,
      statement.conditional || statement.appends ? undefined : evaluate(statement.value),
    )
  }
  const positional: Readonly<Record<string, PythonExpression | undefined>> =
    program === 'flask' && !isSocketIo(call) ? { host: call.args[0], port: call.args[1] } : {}
  const get = (key: string): Fact<AppValue> | null => {
    const written = call.keywords[key] ?? positional[key]
    if (written === undefined) return null
    return settingOf(evaluate(written), written, source)
  }
  const uds = textSetting(get('uds'))
  const secure =
    textSetting(get('ssl_certfile')) ?? (call.keywords.ssl_context === undefined ? null : known('', at))
  const protocol = httpOrHttps(secure)
  const own: AppBind =
    uds === null
      ? hostPortBind(textSetting(get('host')), numberSetting(get('port')), protocol, host, port)
      : { at: uds.at, protocol, address: pathAddress(uds, command.directory) }
  const debug = get('debug')
  const [first] = call.args
  const named =
    first?.kind === 'string' ? first.value : first?.kind === 'name' ? `${name}:${first.name}` : null
  const ofFlask = call.callee.slice(0, -'.run'.length)
  const application = program === 'flask' ? `${name}:${ofFlask}` : named
  return {
    ...NOTHING_SAID,
    program,
    at,
    application: application === null ? null : known(application, at),
    binds: call.keywords.listen === undefined ? [own] : [{ ...own, address: unknown('`listen` says it') }],
    workers: numberSetting(get('workers')),
    proxyHeaders: booleanSetting(get('proxy_headers')),
    forwardedAllowIps: textSetting(get('forwarded_allow_ips')),
    rootPath: textSetting(get('root_path')),
    directory: command.directory,
    development,
    settings: new Map([
      ...(debug === null ? [] : [['debug', debug] as const]),
      ...(program === 'uvicorn' ? ofUvicorn(get, first, source) : []),
    ]),
    complete: true,
    sources: [source],
  }
}

/** What `uvicorn.run()` takes together with the name of the application alone, and whether it gets that: `app`. */
function* ofUvicorn(
  get: (key: string) => Fact<AppValue> | null,
  first: PythonExpression | undefined,
  source: Source,
): Iterable<readonly [string, Fact<AppValue>]> {
  for (const key of ['workers', 'reload']) {
    const fact = get(key)
    if (fact !== null) yield [key, fact]
  }
  if (first?.kind === 'name') yield ['app', known('object', { source, start: first.start, end: first.end })]
}

/** `socketio.run(app, host=…)` has the application first. */
function isSocketIo({ args }: PythonCall): boolean {
  return args[0]?.kind === 'name'
}

function settingOf(
  value: PythonValue | undefined,
  { start, end }: PythonExpression,
  source: Source,
): Fact<AppValue> {
  const at: Place = { source, start, end }
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
    return known(value, at)
  return value === null ? known(null, at) : unknown('the running program decides', at)
}
