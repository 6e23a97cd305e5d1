import type { PythonCallStatement, PythonExpression } from '../../../parsers/python/python-module.ts'
import type { Fact } from '../../servers/fact.ts'
import type { SettingValue } from './settings.ts'

/**
 * What `MIDDLEWARE.insert(0, …)`, `.append(…)` and `.extend(…)` make of a list that is known; null for other methods,
 * under a condition, and where something is not known.
 */
export function changedList(
  before: Fact<SettingValue> | undefined,
  { call, conditional }: PythonCallStatement,
  name: string,
  evaluate: (expression: PythonExpression) => SettingValue | undefined,
): readonly (SettingValue | undefined)[] | null {
  if (conditional || before?.known !== true || !Array.isArray(before.value)) return null
  const list: readonly (SettingValue | undefined)[] = before.value
  const { callee, args, keywords } = call
  if (Object.keys(keywords).length > 0 || args.some(({ kind }) => kind === 'unknown' || kind === 'spread'))
    return null
  const [first, second, ...others] = args.map(evaluate)
  if (others.length > 0) return null
  switch (callee) {
    case `${name}.append`:
      return args.length === 1 ? [...list, first] : null
    case `${name}.extend`:
      return Array.isArray(first) && args.length === 1 ? [...list, ...first] : null
    case `${name}.insert`: {
      if (typeof first !== 'number' || !Number.isInteger(first) || args.length !== 2) return null
      const changed = [...list]
      changed.splice(first, 0, second)
      return changed
    }
    default:
      return null
  }
}
