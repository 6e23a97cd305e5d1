import { posix } from 'node:path'
import type {
  ShellEnvironment,
  ShellParser,
  ShellVariable,
} from '../../../parsers/shell/shell-environment.ts'
import { isLimit } from '../../../parsers/text/limits.ts'
import type { Place, Source } from '../../../parsers/text/source.ts'
import { type FileSystem, sourceAt } from '../../files/file-system.ts'
import { type Fact, known, unknown } from '../fact.ts'
import { type ApacheEnvironment, EMPTY_ENVIRONMENT } from './environment.ts'
import { definesOf, readService } from './read-service.ts'

export interface EnvironmentOptions {
  /** Names given as `--define`, as on httpd's own command line. */
  readonly defines?: readonly string[]
  /** True where an image may be made of the files, and whoever starts a container of it sets more variables. */
  readonly isForImage?: boolean
}

/** What systemd or the shell itself puts into every service's environment, with values of its own. */
const ALWAYS_THERE = [
  'PATH',
  'LANG',
  'PWD',
  'OLDPWD',
  'SHLVL',
  '_',
  'HOME',
  'USER',
  'LOGNAME',
  'SHELL',
  'INVOCATION_ID',
  'JOURNAL_STREAM',
  'NOTIFY_SOCKET',
  'LISTEN_FDS',
  'LISTEN_PID',
  'SYSTEMD_EXEC_PID',
  'MEMORY_PRESSURE_WATCH',
  'MEMORY_PRESSURE_WRITE',
]

/**
 * The script that `apachectl` reads before it starts httpd: Debian's beside the main file, the
 * tarball's in `bin`. Null where neither is there, so that no shell has to be loaded.
 */
export function environmentScript(files: FileSystem, mainPath: string): string | null {
  const directory = posix.dirname(mainPath)
  const candidates = [posix.join(directory, 'envvars'), posix.join(posix.dirname(directory), 'bin/envvars')]
  return candidates.find(path => files.kind(path) === 'file') ?? null
}

/**
 * Puts together what the service's own files say about the environment of the httpd whose main file is
 * `mainPath` (null for fragments). `shell` may be null only where {@link environmentScript} is.
 */
export function readEnvironment(
  files: FileSystem,
  shell: ShellParser | null,
  mainPath: string | null,
  options: EnvironmentOptions = {},
): ApacheEnvironment {
  const defines = new Map<string, Place | null>((options.defines ?? []).map(name => [name, null]))
  if (mainPath === null) return { ...EMPTY_ENVIRONMENT, defines }

  const service = readService(files, mainPath)
  for (const [name, at] of service.defines) if (!defines.has(name)) defines.set(name, at)

  const initial = new Map<string, ShellVariable>()
  for (const name of ALWAYS_THERE) initial.set(name, shellVariable(unknown('the machine sets it')))
  for (const [name, value] of service.variables) initial.set(name, shellVariable(value))

  const script = environmentScript(files, mainPath)
  const source = script === null ? null : sourceAt(files, script)
  if (source === null || shell === null) {
    return { variables: exportedOf(initial, service.variables), complete: service.complete === true, defines }
  }
  // apachectl knows its own directory while it reads the file, and does not export it.
  if (!initial.has('APACHE_CONFDIR'))
    initial.set('APACHE_CONFDIR', { ...shellVariable(known(posix.dirname(source.path))), exported: false })
  const result = shell.parse(source, {
    initial,
    read: path => readable(files, path),
    kind: path => files.kind(path) ?? (files.covers(path) ? 'missing' : undefined),
  })
  const given = result.variables.get('APACHE_ARGUMENTS')
  const flags = given?.value.known === true ? given.value.value : ''
  for (const name of definesOf(flags.split(/\s+/)))
    if (!defines.has(name)) defines.set(name, given?.assignment ?? null)
  // A unit outside the audit is the package's, whose own variables nobody refers to.
  return {
    variables: exportedOf(result.variables, service.variables),
    unexported: unexportedOf(result.variables),
    complete:
      result.complete &&
      (options.isForImage === true ? service.complete === true : service.complete !== false),
    defines,
    limit: limitOf(source.path, result),
  }
}

function limitOf(path: string, { givenUp, variables }: ShellEnvironment): ApacheEnvironment['limit'] {
  if (givenUp !== null) return { path, reason: givenUp }
  for (const [name, { value }] of variables)
    if (!value.known && isLimit(value.reason)) return { path, reason: `\`${name}\`: ${value.reason}` }
  return null
}

function shellVariable(fact: Fact<string>): ShellVariable {
  return { value: fact, exported: true, assignment: null }
}

function exportedOf(
  variables: ReadonlyMap<string, ShellVariable>,
  given: ReadonlyMap<string, Fact<string>>,
): ReadonlyMap<string, Fact<string>> {
  const facts = new Map<string, Fact<string>>()
  for (const [name, { value, exported, assignment }] of variables) {
    if (!exported) continue
    const at = assignment ?? given.get(name)?.at ?? null
    facts.set(name, value.known ? known(value.value, at) : unknown(value.reason, at))
  }
  return facts
}

function unexportedOf(variables: ReadonlyMap<string, ShellVariable>): ReadonlyMap<string, Place> {
  return new Map(
    [...variables].flatMap(([name, { exported, assignment }]) =>
      exported || assignment === null ? [] : [[name, assignment] as const],
    ),
  )
}

function readable(files: FileSystem, path: string): Source | 'missing' | null {
  const result = files.read(path)
  if (result.kind === 'source') return result.source
  return result.kind === 'missing' && files.covers(path) ? 'missing' : null
}
