import { parseArgs } from 'node:util'
import { CONFIDENCES, type Confidence, SEVERITIES, type Severity } from '../engine/severity.ts'
import { InputError } from '../files/input-error.ts'
import { didYouMean } from './did-you-mean.ts'

export const COMMANDS = ['audit', 'resolve', 'map', 'trace', 'explain', 'rules', 'init'] as const
export type Command = (typeof COMMANDS)[number]

export const FORMATS = ['text', 'concise', 'json', 'sarif', 'github'] as const
export type Format = (typeof FORMATS)[number]

export const MAP_FORMATS = ['text', 'json', 'mermaid', 'dot'] as const
export type MapFormat = (typeof MAP_FORMATS)[number]

/** What `--format` takes, by command. */
const FORMATS_OF: Readonly<Record<Command, readonly (Format | MapFormat)[]>> = {
  audit: FORMATS,
  map: MAP_FORMATS,
  trace: ['text', 'json'],
  rules: ['text', 'json'],
  resolve: ['text'],
  explain: ['text'],
  init: ['text'],
}

/** The command line, checked; what was not given has its default. */
export interface Arguments {
  readonly command: Command
  /** Paths, the rule of `explain`, or the URL and the path of `trace`. */
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
  /** Null where findings never change the exit code. */
  readonly failOn: Severity | null
  readonly quiet: boolean
  readonly verbose: boolean
  /** True where an audit that could not read all that the servers read is a success. */
  readonly allowIncomplete: boolean
  readonly color: 'auto' | 'always' | 'never'
  /** Of `resolve`: print secrets as they are written. */
  readonly showSecrets: boolean
  readonly standardInputName: string | null
  /** Of `map`: the name whose sites are drawn. */
  readonly site: string | null
  /** Of `trace`: the address that the client connects to, and its method. */
  readonly address: string | null
  readonly method: string
  readonly help: boolean
  readonly version: boolean
}

const OPTIONS = {
  format: { type: 'string', short: 'f' },
  output: { type: 'string', short: 'o' },
  root: { type: 'string' },
  define: { type: 'string', multiple: true, short: 'D' },
  'nginx-version': { type: 'string' },
  config: { type: 'string' },
  'no-config': { type: 'boolean' },
  only: { type: 'string', multiple: true },
  skip: { type: 'string', multiple: true },
  'min-severity': { type: 'string' },
  'min-confidence': { type: 'string' },
  'fail-on': { type: 'string' },
  quiet: { type: 'boolean', short: 'q' },
  verbose: { type: 'boolean', short: 'v' },
  'allow-incomplete': { type: 'boolean' },
  color: { type: 'string' },
  'show-secrets': { type: 'boolean' },
  'stdin-filename': { type: 'string' },
  site: { type: 'string' },
  address: { type: 'string' },
  method: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean' },
} as const

type OptionName = keyof typeof OPTIONS

/** Throws {@link InputError} for what the command line does not take, with the nearest name it does. */
export function readArguments(words: readonly string[]): Arguments {
  const { tokens } = parseArgs({
    args: [...words],
    options: OPTIONS,
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
    const option = Object.hasOwn(OPTIONS, name) ? OPTIONS[name] : undefined
    if (option === undefined) {
      const names = Object.keys(OPTIONS).map(known => `--${known}`)
      throw new InputError(`unknown option "${token.rawName}"${didYouMean(token.rawName, names)}`)
    }
    if (option.type === 'string' && isMissing(token.value, token.inlineValue)) {
      throw new InputError(`${token.rawName} needs a value`)
    }
    if (option.type === 'boolean' && token.value !== undefined) {
      throw new InputError(`${token.rawName} takes no value`)
    }
    values.set(name, [...(values.get(name) ?? []), token.value ?? ''])
  }

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

  const command = COMMANDS.find(name => name === positionals[0])
  const config = last('config')
  const isNone = values.has('no-config')
  if (config !== null && isNone) throw new InputError('--config and --no-config exclude each other')
  const failOn = oneOf('fail-on', [...SEVERITIES, 'never'] as const, 'warning')
  const nginxVersion = last('nginx-version')
  if (nginxVersion !== null && !/^\d+(?:\.\d+){1,3}$/.test(nginxVersion)) {
    throw new InputError(`--nginx-version takes a version such as 1.24.0, not "${nginxVersion}"`)
  }
  return {
    command: command ?? 'audit',
    words: command === undefined ? positionals : positionals.slice(1),
    format: oneOf('format', FORMATS_OF[command ?? 'audit'], 'text'),
    output: last('output'),
    root: last('root'),
    defines: values.get('define') ?? [],
    nginxVersion,
    config: config === null ? { kind: isNone ? 'none' : 'search' } : { kind: 'file', path: config },
    only: list('only'),
    skip: list('skip'),
    minimumSeverity: oneOf('min-severity', SEVERITIES, 'info'),
    minimumConfidence: oneOf('min-confidence', CONFIDENCES, 'low'),
    failOn: failOn === 'never' ? null : failOn,
    quiet: values.has('quiet'),
    verbose: values.has('verbose'),
    allowIncomplete: values.has('allow-incomplete'),
    color: oneOf('color', ['auto', 'always', 'never'], 'auto'),
    showSecrets: values.has('show-secrets'),
    standardInputName: last('stdin-filename'),
    site: last('site'),
    address: last('address'),
    method: last('method') ?? 'GET',
    help: values.has('help'),
    version: values.has('version'),
  }
}

/** `--format --quiet` is a forgotten value; `--format=-x` and `-o -` are values. */
function isMissing(value: string | undefined, isInline: boolean | undefined): boolean {
  return value === undefined || value === '' || (isInline !== true && /^-./.test(value))
}
