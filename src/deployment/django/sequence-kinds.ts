import type { PythonExpression } from '../../../parsers/python/python-module.ts'
import type { Place, Source } from '../../../parsers/text/source.ts'

/** What Python adds to its own kind alone. */
export type SequenceKind = 'list' | 'tuple' | 'str'

/** Two values that are added and are not of one kind, at the one behind the operator. */
export interface MixedAddition {
  readonly at: Place
  readonly left: SequenceKind
  readonly right: SequenceKind
  /** The setting of `NAME += …`; null for a `+`. */
  readonly name: string | null
}

/** The kind that an expression surely has; null for every other, and where nobody knows. */
export function sequenceKind(
  expression: PythonExpression,
  source: Source,
  kinds: ReadonlyMap<string, SequenceKind>,
): SequenceKind | null {
  switch (expression.kind) {
    case 'string':
      return 'str'
    case 'list': {
      const { start, items } = expression
      // Without brackets around it, it begins with its first item.
      if (items[0]?.start === start) return 'tuple'
      const opening = source.code[start]
      return opening === '[' ? 'list' : opening === '(' ? 'tuple' : null
    }
    case 'name':
      return kinds.get(expression.name) ?? null
    case 'call':
      return expression.callee === 'list' || expression.callee === 'tuple' || expression.callee === 'str'
        ? expression.callee
        : null
    case 'binary': {
      const left = expression.operator === '+' ? sequenceKind(expression.left, source, kinds) : null
      return left !== null && sequenceKind(expression.right, source, kinds) === left ? left : null
    }
    default:
      return null
  }
}

/** Every `+` of an expression, itself and inside of its sums, whose two sides Python does not add. */
export function* mixedAdditions(
  expression: PythonExpression,
  source: Source,
  kinds: ReadonlyMap<string, SequenceKind>,
): Iterable<MixedAddition> {
  if (expression.kind !== 'binary' || expression.operator !== '+') return
  yield* mixedAdditions(expression.left, source, kinds)
  yield* mixedAdditions(expression.right, source, kinds)
  const left = sequenceKind(expression.left, source, kinds)
  const right = sequenceKind(expression.right, source, kinds)
  if (left === null || right === null || left === right) return
  yield { at: placeOf(expression.right, source), left, right, name: null }
}

/** `NAME += value`, where Python refuses it, or takes a text apart. */
export function mixedAppending(
  name: string,
  value: PythonExpression,
  source: Source,
  kinds: ReadonlyMap<string, SequenceKind>,
): MixedAddition | null {
  const left = kinds.get(name)
  const right = sequenceKind(value, source, kinds)
  if (left === undefined || right === null || left === right) return null
  // A list is lengthened by whatever has items.
  return left === 'list' && right === 'tuple' ? null : { at: placeOf(value, source), left, right, name }
}

function placeOf({ start, end }: PythonExpression, source: Source): Place {
  return { source, start, end }
}
