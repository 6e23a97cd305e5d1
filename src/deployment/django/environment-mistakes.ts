import { expressionParts } from '../../../parsers/python/expression-parts.ts'
import type { PythonCall, PythonExpression } from '../../../parsers/python/python-module.ts'
import type { Place, Source } from '../../../parsers/text/source.ts'
import { type EnvironmentReaders, methodOfEnviron } from './environment-readers.ts'

/** A default that django-environ takes for the type of the variable. */
export interface DefaultAsType {
  readonly at: Place
  /** The variable, where it is written out. */
  readonly variable: string | null
  /** True where the type is called, or asked for its first item, once the variable is set, which fails. */
  readonly isRefused: boolean
}

/** The calls of an expression in which the second argument is a value, where django-environ takes a type. */
export function* defaultsAsTypes(
  expression: PythonExpression,
  source: Source,
  readers: EnvironmentReaders,
): Iterable<DefaultAsType> {
  for (const call of callsIn(expression)) {
    const method = methodOfEnviron(readers, call)
    if (method === null || !['', 'list', 'tuple', 'dict'].includes(method)) continue
    const { args, keywords } = call
    const [first, second, third] = args
    // A third argument, or one by its name, is the default that is meant.
    if (second === undefined || third !== undefined || 'default' in keywords || 'cast' in keywords) continue
    const isRefused = refusal(second, method)
    if (isRefused === null) continue
    const { start, end } = second
    yield {
      at: { source, start, end },
      variable: first?.kind === 'string' ? first.value : null,
      isRefused,
    }
  }
}

/** Null for what may be a type. */
function refusal(second: PythonExpression, method: string): boolean | null {
  switch (second.kind) {
    case 'none':
      return false
    case 'string':
    case 'number':
    case 'boolean':
      // The types of lists are asked whether they are true first.
      return method === '' || method === 'dict' || Boolean(second.value)
    case 'list':
      if (second.items.length === 0) return method === ''
      return second.items.every(({ kind }) => kind === 'string' || kind === 'number') ? true : null
    case 'dict':
      return second.entries.length === 0 && second.complete ? method !== 'list' && method !== 'tuple' : null
    default:
      return null
  }
}

/** Every call of an expression, the outer ones first. */
export function* callsIn(expression: PythonExpression): Iterable<PythonCall> {
  if (expression.kind === 'call') yield expression
  for (const part of expressionParts(expression)) yield* callsIn(part)
}
