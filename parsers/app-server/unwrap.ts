import { posix } from 'node:path'
import { type Fact, known, unknown } from '../text/fact.ts'
import { isUnknownWord } from '../text/source.ts'
import { factOf, placeOf, sliceWritten, type WrittenText } from '../text/written-text.ts'
import type { AppCommand } from './app-server.ts'
import { programName } from './program-name.ts'

/** A command without the programs that only start another. */
export interface UnwrappedCommand extends AppCommand {
  /** The account that a wrapper starts it as; null where none does. */
  readonly user: Fact<string> | null
  /** Variables that wrappers set before the program starts. */
  readonly assigned: ReadonlyMap<string, Fact<string>>
}

/** No command has more wrappers around it. */
const MOST_WRAPPERS = 20

/** How a wrapper reads its own words: what it takes with a value, and where the command begins. */
interface Wrapper {
  /** Options that take the next word. */
  readonly values?: ReadonlySet<string>
  /** Words that stand before the command, such as the seconds of `timeout`. */
  readonly operands?: number
  /** The word that has to follow the name: `run` of `poetry run`. */
  readonly subcommands?: ReadonlySet<string>
  /** True where the command only begins behind `--`. */
  readonly afterDashes?: boolean
  /** The option, or the operand where it is a number, that names the account. */
  readonly user?: string | 0
  /** The option that names the directory to change to. */
  readonly directory?: ReadonlySet<string>
}

const words = (text: string): ReadonlySet<string> => new Set(text.split(' '))

const WRAPPERS: ReadonlyMap<string, Wrapper> = new Map<string, Wrapper>([
  ['exec', { values: words('-a') }],
  ['command', {}],
  ['nohup', {}],
  ['setsid', {}],
  ['time', { values: words('-f -o --format --output') }],
  ['nice', { values: words('-n --adjustment') }],
  ['ionice', { values: words('-c -n --class --classdata') }],
  ['chrt', { operands: 1 }],
  ['stdbuf', { values: words('-i -o -e') }],
  ['timeout', { values: words('-k -s --kill-after --signal'), operands: 1 }],
  ['prlimit', {}],
  ['authbind', {}],
  ['catatonit', {}],
  ['tini', { values: words('-p -e') }],
  ['docker-init', { values: words('-p -e') }],
  ['dumb-init', { values: words('-r --rewrite') }],
  ['gosu', { operands: 1, user: 0 }],
  ['su-exec', { operands: 1, user: 0 }],
  ['setuidgid', { operands: 1, user: 0 }],
  ['chpst', { values: words('-u -e -b -o -p -m -d -f -c -/ -n'), user: '-u' }],
  [
    'sudo',
    {
      values: words('-u -g -h -p -C -T -r -t --user --group --host --prompt --chdir -D'),
      user: '-u',
      directory: words('-D --chdir'),
    },
  ],
  ['doas', { values: words('-u -C'), user: '-u' }],
  ['runuser', { values: words('-u -g -G --user --group'), user: '-u' }],
  ['setpriv', { values: words('--reuid --regid --groups'), user: '--reuid' }],
  [
    'poetry',
    {
      subcommands: words('run'),
      values: words('-C --directory -P --project'),
      directory: words('-C --directory'),
    },
  ],
  ['pipenv', { subcommands: words('run') }],
  ['pdm', { subcommands: words('run'), values: words('-p --project'), directory: words('-p --project') }],
  ['hatch', { subcommands: words('run'), values: words('-e --env') }],
  ['rye', { subcommands: words('run') }],
  [
    'uv',
    {
      subcommands: words('run'),
      values: words(
        '--with --extra --group --python -p --directory --project --env-file --index-url --only-group --no-group --package',
      ),
      directory: words('--directory'),
    },
  ],
  [
    'conda',
    { subcommands: words('run'), values: words('-n -p --name --prefix --cwd'), directory: words('--cwd') },
  ],
  [
    'mamba',
    { subcommands: words('run'), values: words('-n -p --name --prefix --cwd'), directory: words('--cwd') },
  ],
  [
    'micromamba',
    { subcommands: words('run'), values: words('-n -p --name --prefix --cwd'), directory: words('--cwd') },
  ],
  ['newrelic-admin', { subcommands: words('run-program run-python') }],
  ['ddtrace-run', {}],
  [
    'opentelemetry-instrument',
    {
      values: words(
        '--traces_exporter --metrics_exporter --logs_exporter --service_name --exporter_otlp_endpoint --log_level',
      ),
    },
  ],
  ['elastic-apm-agent', {}],
  ['dotenv', { subcommands: words('run'), values: words('-f --file -q --quote -e --export') }],
  ['doppler', { subcommands: words('run'), afterDashes: true }],
  ['op', { subcommands: words('run'), afterDashes: true }],
  ['chamber', { subcommands: words('exec'), afterDashes: true }],
  ['infisical', { subcommands: words('run'), afterDashes: true }],
  ['honcho', { subcommands: words('run'), values: words('-e --env') }],
  ['watchmedo', { afterDashes: true }],
  ['wait-for-it', { afterDashes: true }],
  ['wait-for', { afterDashes: true }],
  ['dockerize', { values: words('-wait -timeout -wait-retry-interval -template -stdout -stderr') }],
  ['xvfb-run', { values: words('-s -n -e -f -p') }],
  ['bundle', { subcommands: words('exec') }],
  ['rbenv', { subcommands: words('exec') }],
  ['asdf', { subcommands: words('exec') }],
  ['cross-env', {}],
  ['npx', { values: words('-p --package') }],
])

/**
 * Takes `env`, `sudo`, `poetry run`, `python -m` and their like from the front of a command, with what they
 * change: variables, account, directory. A shell in front stays: see `commands-of-shell.ts`.
 */
export function unwrapCommand(command: AppCommand): UnwrappedCommand {
  let result: UnwrappedCommand = { ...command, user: null, assigned: new Map() }
  for (let count = 0; count < MOST_WRAPPERS; count++) {
    const next = unwrapOnce(result)
    if (next === null) break
    result = next
  }
  const { assigned, environment } = result
  if (assigned.size === 0) return result
  return { ...result, environment: name => assigned.get(name) ?? environment(name) }
}

function unwrapOnce(command: UnwrappedCommand): UnwrappedCommand | null {
  const [first, ...rest] = command.words
  const name = programName(first)?.replace(/\.sh$/, '')
  if (first === undefined || name === undefined) return null
  if (name === 'env') return unwrapEnv(command, rest)
  if (/^(?:python|pypy)[\d.]*$/.test(name)) return unwrapPython(command, rest)
  const wrapper = WRAPPERS.get(name)
  return wrapper === undefined ? null : unwrapWith(wrapper, command, rest)
}

/** `env -i -u NAME -C dir NAME=value … command`. */
function unwrapEnv(command: UnwrappedCommand, rest: readonly WrittenText[]): UnwrappedCommand | null {
  const assigned = new Map(command.assigned)
  let { directory, environment } = command
  let at = 0
  for (; at < rest.length; at++) {
    const word = rest[at]!
    const { text } = word
    if (text === '-i' || text === '-' || text === '--ignore-environment') environment = () => null
    else if (text === '-u' || text === '--unset') at++
    else if (text === '-C' || text === '--chdir') directory = inside(rest[++at], directory)
    else if (text.startsWith('-')) {
      if (text === '-S' || text.startsWith('--split-string')) return null
    } else if (/^[A-Za-z_][A-Za-z0-9_]*=/.test(text)) assign(word, assigned)
    else break
  }
  return at >= rest.length ? null : { ...command, words: rest.slice(at), assigned, directory, environment }
}

function assign(word: WrittenText, into: Map<string, Fact<string>>): void {
  const equals = word.text.indexOf('=')
  into.set(word.text.slice(0, equals), factOf(sliceWritten(word, equals + 1)))
}

function inside(word: WrittenText | undefined, directory: Fact<string> | null): Fact<string> | null {
  if (word === undefined) return directory
  const path = factOf(word)
  if (!path.known || path.value.startsWith('/')) return path
  if (directory?.known !== true) return unknown('its directory is not known', placeOf(word))
  return known(posix.join(directory.value, path.value), path.at)
}

/** `python -u -m gunicorn …`, or a script of Python that is a program of its own. */
function unwrapPython(command: UnwrappedCommand, rest: readonly WrittenText[]): UnwrappedCommand | null {
  for (let at = 0; at < rest.length; at++) {
    const { text } = rest[at]!
    if (text === '-c') return null
    if (/^-[a-zA-Z]*m$/.test(text))
      return at + 1 < rest.length ? { ...command, words: rest.slice(at + 1) } : null
    if (text === '-W' || text === '-X' || text === '--check-hash-based-pycs') at++
    else if (!text.startsWith('-')) return { ...command, words: rest.slice(at) }
  }
  return null
}

function unwrapWith(
  wrapper: Wrapper,
  command: UnwrappedCommand,
  rest: readonly WrittenText[],
): UnwrappedCommand | null {
  let operands = wrapper.operands ?? 0
  let subcommands = wrapper.subcommands
  let { user, directory } = command
  const assigned = new Map(command.assigned)
  for (let at = 0; at < rest.length; at++) {
    const word = rest[at]!
    const { text } = word
    if (text === '--') {
      const words = rest.slice(at + 1)
      return words.length === 0 ? null : { ...command, words, user, directory, assigned }
    }
    if (isUnknownWord(text)) return null
    if (text.startsWith('-')) {
      const equals = text.indexOf('=')
      const option = equals === -1 ? text : text.slice(0, equals)
      const isGiven = wrapper.values?.has(option) === true
      const glued = equals !== -1 && isGiven ? sliceWritten(word, equals + 1) : undefined
      const value = glued ?? (isGiven ? rest[++at] : undefined)
      const isUser = option === wrapper.user || (option === '--user' && wrapper.user === '-u')
      if (isUser && value !== undefined) user = factOf(value)
      if (wrapper.directory?.has(option) === true) directory = inside(value, directory)
    } else if (wrapper.afterDashes === true) {
      // Its own operands: a host and port, a file.
    } else if (subcommands !== undefined) {
      if (!subcommands.has(text)) return null
      subcommands = undefined
    } else if (operands > 0) {
      operands--
      if (wrapper.user === 0) user = factOf(word)
    } else if (/^[A-Za-z_][A-Za-z0-9_]*=/.test(text)) assign(word, assigned)
    else return { ...command, words: rest.slice(at), user, directory, assigned }
  }
  return null
}
