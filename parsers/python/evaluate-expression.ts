import { LONGEST_VALUE, MOST_ITEMS, TOO_LONG, TOO_MANY_ITEMS } from '../text/limits.ts'
import { posix } from 'node:path'
import type { PythonCall, PythonExpression } from './python-module.ts'
import type { PythonValue } from './python-value.ts'

/** Looks a name of the module up; undefined for one that is unknown or was never assigned. */
export type Lookup = (name: string) => PythonValue | undefined

/** A variable of the process: null where it is not set, undefined where nobody knows. */
export type Environment = (name: string) => string | null | undefined

const NOBODY_KNOWS: Environment = () => undefined

export type Evaluate = (expression: PythonExpression) => PythonValue | undefined

/** What a function of a library gives back; null where it is none of them. */
export type LibraryCall = (
  call: PythonCall,
  evaluate: Evaluate,
  environment: Environment,
) => { readonly value: PythonValue | undefined } | null

/** Where an expression stands. */
export interface Scope {
  readonly lookup: Lookup
  /** What `__file__` is: the path of the module as the server sees it. */
  readonly file: string
  /** Nobody knows it where absent. */
  readonly environment?: Environment | undefined
  readonly library?: LibraryCall | undefined
}

/**
 * The value of an expression where literals, names of the module, the environment and path arithmetic decide
 * it, else undefined.
 */
export function evaluateExpression(expression: PythonExpression, scope: Scope): PythonValue | undefined {
  try {
    return evaluateWithin(expression, scope)
  } catch (error) {
    if (error instanceof LimitReached) return undefined
    throw error
  }
}

/** What doubles itself is not followed for ever; the message is the reason of an unknown value. */
export class LimitReached extends Error {
  override readonly name = 'LimitReached'
}

/** As {@link evaluateExpression}, but throws {@link LimitReached} where the value is not followed further. */
export function evaluateWithin(expression: PythonExpression, scope: Scope): PythonValue | undefined {
  const { lookup, file, environment = NOBODY_KNOWS, library } = scope
  const evaluate: Evaluate = inner => evaluateWithin(inner, scope)
  switch (expression.kind) {
    case 'string':
    case 'number':
    case 'boolean':
      return expression.value
    case 'none':
      return null
    case 'list':
      return expression.items.flatMap(item => spreadItem(item, evaluate))
    case 'dict': {
      const entries = new Map<string, PythonValue | undefined>()
      for (const { key, value } of expression.entries) {
        const name = evaluate(key)
        if (typeof name !== 'string') return undefined
        entries.set(name, evaluate(value))
      }
      return entries
    }
    case 'name':
      if (expression.name === '__file__') return file
      return ownOrParent(expression.name, lookup)
    case 'not': {
      const value = isTrue(evaluate(expression.of))
      return value === undefined ? undefined : !value
    }
    case 'conditional': {
      const chosen = isTrue(evaluate(expression.condition))
      return chosen === undefined ? undefined : evaluate(chosen ? expression.then : expression.otherwise)
    }
    case 'comprehension':
      return comprehended(expression, scope)
    case 'spread':
      return undefined
    case 'attribute':
      return expression.name === 'parent' ? dirname(evaluate(expression.of)) : undefined
    case 'binary':
      if (/^(?:not )?in$/.test(expression.operator) && isEnvironment(expression.right)) {
        const name = evaluate(expression.left)
        const value = typeof name === 'string' ? environment(name) : undefined
        return value === undefined ? undefined : (value !== null) === (expression.operator === 'in')
      }
      if (expression.operator === 'and' || expression.operator === 'or') {
        const left = evaluate(expression.left)
        const value = isTrue(left)
        // What decides is given back itself.
        if (value === undefined) return undefined
        return value === (expression.operator === 'or') ? left : evaluate(expression.right)
      }
      return combine(expression.operator, evaluate(expression.left), evaluate(expression.right))
    case 'subscript': {
      if (expression.of.kind === 'attribute' && expression.of.name === 'parents')
        return parentAt(evaluate(expression.of.of), evaluate(expression.index))
      const index = evaluate(expression.index)
      if (isEnvironment(expression.of) && typeof index === 'string') return environment(index) ?? undefined
      const of = evaluate(expression.of)
      return of instanceof Map && typeof index === 'string' ? of.get(index) : undefined
    }
    case 'call': {
      const answer = library?.(expression, evaluate, environment) ?? null
      return answer === null ? evaluateCall(expression, evaluate, environment) : answer.value
    }
    case 'unknown':
      return undefined
  }
}

function spreadItem(item: PythonExpression, evaluate: Evaluate): readonly (PythonValue | undefined)[] {
  const of = item.kind === 'spread' ? evaluate(item.of) : undefined
  if (!Array.isArray(of)) return [evaluate(item)]
  const items: readonly (PythonValue | undefined)[] = of
  if (items.length > MOST_ITEMS) throw new LimitReached(TOO_MANY_ITEMS)
  return items
}

const MOST_COMPREHENDED = 100

/** The items of a list that is known, each by the name that it has in there. */
function comprehended(
  { item, name, of, conditions }: PythonExpression & { readonly kind: 'comprehension' },
  scope: Scope,
): PythonValue | undefined {
  const list = evaluateWithin(of, scope)
  if (!Array.isArray(list)) return undefined
  const items: readonly (PythonValue | undefined)[] = list
  // One inside of the other is as many times longer.
  if (items.length > MOST_COMPREHENDED) throw new LimitReached(TOO_MANY_ITEMS)
  const found: (PythonValue | undefined)[] = []
  for (const each of items) {
    const inner: Scope = { ...scope, lookup: asked => (asked === name ? each : scope.lookup(asked)) }
    const isMeant = conditions.map(condition => isTrue(evaluateWithin(condition, inner)))
    if (isMeant.includes(undefined)) return undefined
    if (isMeant.every(Boolean)) found.push(evaluateWithin(item, inner))
  }
  return found
}

function ownOrParent(name: string, lookup: Lookup): PythonValue | undefined {
  const own = lookup(name)
  return own === undefined ? parentOf(name, lookup) : own
}

/** `Path(__file__).resolve().parents[1]`. */
function parentAt(path: PythonValue | undefined, index: PythonValue | undefined): string | undefined {
  if (typeof path !== 'string' || typeof index !== 'number' || index < 0 || index > DEEPEST_PARENT)
    return undefined
  let parent = path
  for (let level = 0; level <= index; level++) parent = posix.dirname(parent)
  return parent
}

function isEnvironment(expression: PythonExpression): boolean {
  return expression.kind === 'name' && /^(?:os\.)?environ$/.test(expression.name)
}

/** No path has so many directories above it. */
const DEEPEST_PARENT = 100

/** `BASE_DIR.parent` is one dotted name to the reader. */
function parentOf(name: string, lookup: Lookup): PythonValue | undefined {
  if (!name.endsWith('.parent')) return undefined
  let of = name
  for (let levels = 1; of.endsWith('.parent') && levels <= DEEPEST_PARENT; levels++) {
    of = of.slice(0, -'.parent'.length)
    let path: PythonValue | undefined = lookup(of)
    if (path === undefined) continue
    for (let level = 0; level < levels; level++) path = dirname(path)
    return path
  }
  return undefined
}

function dirname(path: PythonValue | undefined): string | undefined {
  return typeof path === 'string' ? posix.dirname(path) : undefined
}

function combine(
  operator: string,
  left: PythonValue | undefined,
  right: PythonValue | undefined,
): PythonValue | undefined {
  if (operator === '/' && typeof left === 'string' && typeof right === 'string')
    return bounded(posix.join(left, right))
  const compared = compare(operator, left, right)
  if (compared !== undefined) return compared
  if (operator === '*' && typeof left === 'number' && typeof right === 'number') return left * right
  if (operator !== '+') return undefined
  if (typeof left === 'string' && typeof right === 'string') return bounded(left + right)
  if (typeof left === 'number' && typeof right === 'number') return left + right
  if (!Array.isArray(left) || !Array.isArray(right)) return undefined
  if (left.length + right.length > MOST_ITEMS) throw new LimitReached(TOO_MANY_ITEMS)
  return [...left, ...right]
}

/** Python takes 1 and True for the same, and neither a text nor `None` for anything of another kind. */
function compare(
  operator: string,
  left: PythonValue | undefined,
  right: PythonValue | undefined,
): boolean | undefined {
  if (left === undefined || right === undefined) return undefined
  switch (operator) {
    case 'in':
    case 'not in': {
      if (typeof left === 'string' && typeof right === 'string')
        return right.includes(left) === (operator === 'in')
      if (!Array.isArray(right)) return undefined
      const items: readonly (PythonValue | undefined)[] = right
      const found = items.map(item => isEqual(left, item))
      if (found.includes(true)) return operator === 'in'
      return found.includes(undefined) ? undefined : operator === 'not in'
    }
    case '==':
      return isEqual(left, right)
    case '!=': {
      const equal = isEqual(left, right)
      return equal === undefined ? undefined : !equal
    }
    case 'is':
      return right === null ? left === null : undefined
    case 'is not':
      return right === null ? left !== null : undefined
    default:
      return undefined
  }
}

function isEqual(left: PythonValue | undefined, right: PythonValue | undefined): boolean | undefined {
  if (left === undefined || right === undefined) return undefined
  if (left === null || right === null) return left === right
  if (typeof left === 'object' || typeof right === 'object')
    return typeof left === 'object' && typeof right === 'object' ? undefined : false
  if (typeof left === 'string' || typeof right === 'string') return left === right
  return Number(left) === Number(right)
}

function bounded(text: string): string {
  if (text.length > LONGEST_VALUE) throw new LimitReached(TOO_LONG)
  return text
}

/** Calls that give back their path unchanged: the audited root holds no other. */
const SAME_PATH: ReadonlySet<string> = new Set([
  'str',
  'Path',
  'pathlib.Path',
  'os.path.abspath',
  'os.path.realpath',
  'os.path.normpath',
  'abspath',
  'realpath',
])
const SAME_PATH_METHODS = /(?:^|\.)(?:resolve|absolute|as_posix)$/

function evaluateCall(
  call: PythonCall,
  evaluate: Evaluate,
  environment: Environment,
): PythonValue | undefined {
  const { callee, args, receiver } = call
  const [first] = args
  if (ENVIRONMENT.test(callee)) return readEnvironment(call, evaluate, environment)
  if ((callee === 'int' || callee === 'str') && args.length === 1 && first !== undefined) {
    const value = evaluate(first)
    if (callee === 'int') return toInteger(value)
    if (typeof value !== 'string') return typeof value === 'number' ? String(value) : undefined
  }
  if (/(?:^|\.)strtobool$/.test(callee) && args.length === 1 && first !== undefined)
    return numberOfTruth(evaluate(first))
  if (callee === 'bool' && args.length === 1 && first !== undefined) return isTrue(evaluate(first))
  if (SAME_PATH.has(callee)) return first === undefined || args.length > 1 ? undefined : evaluate(first)
  if (callee === 'os.path.dirname' || callee === 'dirname')
    return first === undefined ? undefined : dirname(evaluate(first))
  if (callee === 'os.path.join' || callee === 'join') return joinPath(args.map(evaluate))
  if (receiver !== null && SAME_PATH_METHODS.test(callee)) return evaluate(receiver)
  if (receiver !== null && callee.endsWith('joinpath')) return joinPath([receiver, ...args].map(evaluate))
  const method = receiver === null ? undefined : TEXT_METHODS.get(/[^.]*$/.exec(callee)?.[0] ?? '')
  if (receiver !== null && method !== undefined) {
    const text = evaluate(receiver)
    const values = args.map(evaluate)
    if (typeof text !== 'string' || Object.keys(call.keywords).length > 0) return undefined
    return values.every(each => typeof each === 'string') ? method(text, ...values) : undefined
  }
  if ((callee === 'map' || callee === 'filter') && args.length === 2) return mapped(callee, args, evaluate)
  if (['tuple', 'list', 'set', 'frozenset'].includes(callee) && args.length === 1 && first !== undefined)
    return evaluate(first)
  if (callee === 'dict' && args.length === 0) {
    return new Map(Object.entries(call.keywords).map(([name, value]) => [name, evaluate(value)]))
  }
  return undefined
}

/** `map(str.strip, …)` and `filter(None, …)`. */
function mapped(
  callee: string,
  [by, of]: readonly PythonExpression[],
  evaluate: Evaluate,
): PythonValue | undefined {
  const list = of === undefined ? undefined : evaluate(of)
  if (by === undefined || !Array.isArray(list)) return undefined
  const items: readonly (PythonValue | undefined)[] = list
  if (callee === 'filter') {
    if (by.kind !== 'none' && !(by.kind === 'name' && by.name === 'bool')) return undefined
    const truths = items.map(isTrue)
    return truths.includes(undefined) ? undefined : items.filter((_, index) => truths[index] === true)
  }
  if (by.kind !== 'name' || by.name !== 'str.strip') return undefined
  return items.map(item => (typeof item === 'string' ? item.trim() : undefined))
}

/** A method of texts whose arguments are texts. */
type TextMethod = (text: string, ...args: readonly string[]) => PythonValue | undefined

const TEXT_METHODS: ReadonlyMap<string, TextMethod> = new Map<string, TextMethod>([
  ['split', splitText],
  ['strip', (text, ...args) => (args.length === 0 ? text.trim() : undefined)],
  ['lower', (text, ...args) => (args.length === 0 ? text.toLowerCase() : undefined)],
  ['upper', (text, ...args) => (args.length === 0 ? text.toUpperCase() : undefined)],
])

/** Without a separator white space of any length parts, and an empty text has no parts. */
function splitText(text: string, separator?: string): readonly string[] | undefined {
  if (separator === '') return undefined
  const parts =
    separator === undefined ? text.split(/\s+/).filter(part => part !== '') : text.split(separator)
  if (parts.length > MOST_ITEMS) throw new LimitReached(TOO_MANY_ITEMS)
  return parts
}

const ENVIRONMENT = /^(?:os\.)?(?:getenv|environ\.get)$/

/** `os.environ.get(NAME, default)`, of which the default holds where the variable is not set. */
function readEnvironment(
  { args, keywords }: PythonCall,
  evaluate: Evaluate,
  environment: Environment,
): PythonValue | undefined {
  const [first, second] = args
  const name = first === undefined ? undefined : evaluate(first)
  const value = typeof name === 'string' ? environment(name) : undefined
  if (value !== null) return value
  const fallback = second ?? keywords.default
  return fallback === undefined ? null : evaluate(fallback)
}

export function toInteger(value: PythonValue | undefined): number | undefined {
  if (typeof value === 'number') return Math.trunc(value)
  return typeof value === 'string' && /^\s*[-+]?\d{1,15}\s*$/.test(value) ? Number(value) : undefined
}

/** `strtobool` of distutils, which stops at any other text. */
function numberOfTruth(value: PythonValue | undefined): number | undefined {
  if (typeof value !== 'string') return undefined
  if (/^(?:y|yes|t|true|on|1)$/i.test(value)) return 1
  return /^(?:n|no|f|false|off|0)$/i.test(value) ? 0 : undefined
}

/** What Python takes for true; undefined where the value is not known. */
export function isTrue(value: PythonValue | undefined): boolean | undefined {
  if (value === undefined || value === null) return value === null ? false : undefined
  if (Array.isArray(value)) return value.length > 0
  if (value instanceof Map) return value.size > 0 ? true : undefined
  return value !== '' && value !== 0 && value !== false
}

function joinPath(parts: readonly (PythonValue | undefined)[]): string | undefined {
  let path = ''
  for (const part of parts) {
    if (typeof part !== 'string') return undefined
    path = part.startsWith('/') ? part : posix.join(path, part)
    bounded(path)
  }
  return path
}
