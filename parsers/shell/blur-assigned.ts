import type { Scope } from './scope.ts'
import { type StepsLeft, takeSteps } from './script-run.ts'

const TARGETS = /([A-Za-z_][A-Za-z0-9_]*)(?=\[[^\]\n]*\]\+?=|\+?=|:=)/g
const NAMING =
  /(?:^|[\s;&|({])(?:export|unset|read|for|let|declare|readonly|typeset|local|getopts|mapfile|readarray)\b([^;\n&|]*)|\(\(([^\n]*?)\)\)|printf\s+-v([^;\n]*)/g
const NAME = /[A-Za-z_][A-Za-z0-9_]*/g
const ANYTHING = /(?:^|[\s;&|({])(?:\.|source|eval)\s/
const ENDING = /(?:^|[\s;&|({])(?:exit|return)\b/

/**
 * After a stretch of script that may run any number of times: every name that it may assign to is
 * unknown. It takes too many names rather than too few.
 */
export function blurAssigned(
  text: string,
  reason: string,
  scope: Scope,
  functions: ReadonlyMap<string, string>,
  steps: StepsLeft,
): void {
  if (ANYTHING.test(text)) scope.blurAll(reason)
  const names = new Set<string>()
  for (const match of text.matchAll(TARGETS)) names.add(match[1]!)
  for (const match of text.matchAll(NAMING))
    for (const name of (match[1] ?? match[2] ?? match[3] ?? '').matchAll(NAME)) names.add(name[0])
  for (const name of names) scope.blur(name, reason)
  if (ENDING.test(text) && scope.ended === false) scope.ended = 'maybe'

  if (functions.size === 0) return
  const words = new Set(text.match(NAME) ?? [])
  const others = new Map([...functions].filter(([name]) => !words.has(name)))
  for (const [name, body] of functions) {
    if (!words.has(name)) continue
    takeSteps(steps, 1 + body.length / 100)
    blurAssigned(body, reason, scope, others, steps)
  }
}
