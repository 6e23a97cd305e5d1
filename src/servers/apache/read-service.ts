import { posix } from 'node:path'
import { parseEnvironmentFile } from '../../../parsers/systemd/environment-file.ts'
import { parseUnit, type UnitSetting } from '../../../parsers/systemd/parse-unit.ts'
import { splitUnitWords } from '../../../parsers/systemd/unit-words.ts'
import type { Place, Source } from '../../../parsers/text/source.ts'
import { type FileSystem, sourceAt } from '../../files/file-system.ts'
import { type Fact, known, unknown } from '../fact.ts'

/** What the service manager gives to httpd, or to the script that starts it. */
export interface ServiceFacts {
  readonly variables: ReadonlyMap<string, Fact<string>>
  /** Names after `-D` on the command line, with the place of the setting. */
  readonly defines: ReadonlyMap<string, Place | null>
  /** True where the whole unit was read, false where a part of it could not be, undefined where there is none. */
  readonly complete: boolean | undefined
}

const NO_SERVICE: ServiceFacts = { variables: new Map(), defines: new Map(), complete: undefined }

/** In systemd's order: an earlier directory's file replaces the same name in a later one. */
const UNIT_FOLDERS = [
  '/etc/systemd/system',
  '/run/systemd/system',
  '/usr/local/lib/systemd/system',
  '/lib/systemd/system',
  '/usr/lib/systemd/system',
]

/** Variables with httpd's arguments that distributions put into a file beside the unit. */
const ARGUMENT_VARIABLES = ['OPTIONS', 'APACHE_ARGUMENTS', 'APACHE2_OPTS']

/** Reads the systemd unit of the httpd with this main file, its drop-ins and the files it names. */
export function readService(files: FileSystem, mainPath: string): ServiceFacts {
  const unit = unitOf(mainPath)
  if (unit === null) return NO_SERVICE
  const settings = unitSettings(files, unit)
  if (settings.main) return serviceFacts(files, settings.list, unit.instance)
  const facts = serviceFacts(files, settings.list, unit.instance)
  // The package's unit lies outside the audit: its habitual file is what it would read.
  const file = sourceAt(files, unit.environmentFile)
  if (file === null) return { ...facts, complete: facts.complete === false ? false : undefined }
  const variables = new Map(facts.variables)
  const defines = new Map(facts.defines)
  for (const { name, value, start, end } of parseEnvironmentFile(file)) {
    const at = { source: file, start, end }
    variables.set(name, known(value, at))
    if (!ARGUMENT_VARIABLES.includes(name)) continue
    for (const flag of definesOf(value.split(/\s+/))) if (!defines.has(flag)) defines.set(flag, at)
  }
  return { variables, defines, complete: undefined }
}

interface UnitName {
  readonly names: readonly string[]
  readonly instance: string | null
  readonly environmentFile: string
}

function unitOf(mainPath: string): UnitName | null {
  const debian = /^\/etc\/apache2(?:-([^/]+))?\/[^/]+$/.exec(mainPath)
  if (debian !== null) {
    const instance = debian[1] ?? null
    const names =
      instance === null ? ['apache2.service'] : [`apache2@${instance}.service`, 'apache2@.service']
    return { names, instance, environmentFile: '/etc/default/apache2' }
  }
  if (!mainPath.startsWith('/etc/httpd/')) return null
  return { names: ['httpd.service'], instance: null, environmentFile: '/etc/sysconfig/httpd' }
}

function unitSettings(files: FileSystem, unit: UnitName): { main: boolean; list: readonly UnitSetting[] } {
  const main = firstSource(
    files,
    unit.names.flatMap(name => UNIT_FOLDERS.map(directory => posix.join(directory, name))),
  )
  const dropIns = new Map<string, string>()
  for (const name of unit.names) {
    for (const directory of UNIT_FOLDERS) {
      const path = posix.join(directory, `${name}.d`)
      for (const entry of files.list(path) ?? [])
        if (entry.name.endsWith('.conf') && !dropIns.has(entry.name))
          dropIns.set(entry.name, posix.join(path, entry.name))
    }
  }
  const list = main === null ? [] : [...parseUnit(main)]
  for (const name of [...dropIns.keys()].sort()) {
    const source = sourceAt(files, dropIns.get(name) ?? '')
    for (const entry of source === null ? [] : parseUnit(source)) list.push(entry)
  }
  return { main: main !== null, list: list.filter(setting => setting.section === 'Service') }
}

function serviceFacts(
  files: FileSystem,
  settings: readonly UnitSetting[],
  instance: string | null,
): ServiceFacts {
  let assigned = new Map<string, Fact<string>>()
  let environmentFiles: UnitSetting[] = []
  let commands: UnitSetting[] = []
  const passed = new Map<string, Fact<string>>()
  const removed = new Set<string>()
  for (const setting of settings) {
    const { name, value } = setting
    // An empty value takes back what was collected, as a drop-in does to replace it.
    if (name === 'Environment') {
      if (value === '') assigned = new Map()
      for (const word of splitUnitWords(value)) {
        const equals = word.indexOf('=')
        if (equals > 0)
          assigned.set(word.slice(0, equals), specified(word.slice(equals + 1), setting, instance))
      }
    } else if (name === 'EnvironmentFile') {
      environmentFiles = value === '' ? [] : [...environmentFiles, setting]
    } else if (name === 'ExecStart') {
      commands = value === '' ? [] : [...commands, setting]
    } else if (name === 'PassEnvironment') {
      for (const word of splitUnitWords(value)) passed.set(word, unknown('the machine sets it', setting))
    } else if (name === 'UnsetEnvironment') {
      for (const word of splitUnitWords(value)) removed.add(word)
    }
  }
  const variables = new Map([...passed, ...assigned])
  let complete = true
  for (const setting of environmentFiles)
    if (!readInto(variables, files, setting.value.replace(/^-/, ''))) complete = false
  for (const name of removed) variables.delete(name)

  const defines = new Map<string, Place | null>()
  for (const command of commands)
    for (const name of definesOf(commandWords(command.value, variables)))
      if (!defines.has(name)) defines.set(name, command)
  return { variables, defines, complete }
}

/** A value with systemd's `%` specifiers, of which only the instance is known here. */
function specified(value: string, at: Place, instance: string | null): Fact<string> {
  const text = value.replace(/%([iI%])/g, (_, letter: string) => (letter === '%' ? '\0' : (instance ?? '')))
  return text.includes('%') ? unknown('systemd fills it in', at) : known(text.replaceAll('\0', '%'), at)
}

/** False where the file may be there and cannot be read. */
function readInto(variables: Map<string, Fact<string>>, files: FileSystem, path: string): boolean {
  const source = path.includes('%') ? null : sourceAt(files, path)
  if (source === null) return files.kind(path) === null && files.covers(path)
  for (const { name, value, start, end } of parseEnvironmentFile(source))
    variables.set(name, known(value, { source, start, end }))
  return true
}

/** A command line with `$NAME` (cut into words) and `${NAME}` (kept whole) filled in, as systemd does. */
function commandWords(command: string, variables: ReadonlyMap<string, Fact<string>>): readonly string[] {
  const textOf = (name: string): string => {
    const fact = variables.get(name)
    return fact?.known === true ? fact.value : ''
  }
  return splitUnitWords(command).flatMap(word => {
    const whole = /^\$([A-Za-z_][A-Za-z0-9_]*)$/.exec(word)?.[1]
    if (whole !== undefined) return textOf(whole).split(/\s+/).filter(Boolean)
    return [word.replace(/\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g, (_, name: string) => textOf(name))]
  })
}

/** The names after `-D`, glued or apart. */
export function definesOf(words: readonly string[]): readonly string[] {
  const names: string[] = []
  for (let index = 0; index < words.length; index++) {
    const word = words[index]!
    const name = word === '-D' ? words[++index] : word.startsWith('-D') ? word.slice(2) : undefined
    if (name !== undefined && name !== '') names.push(name)
  }
  return names
}

function firstSource(files: FileSystem, paths: readonly string[]): Source | null {
  for (const path of paths) {
    const source = sourceAt(files, path)
    if (source !== null) return source
  }
  return null
}
