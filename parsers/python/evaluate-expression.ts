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
      return expression.items.map(evaluate)
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
      return lookup(expression.name) ?? parentOf(expression.name, lookup)
    case 'attribute':
      return expression.name === 'parent' ? dirname(evaluate(expression.of)) : undefined
    case 'binary':
      if (expression.operator === 'in' && isEnvironment(expression.right)) {
        const name = evaluate(expression.left)
        const value = typeof name === 'string' ? environment(name) : undefined
        return value === undefined ? undefined : value !== null
      }
      return combine(expression.operator, evaluate(expression.left), evaluate(expression.right))
    case 'subscript': {
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

/** Of texts, numbers and the like alone: Python takes 1 and True for the same, and none of them for a text. */
function compare(
  operator: string,
  left: PythonValue | undefined,
  right: PythonValue | undefined,
): boolean | undefined {
  if (left === undefined || right === undefined || left === null || typeof left === 'object') return undefined
  if (operator === 'in' || operator === 'not in') {
    if (typeof left !== 'string' || !Array.isArray(right)) return undefined
    const items: readonly unknown[] = right
    if (!items.every(item => typeof item === 'string')) return undefined
    return items.includes(left) === (operator === 'in')
  }
  if (typeof left !== 'string' || typeof right !== 'string') return undefined
  if (operator === '==') return left === right
  return operator === '!=' ? left !== right : undefined
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
  if (['tuple', 'list', 'set', 'frozenset'].includes(callee) && args.length === 1 && first !== undefined)
    return evaluate(first)
  if (callee === 'dict' && args.length === 0) {
    return new Map(Object.entries(call.keywords).map(([name, value]) => [name, evaluate(value)]))
  }
  return undefined
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

/** What Python takes for true; undefined where the value is not known. */
function isTrue(value: PythonValue | undefined): boolean | undefined {
  if (value === undefined || value === null) return value === null ? false : undefined
  if (Array.isArray(value)) return value.length > 0
  return typeof value === 'object' ? undefined : value !== '' && value !== 0 && value !== false
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
