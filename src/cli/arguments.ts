import { parseArgs } from 'node:util'
import { CONFIDENCES, type Confidence, SEVERITIES, type Severity } from '../engine/severity.ts'
import { RULE_PROGRAMS, type RuleProgram } from '../engine/rule-traits.ts'
import { InputError } from '../files/input-error.ts'
import { READ_AS, type ReadAs } from '../files/read-as.ts'
import { didYouMean } from './did-you-mean.ts'
import {
  type Command,
  COMMAND_SPECS,
  COMMANDS,
  type Format,
  FORMATS_OF,
  type MapFormat,
  OPTION_LIST,
  type OptionName,
  OPTIONS,
  type OptionSpec,
} from './options.ts'

export type { Command, Format, MapFormat }

/** The command line, checked; what was not given has its default. */
export interface Arguments {
  readonly command: Command
  /** False where no command was named, which means the audit. */
  readonly isNamed: boolean
  /** Paths, the rules of `explain`, the URL and the paths of `trace`, or the command of `help`. */
  readonly words: readonly string[]
  readonly format: Format | MapFormat
  readonly output: string | null
  readonly root: string | null
  readonly defines: readonly string[]
  readonly nginxVersion: string | null
  /** `none` for `--no-config`. */
  readonly config: { readonly kind: 'search' | 'none' } | { readonly kind: 'file'; readonly path: string }
  readonly only: readonly string[]
  readonly skip: readonly string[]
  readonly minimumSeverity: Severity
  readonly minimumConfidence: Confidence
  /** Of `rules`: those alone that have a fix, and those of a program. */
  readonly fixable: boolean
  readonly program: RuleProgram | null
  /** Null where findings never change the exit code. */
  readonly failOn: Severity | null
  readonly baseline: string | null
  readonly writeBaseline: string | null
  /** True where entries of `baseline` that are found no more are taken out. */
  readonly pruneBaseline: boolean
  /** Which fixes are applied, or shown; null for none. */
  readonly fix: 'safe' | 'unsafe' | null
  /** True where fixes are shown alone. */
  readonly diff: boolean
  /** True where text shows every finding, and not ten of a kind. */
  readonly all: boolean
  readonly groupBy: 'file' | 'rule' | 'machine'
  readonly statistics: boolean
  readonly category: string | null
  /** True where the files are to be listed in place of the findings. */
  readonly listFiles: boolean
  readonly quiet: boolean
  readonly verbose: boolean
  /** True where an audit that could not read all that the servers read is a success. */
  readonly allowIncomplete: boolean
  readonly color: 'auto' | 'always' | 'never'
  /** Of `resolve`: print secrets as they are written. */
  readonly showSecrets: boolean
  readonly standardInputName: string | null
  /** What the named files are read as; null where their lines tell. */
  readonly as: ReadAs | null
  /** Of `map`: the name whose sites are drawn. */
  readonly site: string | null
  /** Of `trace`: the address that the client connects to, and its method. */
  readonly address: string | null
  readonly method: string
  readonly help: boolean
  readonly version: boolean
}

/** The table as `parseArgs` takes it. */
const PARSED = Object.fromEntries(
  OPTION_LIST.map(([name, { short, value, multiple = false }]) => [
    name,
    {
      type: value === undefined ? 'boolean' : 'string',
      multiple,
      ...(short !== undefined && { short }),
    } as const,
  ]),
)

/** Throws {@link InputError} for what the command line does not take, with the nearest name it does. */
export function readArguments(line: readonly string[]): Arguments {
  const { tokens } = parseArgs({
    args: [...line],
    options: PARSED,
    allowPositionals: true,
    strict: false,
    tokens: true,
  })
  const values = new Map<OptionName, string[]>()
  const positionals: string[] = []
  for (const token of tokens) {
    if (token.kind === 'positional') positionals.push(token.value)
    if (token.kind !== 'option') continue
    const name = token.name as OptionName
    const option: OptionSpec | undefined = Object.hasOwn(OPTIONS, name) ? OPTIONS[name] : undefined
    if (option === undefined) {
      const names = Object.keys(OPTIONS).map(known => `--${known}`)
      throw new InputError(`unknown option "${token.rawName}"${didYouMean(token.rawName, names)}`)
    }
    if (option.value !== undefined && isMissing(token.value, token.inlineValue)) {
      throw new InputError(`${token.rawName} needs a value`)
    }
    if (option.value === undefined && token.value !== undefined) {
      throw new InputError(`${token.rawName} takes no value`)
    }
    values.set(name, [...(values.get(name) ?? []), token.value ?? ''])
  }

  const command = COMMANDS.find(name => name === positionals[0])
  const words = command === undefined ? positionals : positionals.slice(1)
  const isHelp = values.has('help') || values.has('version')
  if (!isHelp) refuseUnused(command ?? 'audit', [...values.keys()], words)

  const last = (name: OptionName): string | null => values.get(name)?.at(-1) ?? null
  const list = (name: OptionName): readonly string[] =>
    (values.get(name) ?? []).flatMap(value => value.split(',')).filter(value => value !== '')
  const oneOf = <T extends string>(name: OptionName, allowed: readonly T[], fallback: T): T => {
    const value = last(name)
    if (value === null) return fallback
    const found = allowed.find(candidate => candidate === value)
    if (found !== undefined) return found
    const choices = allowed.join(', ').replace(/, ([^,]*)$/, ' or $1')
    throw new InputError(`--${name} takes ${choices}, not "${value}"${didYouMean(value, allowed)}`)
  }

  const config = last('config')
  const isNone = values.has('no-config')
  if (config !== null && isNone) throw new InputError('--config and --no-config exclude each other')
  if (values.has('prune-baseline') && !values.has('baseline'))
    throw new InputError('--prune-baseline needs --baseline')
  if (values.has('write-baseline') && values.has('baseline'))
    throw new InputError('--baseline and --write-baseline exclude each other')
  const format = oneOf('format', FORMATS_OF[command ?? 'audit'] ?? ['text'], 'text')
  for (const name of ['group-by', 'statistics'] as const)
    if (values.has(name) && format !== 'text') throw new InputError(`--${name} belongs to the format text`)
  if (values.has('list-files') && format !== 'text' && format !== 'json')
    throw new InputError('--list-files belongs to the formats text and json')
  for (const [name, others] of ALONE) {
    const other = values.has(name) ? others.find(each => values.has(each)) : undefined
    if (other !== undefined) throw new InputError(`--${name} and --${other} exclude each other`)
  }
  if (values.has('stdin-filename') && !words.includes('-'))
    throw new InputError('--stdin-filename needs the path -, which is standard input')
  if (values.has('category') && format !== 'sarif')
    throw new InputError('--category belongs to the format sarif')
  const isFix = ['fix', 'fix-unsafe', 'diff'].some(name => values.has(name as OptionName))
  if (isFix && words.includes('-')) throw new InputError('what is read from standard input cannot be fixed')
  if (isFix && values.has('write-baseline'))
    throw new InputError('--write-baseline lists what is found, and fixes nothing')
  const failOn = oneOf('fail-on', [...SEVERITIES, 'never'] as const, 'warning')
  const nginxVersion = last('nginx-version')
  if (nginxVersion !== null && !/^\d+(?:\.\d+){1,3}$/.test(nginxVersion)) {
    throw new InputError(`--nginx-version takes a version such as 1.24.0, not "${nginxVersion}"`)
  }
  return {
    command: command ?? 'audit',
    isNamed: command !== undefined,
    words,
    format,
    output: last('output'),
    root: last('root'),
    defines: values.get('define') ?? [],
    nginxVersion,
    config: config === null ? { kind: isNone ? 'none' : 'search' } : { kind: 'file', path: config },
    only: list('only'),
    skip: list('skip'),
    minimumSeverity: oneOf('min-severity', SEVERITIES, 'info'),
    minimumConfidence: oneOf('min-confidence', CONFIDENCES, 'low'),
    fixable: values.has('fixable'),
    program: last('program') === null ? null : oneOf('program', RULE_PROGRAMS, 'nginx'),
    failOn: failOn === 'never' ? null : failOn,
    baseline: last('baseline'),
    writeBaseline: last('write-baseline'),
    pruneBaseline: values.has('prune-baseline'),
    fix: values.has('fix-unsafe') ? 'unsafe' : values.has('fix') || values.has('diff') ? 'safe' : null,
    diff: values.has('diff'),
    all: values.has('all'),
    groupBy: oneOf('group-by', ['file', 'rule', 'machine'] as const, 'file'),
    statistics: values.has('statistics'),
    category: last('category'),
    listFiles: values.has('list-files'),
    quiet: values.has('quiet'),
    verbose: values.has('verbose'),
    allowIncomplete: values.has('allow-incomplete'),
    color: oneOf('color', ['auto', 'always', 'never'], 'auto'),
    showSecrets: values.has('show-secrets'),
    standardInputName: last('stdin-filename'),
    as: last('as') === null ? null : oneOf('as', READ_AS, 'nginx'),
    site: last('site'),
    address: last('address'),
    method: last('method') ?? 'GET',
    help: values.has('help'),
    version: values.has('version'),
  }
}

/** Options that print something else than findings, with those of which nothing would be seen. */
const ALONE: readonly (readonly [OptionName, readonly OptionName[]])[] = [
  ['diff', ['list-files', 'format', 'statistics', 'group-by', 'all']],
  [
    'list-files',
    ['fix', 'fix-unsafe', 'baseline', 'write-baseline', 'statistics', 'group-by', 'all', 'fail-on'],
  ],
  ['statistics', ['all', 'group-by']],
]

/** What a command does not use is a mistake: whoever wrote it expects something of it. */
function refuseUnused(command: Command, names: readonly OptionName[], words: readonly string[]): void {
  for (const name of names) {
    const { commands }: OptionSpec = OPTIONS[name]
    if (commands.includes(command)) continue
    const others = COMMANDS.filter(other => commands.includes(other))
    throw new InputError(
      `--${name} belongs to ${others.join(', ')}, not to ${command === 'audit' ? 'the audit' : command}`,
    )
  }
  const { most } = COMMAND_SPECS[command]
  const extra = most === null ? undefined : words[most]
  if (extra === undefined) return
  throw new InputError(`${command} takes ${most === 0 ? 'no argument' : 'one argument'}, not "${extra}"`)
}

/** `--format --quiet` is a forgotten value; `--format=-x` and `-o -` are values. */
function isMissing(value: string | undefined, isInline: boolean | undefined): boolean {
  return value === undefined || value === '' || (isInline !== true && /^-./.test(value))
}
