import { ownTable } from '../../../../parsers/text/own-table.ts'
import { posix } from 'node:path'
import type { PythonParser } from '../../../../parsers/python/python-module.ts'
import { parseUnit, type UnitSetting } from '../../../../parsers/systemd/parse-unit.ts'
import { splitUnitWords } from '../../../../parsers/systemd/unit-words.ts'
import type { Place } from '../../../../parsers/text/source.ts'
import type { FileSystem } from '../../../files/file-system.ts'
import { type Fact, known, unknown } from '../../../servers/fact.ts'
import { type Endpoint, isLoopback } from '../../../servers/address.ts'
import { parseGunicornBind } from '../../../servers/addresses/gunicorn.ts'
import { evaluateExpression } from '../../django/evaluate-expression.ts'
import type { SettingValue } from '../../django/settings.ts'
import { isAbsent } from '../../is-absent.ts'
import type { BackendListener, GunicornProgram, Machine, Protocol } from '../../model.ts'

/** A gunicorn that a unit of systemd starts. */
export interface GunicornServer {
  /** Path of the unit. */
  readonly unit: string
  /** Where the unit starts it. */
  readonly at: Place
  /** As gunicorn writes them: `127.0.0.1:8000`, `unix:/run/shop.sock`; those that are not known are left out. */
  readonly binds: readonly string[]
  /**
   * A setting by its name in the configuration file (`worker_class`): of the command line, else of
   * `GUNICORN_CMD_ARGS`, else of the configuration file; null where gunicorn's own default holds.
   */
  setting(name: string): Fact<SettingValue> | null
}

const UNITS = '/etc/systemd/system'

/** The names of the options that have a letter. */
const LETTERS: Readonly<Record<string, string>> = ownTable({
  b: 'bind',
  c: 'config',
  k: 'worker_class',
  t: 'timeout',
  w: 'workers',
})

/** Every gunicorn among the units of the machine. */
export function gunicornServers(files: FileSystem, python: PythonParser | null): readonly GunicornServer[] {
  return (files.list(UNITS) ?? []).flatMap(({ name, kind }) => {
    if (kind !== 'file' || !name.endsWith('.service')) return []
    const server = readUnit(files, python, `${UNITS}/${name}`)
    return server === null ? [] : [server]
  })
}

export function gunicornPrograms(machine: Machine, python: PythonParser | null): readonly GunicornProgram[] {
  return gunicornServers(machine.files, python).map(server => ({
    kind: 'gunicorn',
    machine,
    listensKnown: server.binds.length > 0 && server.binds.every(bind => readBind(bind) !== null),
    ...server,
  }))
}

const HTTP: Fact<Protocol> = known('http')
const HTTPS: Fact<Protocol> = known('https')

export function gunicornListeners(program: GunicornProgram): readonly BackendListener[] {
  const certificate = program.setting('certfile')
  // Whoever has a certificate says so in the command, as a rule: a file that was not read is no reason to
  // take the protocol for unknown, and `setting` tells that it may name one.
  const protocol = certificate?.known === true && certificate.value !== null ? HTTPS : HTTP
  return program.binds.flatMap(bind => {
    const endpoint = readBind(bind)
    if (endpoint === null) return []
    const loopback = isLoopback(endpoint.address)
    return [
      { kind: 'gunicorn', program, ...endpoint, protocol, loopback, at: program.at, others: [] } as const,
    ]
  })
}

/** Null for what the environment fills in too. */
function readBind(text: string): Endpoint | null {
  return /[$%]/.test(text) ? null : parseGunicornBind(text)
}

function readUnit(files: FileSystem, python: PythonParser | null, path: string): GunicornServer | null {
  const settings = [path, ...dropIns(files, path)].flatMap(each => settingsOf(files, each))
  const command = settings.findLast(({ section, name }) => section === 'Service' && name === 'ExecStart')
  if (command === undefined) return null
  const words = programArguments(splitUnitWords(command.value))
  if (words === null) return null
  const options = readOptions(words)
  const fromEnvironment = readOptions(environmentArguments(settings))
  const folder = options.get('chdir')?.at(-1) ?? serviceValue(settings, 'WorkingDirectory') ?? '/'
  const config = options.get('config')?.at(-1) ?? fromEnvironment.get('config')?.at(-1) ?? null
  const file = readConfig(files, python, posix.resolve(folder, config ?? 'gunicorn.conf.py'), config !== null)
  const at: Place = { source: command.source, start: command.start, end: command.end }
  const setting = (name: string): Fact<SettingValue> | null => {
    const written = options.get(name) ?? fromEnvironment.get(name)
    if (written === undefined) return file(name)
    const value = written.at(-1) ?? ''
    if (/[$%]/.test(value)) return unknown('a variable of the unit decides', at)
    return known(/^\d+$/.test(value) ? Number(value) : value, at)
  }
  return {
    unit: path,
    at,
    binds:
      socketsOf(files, path) ?? options.get('bind') ?? fromEnvironment.get('bind') ?? binds(file('bind')),
    setting,
  }
}

function dropIns(files: FileSystem, path: string): readonly string[] {
  return (files.list(`${path}.d`) ?? [])
    .filter(({ name }) => name.endsWith('.conf'))
    .map(({ name }) => `${path}.d/${name}`)
}

function settingsOf(files: FileSystem, path: string): readonly UnitSetting[] {
  const read = files.read(path)
  return read.kind === 'source' ? parseUnit(read.source) : []
}

function serviceValue(settings: readonly UnitSetting[], name: string): string | undefined {
  return settings.findLast(setting => setting.section === 'Service' && setting.name === name)?.value
}

/** The words behind gunicorn's own name; null where another program is started. */
function programArguments(words: readonly string[]): readonly string[] | null {
  const program = posix.basename((words[0] ?? '').replace(/^[@\-:+!|]+/, ''))
  if (/^gunicorn\d*$/.test(program)) return words.slice(1)
  if (/^python[\d.]*$/.test(program) && words[1] === '-m' && words[2] === 'gunicorn') return words.slice(3)
  return null
}

function environmentArguments(settings: readonly UnitSetting[]): readonly string[] {
  const marker = 'GUNICORN_CMD_ARGS='
  const variables = settings
    .filter(({ section, name }) => section === 'Service' && name === 'Environment')
    .flatMap(({ value }) => splitUnitWords(value))
  const written = variables.findLast(variable => variable.startsWith(marker))
  return written === undefined ? [] : splitUnitWords(written.slice(marker.length))
}

function readOptions(words: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const options = new Map<string, string[]>()
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? ''
    const long = /^--([\w-]+)(?:=(.*))?$/s.exec(word)
    const short = /^-([a-zA-Z])(.*)$/s.exec(word)
    const name = long?.[1]?.replaceAll('-', '_') ?? LETTERS[short?.[1] ?? '']
    if (name === undefined) continue
    const glued = long?.[2] ?? (short?.[2] === '' ? undefined : short?.[2])
    // A flag such as `--preload` has no value, and the next option is none.
    const next = words[index + 1]
    if (glued === undefined && (next === undefined || next.startsWith('-'))) continue
    const value = glued ?? next ?? ''
    if (glued === undefined) index++
    const all = options.get(name)
    if (all === undefined) options.set(name, [value])
    else all.push(value)
  }
  return options
}

/** The names that a configuration file sets; all of them unknown where it cannot be read. */
function readConfig(
  files: FileSystem,
  python: PythonParser | null,
  path: string,
  isNamed: boolean,
): (name: string) => Fact<SettingValue> | null {
  const read = files.read(path.replace(/^\/?(?:file|python):/, ''))
  if (read.kind !== 'source') {
    if (!isNamed && isAbsent(files, path)) return () => null
    return () => unknown('the configuration file is not part of the audit')
  }
  if (python === null) return () => unknown('the configuration file was not read')
  const module = python.parse(read.source)
  const values = new Map<string, Fact<SettingValue>>()
  const lookup = (name: string) => {
    const fact = values.get(name)
    return fact?.known === true ? fact.value : undefined
  }
  for (const statement of module.statements) {
    if (statement.kind !== 'assignment') continue
    const { target, conditional, appends, start, end } = statement
    const at: Place = { source: read.source, start, end }
    const value =
      conditional || appends ? undefined : evaluateExpression(statement.value, lookup, read.source.path)
    values.set(target, value === undefined ? unknown('the running program decides', at) : known(value, at))
  }
  return name => values.get(name) ?? (module.broken ? unknown('the file is not all Python 3') : null)
}

function binds(fact: Fact<SettingValue> | null): readonly string[] {
  if (fact === null) return ['127.0.0.1:8000']
  if (!fact.known) return []
  const { value } = fact
  const all: readonly unknown[] = Array.isArray(value) ? value : [value]
  return all.filter(each => typeof each === 'string')
}

/** What systemd listens on in gunicorn's place; null where no socket unit of that name is there. */
function socketsOf(files: FileSystem, path: string): readonly string[] | null {
  const listens = settingsOf(files, path.replace(/\.service$/, '.socket')).filter(
    ({ section, name, value }) => section === 'Socket' && name === 'ListenStream' && value !== '',
  )
  if (listens.length === 0) return null
  return listens.map(({ value }) =>
    value.startsWith('/') ? `unix:${value}` : /^\d+$/.test(value) ? `:${value}` : value,
  )
}
