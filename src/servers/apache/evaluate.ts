import { posix } from 'node:path'
import { type Source, textSource } from '../../../parsers/text/source.ts'
import type { FileSystem } from '../../files/file-system.ts'
import { type Fact, known, unknown } from '../fact.ts'
import { firstWorld, type World } from '../presence.ts'
import { compareVersions, type ServerVersion } from '../version.ts'
import { accountProblems } from './account-problems.ts'
import type { ApacheConfiguration } from './configuration.ts'
import type { ApacheEnvironment } from './environment.ts'
import { builtInModules, isHttpd22 } from './modules.ts'
import { readFile } from './reading/read-lines.ts'
import { isEveryLoadRead, type Reading } from './reading/reading.ts'
import { oldRelease } from './old-release.ts'
import { rootFragments } from './reading/root-fragments.ts'
import { startReading } from './reading/start-reading.ts'
import type { ValidationUnit } from './validate/check.ts'
import { validateApache } from './validate/validate.ts'

export interface ApacheInput {
  readonly files: FileSystem
  /** The main file; null for fragments. */
  readonly main: Source | null
  /** Where `main` is null: files that some main file out of sight includes, in the order of their names. */
  readonly fragments: readonly Source[]
  /** The paths of fragments that one httpd reads side by side; of the others each may be of a machine of its own. */
  readonly together?: ReadonlySet<string>
  readonly environment: ApacheEnvironment
  readonly version: ServerVersion
  /** `httpd -d`, an absolute path; the directory of the main file where absent. */
  readonly serverRoot?: string
  /** Names as `httpd -D` gives them, beside those of the environment. */
  readonly defines?: readonly string[]
  /** Lines as `httpd -C` and `httpd -c` give them, read before and after the main file. */
  readonly commandLine?: { readonly before: readonly string[]; readonly after: readonly string[] }
  /** How conditions come out that the files do not decide; as their writer meant them where absent. */
  readonly world?: World
}

/**
 * Evaluates a configuration as httpd does it: reads it line by line, whereby includes, conditionals,
 * macros and definitions act at their place, then walks the tree that came out of it.
 *
 * Never throws. `problems` holds what `apache2 -t` would say: where reading fails, nothing else.
 */
export function evaluateApache(input: ApacheInput): ApacheConfiguration {
  const reading = begin(input)
  if (input.main !== null) readProgram(reading, input.main, input.commandLine)
  else
    for (const source of rootFragments(reading, input.fragments)) readFile(reading, source, source.path, null)

  const version = oldRelease(reading, input.version) ?? input.version
  const isOld = compareVersions(version.value, '2.4') < 0 || isHttpd22(reading.modules)
  // What loads none is no main file by itself, or belongs to a server that has them compiled in.
  const loadsAny = [...reading.modules.values()].some(({ at }) => at !== undefined)
  const modulesComplete = !isOld && loadsAny && isEveryLoadRead(reading) && !reading.stopped
  const { top, occurrences, modules, serverRoot, executed, defines } = reading
  const unit = {
    top,
    occurrences,
    modules,
    modulesComplete,
    version,
    files: input.files,
    main: input.main,
    serverRoot,
    fragments: reading.fragments,
    together: input.together,
  }
  return {
    program: 'apache',
    main: input.main,
    version,
    serverRoot,
    sources: [...reading.sources],
    top,
    occurrences,
    executed,
    modules,
    modulesComplete,
    defines,
    environment: input.environment,
    notes: reading.notes,
    world: reading.world,
    unread: [...reading.unread.values()],
    limit: reading.limit,
    problems: isOld ? [] : problemsOf(reading, unit),
  }
}

function problemsOf(reading: Reading, unit: ValidationUnit): ApacheConfiguration['problems'] {
  // A reading error hides whatever the walk would have said.
  if (reading.fatal) return reading.problems
  return [...reading.problems, ...validateApache(unit), ...accountProblems(unit)]
}

function begin(input: ApacheInput): Reading {
  const defines = new Map<string, string | null>()
  for (const name of input.environment.defines.keys()) defines.set(name, null)
  for (const name of input.defines ?? []) defines.set(name, null)
  return startReading({
    files: input.files,
    version: input.version,
    environment: input.environment,
    fragments: input.main === null,
    perDirectory: false,
    modules: new Map(builtInModules().map(module => [module.id, module])),
    defines,
    serverRoot: initialRoot(input),
    world: input.world ?? firstWorld(),
  })
}

function initialRoot({ serverRoot, main }: ApacheInput): Fact<string> {
  if (serverRoot !== undefined) return known(posix.normalize(serverRoot))
  if (main === null) return unknown('the main file, which may set it, is not among the files')
  // Compiled in is the directory above `conf`, where the main file lies in one.
  const directory = posix.dirname(main.path)
  return known(posix.basename(directory) === 'conf' ? posix.dirname(directory) : directory)
}

function readProgram(reading: Reading, main: Source, commandLine: ApacheInput['commandLine']): void {
  readCommandLine(reading, commandLine?.before)
  readFile(reading, main, main.path, null)
  readCommandLine(reading, commandLine?.after)
}

/** What httpd calls the file of such lines. */
const COMMAND_LINE = '-c/-C directives'

function readCommandLine(reading: Reading, lines: readonly string[] = []): void {
  if (lines.length === 0) return
  const source = textSource(COMMAND_LINE, lines.map(line => `${line}\n`).join(''))
  readFile(reading, source, COMMAND_LINE, null)
}
