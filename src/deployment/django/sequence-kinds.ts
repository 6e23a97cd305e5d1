import type { PythonExpression } from '../../../parsers/python/python-module.ts'
import type { Place, Source } from '../../../parsers/text/source.ts'

/** What Python adds to its own kind alone; a path of `pathlib` it adds to nothing. */
export type SequenceKind = 'list' | 'tuple' | 'str' | 'path'

/** What a name is: one of the kinds, or the class that makes paths. */
export type NameKind = SequenceKind | 'Path'

/** Two values that are added and are not of one kind, at the one behind the operator. */
export interface MixedAddition {
  readonly at: Place
  readonly left: SequenceKind
  readonly right: SequenceKind
  /** The setting of `NAME += …`; null for a `+` or a `/`. */
  readonly name: string | null
  readonly operator: '+' | '/'
}

/** The kind that an expression surely has; null for every other, and where nobody knows. */
export function sequenceKind(
  expression: PythonExpression,
  source: Source,
  kinds: ReadonlyMap<string, NameKind>,
): SequenceKind | null {
  if (isPath(expression, kinds)) return 'path'
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
    case 'name': {
      const kind = kinds.get(expression.name)
      return kind === undefined || kind === 'Path' ? null : kind
    }
    case 'call':
      if (OF_PATHS.test(expression.callee)) return 'str'
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

/** Whatever they are given, a text or a path, they give a text. */
const OF_PATHS = /^os\.path\.(?:abspath|dirname|join|normpath|realpath|basename)$/
const GIVES_PATH = /(?:^|\.)(?:resolve|absolute|joinpath|expanduser|with_name|with_suffix)$/

/** True for what is surely a path of `pathlib`: other packages have a `Path` that is a text. */
function isPath(expression: PythonExpression, kinds: ReadonlyMap<string, NameKind>): boolean {
  switch (expression.kind) {
    case 'name': {
      const [, name = ''] = /^(\w+)(?:\.parent)*$/.exec(expression.name) ?? []
      return kinds.get(name) === 'path'
    }
    case 'call':
      return (
        kinds.get(expression.callee) === 'Path' ||
        (expression.receiver !== null &&
          GIVES_PATH.test(expression.callee) &&
          isPath(expression.receiver, kinds))
      )
    case 'attribute':
      return expression.name === 'parent' && isPath(expression.of, kinds)
    case 'subscript':
      return (
        expression.of.kind === 'attribute' &&
        expression.of.name === 'parents' &&
        isPath(expression.of.of, kinds)
      )
    case 'binary':
      return expression.operator === '/' && isPath(expression.left, kinds)
    default:
      return false
  }
}

/** Every `+` and `/` of an expression, itself and inside of it, whose two sides Python does not take together. */
export function* mixedAdditions(
  expression: PythonExpression,
  source: Source,
  kinds: ReadonlyMap<string, NameKind>,
): Iterable<MixedAddition> {
  if (expression.kind === 'list')
    for (const item of expression.items) yield* mixedAdditions(item, source, kinds)
  if (expression.kind === 'dict')
    for (const { value } of expression.entries) yield* mixedAdditions(value, source, kinds)
  if (expression.kind !== 'binary' || (expression.operator !== '+' && expression.operator !== '/')) return
  yield* mixedAdditions(expression.left, source, kinds)
  yield* mixedAdditions(expression.right, source, kinds)
  const left = sequenceKind(expression.left, source, kinds)
  const right = sequenceKind(expression.right, source, kinds)
  if (left === null || right === null) return
  const isTaken =
    expression.operator === '/' ? left === 'path' || right === 'path' : left === right && left !== 'path'
  if (!isTaken)
    yield { at: placeOf(expression.right, source), left, right, name: null, operator: expression.operator }
}

/** `NAME += value`, where Python refuses it, or takes a text apart. */
export function mixedAppending(
  name: string,
  value: PythonExpression,
  source: Source,
  kinds: ReadonlyMap<string, NameKind>,
): MixedAddition | null {
  const kind = kinds.get(name)
  const left = kind === 'Path' ? undefined : kind
  const right = sequenceKind(value, source, kinds)
  if (left === undefined || right === null || left === right) return null
  // A list is lengthened by whatever has items.
  return left === 'list' && right === 'tuple'
    ? null
    : { at: placeOf(value, source), left, right, name, operator: '+' }
}

function placeOf({ start, end }: PythonExpression, source: Source): Place {
  return { source, start, end }
}
