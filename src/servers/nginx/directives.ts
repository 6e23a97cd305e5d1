import { once } from '../../../parsers/collections/once.ts'
import { ownTable } from '../../../parsers/text/own-table.ts'
import { isSlip } from '../../../parsers/text/slip.ts'
import { distance } from 'fastest-levenshtein'
import type { NginxContext } from './configuration.ts'
import { NGINX_DIRECTIVES, NGINX_EXTERNAL, NGINX_VARIABLES } from './directives.generated.ts'

/** How a directive's arguments are read where a common handler of nginx reads them. */
export type NginxValueKind =
  | 'on|off'
  | 'number'
  | 'size'
  | 'offset'
  | 'time-ms'
  | 'time-s'
  | 'string'
  | 'list'
  | 'key value'
  | 'count size'
  | 'word'
  | 'words'
  | 'access'
  | 'bind'
  | 'path'
  | 'types'
  | 'predicates'
  | 'complex'
  | 'complex-size'
  | 'value'
  /** A handler of its own. */
  | ''

export type NginxProgram = 'core' | 'http' | 'stream' | 'mail'

/** One definition of a directive: a name may have several, such as `server` in http, stream, mail and upstream. */
export interface NginxDirectiveFacts {
  readonly name: string
  readonly module: string
  readonly program: NginxProgram
  /** Empty for `include`, which may stand anywhere. */
  readonly contexts: readonly NginxContext[]
  /** Fewest arguments, and the most; `Infinity` where nginx sets no limit. */
  readonly minimum: number
  readonly maximum: number
  readonly block: boolean
  readonly value: NginxValueKind
  /** Words that a `word` or `words` value may be, each with the version that brought it where known. */
  readonly words: readonly { readonly word: string; readonly since: string | null }[]
  /** Bounds of a number, inclusive. */
  readonly bounds: readonly [number, number] | null
  /** True where a second one in the same block is refused: `"x" directive is duplicate`. */
  readonly once: boolean
  /** First version that knows it, and the first that no longer does; null where every supported one does. */
  readonly since: string | null
  readonly until: string | null
  /** As nginx's reference writes it; null where it gives none. */
  readonly default: string | null
}

export interface NginxVariableFacts {
  readonly name: string
  readonly program: 'http' | 'stream'
  /** True where `set`, `map` and their like may define it anew. */
  readonly changeable: boolean
}

/** A module outside nginx's own distribution that is known to bring a directive. */
export interface NginxExternalModule {
  readonly name: string
  /** Module file names without `.so`, as `load_module` names them. */
  readonly loads: readonly string[]
}

const CONTEXT_NAMES: Readonly<Record<string, NginxContext>> = ownTable({
  'mail-server': 'mail server',
  'stream-server': 'stream server',
  'stream-upstream': 'stream upstream',
  'if-in-server': 'server if',
  'if-in-location': 'location if',
})

/** The rows of each directive, decoded when it is first asked for: a file writes few of the thousand. */
const rows = once(() => {
  const byName = new Map<string, string[]>()
  for (const row of NGINX_DIRECTIVES.split('\n')) {
    const name = row.slice(0, row.indexOf('\t'))
    const known = byName.get(name)
    if (known === undefined) byName.set(name, [row])
    else known.push(row)
  }
  return byName
})
const decoded = new Map<string, readonly NginxDirectiveFacts[]>()
const NONE: readonly NginxDirectiveFacts[] = []

/** Every definition of a directive; empty where nginx itself knows no such name. */
export function nginxDirective(name: string): readonly NginxDirectiveFacts[] {
  const known = decoded.get(name)
  if (known !== undefined) return known
  const written = rows().get(name)
  if (written === undefined) return NONE
  const facts = written.map(row => decodeDirective(row.split('\t')))
  decoded.set(name, facts)
  return facts
}

/** Every context in which some definition of the directive may stand; empty for an unknown name. */
export function contextsOf(name: string): readonly NginxContext[] {
  const contexts: NginxContext[] = []
  for (const facts of nginxDirective(name))
    for (const context of facts.contexts) if (!contexts.includes(context)) contexts.push(context)
  return contexts
}

/** All names that nginx itself knows, each once. */
export function nginxDirectiveNames(): readonly string[] {
  return [...rows().keys()]
}

function decodeDirective(fields: readonly string[]): NginxDirectiveFacts {
  const [name = '', module = '', contexts = '', args = '', block, value, words = '', once] = fields
  const counts = args.split('|').map(count => Number.parseInt(count, 10))
  const bounds = words.includes('..') ? words.split('..').map(Number) : null
  return {
    name,
    module,
    program: programOf(module),
    contexts:
      contexts === 'any'
        ? []
        : contexts.split(',').map(context => CONTEXT_NAMES[context] ?? (context as NginxContext)),
    minimum: Math.min(...counts),
    maximum: args.endsWith('+') ? Number.POSITIVE_INFINITY : Math.max(...counts),
    block: block === 'block',
    value: value as NginxValueKind,
    words: bounds !== null || words === '' ? [] : words.split(' ').map(decodeWord),
    bounds: bounds === null ? null : [bounds[0] ?? 0, bounds[1] ?? 0],
    once: once === 'once',
    since: fields[8] || null,
    until: fields[9] || null,
    default: fields[10] || null,
  }
}

function decodeWord(text: string): { word: string; since: string | null } {
  const at = text.indexOf('@')
  return at === -1 ? { word: text, since: null } : { word: text.slice(0, at), since: text.slice(at + 1) }
}

function programOf(module: string): NginxProgram {
  if (module.startsWith('ngx_http_')) return 'http'
  if (module.startsWith('ngx_stream_')) return 'stream'
  return module.startsWith('ngx_mail_') ? 'mail' : 'core'
}

let external: {
  readonly exact: ReadonlyMap<string, NginxExternalModule>
  readonly prefixes: readonly (readonly [string, NginxExternalModule])[]
  readonly suffixes: readonly (readonly [string, NginxExternalModule])[]
} | null = null

/** The module outside nginx that is known to bring this directive; null where none is known. */
export function externalModuleOf(name: string): NginxExternalModule | null {
  external ??= decodeExternal()
  const exact = external.exact.get(name)
  if (exact !== undefined) return exact
  for (const [prefix, module] of external.prefixes) if (name.startsWith(prefix)) return module
  for (const [suffix, module] of external.suffixes) if (name.endsWith(suffix)) return module
  return null
}

function decodeExternal(): NonNullable<typeof external> {
  const exact = new Map<string, NginxExternalModule>()
  const prefixes: [string, NginxExternalModule][] = []
  const suffixes: [string, NginxExternalModule][] = []
  for (const line of NGINX_EXTERNAL.split('\n')) {
    const [name = '', loads = '', names = ''] = line.split('\t')
    const module = { name, loads: loads.split(' ') }
    for (const pattern of names.split(' ')) {
      if (pattern.endsWith('*') && !pattern.startsWith('*')) prefixes.push([pattern.slice(0, -1), module])
      else if (pattern.startsWith('*')) suffixes.push([pattern.slice(1), module])
      else exact.set(pattern, module)
    }
  }
  return { exact, prefixes, suffixes }
}

let variables: {
  readonly exact: ReadonlyMap<string, NginxVariableFacts>
  readonly prefixes: readonly NginxVariableFacts[]
} | null = null

/** A variable that nginx or one of its modules defines by itself; the name without `$`, in lower case. */
export function nginxVariable(program: 'http' | 'stream', name: string): NginxVariableFacts | null {
  variables ??= decodeVariables()
  const exact = variables.exact.get(`${program} ${name}`)
  if (exact !== undefined) return exact
  for (const facts of variables.prefixes)
    if (facts.program === program && name.startsWith(facts.name)) return facts
  return null
}

/** The variable of nginx that a name misses by a letter; null for none, and for two that differ in numbers alone. */
export function nearestVariable(program: 'http' | 'stream', name: string): string | null {
  variables ??= decodeVariables()
  for (const facts of variables.exact.values())
    if (facts.program === program && facts.name !== name && isSlip(facts.name, name, 1)) return facts.name
  return null
}

/** True for what the names of a family begin with, and nothing behind it: `http` of `$http_host`. */
export function isBareFamily(program: 'http' | 'stream', name: string): boolean {
  variables ??= decodeVariables()
  return variables.prefixes.some(facts => facts.program === program && facts.name === `${name}_`)
}

function decodeVariables(): NonNullable<typeof variables> {
  const exact = new Map<string, NginxVariableFacts>()
  const prefixes: NginxVariableFacts[] = []
  for (const line of NGINX_VARIABLES.split('\n')) {
    const [name = '', program, flags = ''] = line.split('\t')
    const facts: NginxVariableFacts = {
      name,
      program: program === 'stream' ? 'stream' : 'http',
      changeable: flags.includes('changeable'),
    }
    if (flags.includes('prefix')) prefixes.push(facts)
    else exact.set(`${facts.program} ${name}`, facts)
  }
  return { exact, prefixes }
}

let spelled: readonly { readonly candidate: string; readonly letters: number }[] | null = null

/** The letters of a name as bits, whatever else is in it as one. */
function lettersOf(name: string): number {
  let letters = 0
  for (let index = 0; index < name.length; index++) {
    const letter = name.charCodeAt(index) - 97
    letters |= 1 << (letter >= 0 && letter < 26 ? letter : 26)
  }
  return letters
}

function bitsOf(letters: number): number {
  let count = 0
  for (let rest = letters; rest !== 0; rest &= rest - 1) count++
  return count
}

/**
 * The known directive that an unknown name most likely means, near enough to be a slip of the hand (one
 * edit, or two in a name of eight letters); a name that may stand in the context comes first.
 */
export function nearestDirective(name: string, context: NginxContext): string | null {
  const limit = name.length >= 8 ? 2 : 1
  let best: string | null = null
  let bestScore = Number.POSITIVE_INFINITY
  const letters = lettersOf(name)
  spelled ??= nginxDirectiveNames().map(each => ({ candidate: each, letters: lettersOf(each) }))
  for (const { candidate, letters: own } of spelled) {
    if (Math.abs(candidate.length - name.length) > limit) continue
    // An edit changes one letter for another: of most names this alone says that they are far.
    if (bitsOf(letters ^ own) > 2 * limit) continue
    const edits = distance(candidate, name)
    if (edits > limit) continue
    const score = edits + (contextsOf(candidate).includes(context) ? 0 : 0.5)
    if (score < bestScore) {
      best = candidate
      bestScore = score
    }
  }
  return best
}
