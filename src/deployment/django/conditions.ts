import { isTrue } from '../../../parsers/python/evaluate-expression.ts'
import type { PythonExpression, PythonStatement } from '../../../parsers/python/python-module.ts'
import { LimitReached } from './evaluate-expression.ts'
import type { SettingValue } from './settings.ts'

/** What the conditions of `if` give, each as it is where it is asked first: what stands behind it may change what it reads. */
export function heldConditions(
  evaluated: (condition: PythonExpression) => SettingValue | undefined | LimitReached,
): (condition: PythonExpression) => boolean | undefined {
  const known = new Map<PythonExpression, boolean | undefined>()
  return condition => {
    if (known.has(condition)) return known.get(condition)
    const value = evaluated(condition)
    const held = value instanceof LimitReached ? undefined : isTrue(value)
    known.set(condition, held)
    return held
  }
}

/** A statement that surely runs is as one without a condition; null for one that surely does not. */
export function decided(
  statement: PythonStatement,
  holds: (condition: PythonExpression) => boolean | undefined,
): PythonStatement | null {
  if (!statement.conditional || statement.guards === undefined) return statement
  let isSure = true
  for (const { condition, holds: meant } of statement.guards) {
    const held = holds(condition)
    if (held !== undefined && held !== meant) return null
    if (held === undefined) isSure = false
  }
  return isSure ? { ...statement, conditional: false } : statement
}
