import type { WildcardToken } from './tokens.ts'

const between = (low: number, high: number) => (code: number) => code >= low && code <= high
const digit = between(48, 57)
const upper = between(65, 90)
const lower = between(97, 122)
const alpha = (code: number): boolean => upper(code) || lower(code)
const alnum = (code: number): boolean => alpha(code) || digit(code)

/** Classes by name, in the C locale. */
const CLASSES: Readonly<Record<string, (code: number) => boolean>> = {
  alnum,
  alpha,
  blank: code => code === 9 || code === 32,
  cntrl: code => code < 32 || code === 127,
  digit,
  graph: between(33, 126),
  lower,
  print: between(32, 126),
  punct: code => code > 32 && code < 127 && !alnum(code),
  space: code => code === 32 || (code >= 9 && code <= 13),
  upper,
  xdigit: code => digit(code) || between(65, 70)(code) || between(97, 102)(code),
}

/** What stands in brackets; null where nothing closes it, and the bracket stands for itself. */
export type Bracket = {
  readonly token: WildcardToken
  readonly end: number
  /** True with a class that there is not. */
  readonly isBroken: boolean
} | null

/** `[…]` as POSIX has it: `!` or `^`, ranges, `[:class:]`, `[=x=]`, `[.x.]`, and a backslash before anything. */
export function readBracket(pattern: string, open: number): Bracket {
  let at = open + 1
  const isNegated = pattern[at] === '!' || pattern[at] === '^'
  if (isNegated) at++
  const tests: ((code: number) => boolean)[] = []
  /** How many members stand before a class that there is not: behind them nothing is looked at. */
  let whole = -1
  for (let isFirst = true; ; isFirst = false) {
    if (at >= pattern.length) return null
    if (pattern[at] === ']' && !isFirst) break
    const named = /\[:([a-z]*):\]/y
    named.lastIndex = at
    const name = named.exec(pattern)
    if (name !== null) {
      const test = CLASSES[name[1] ?? '']
      if (test !== undefined) tests.push(test)
      else if (whole === -1) whole = tests.length
      at += name[0].length
      continue
    }
    const equal = /\[=(.)=\]/sy
    equal.lastIndex = at
    const same = equal.exec(pattern)
    if (same !== null) {
      const code = same[1]?.charCodeAt(0)
      tests.push(other => other === code)
      at += same[0].length
      continue
    }
    const low = readElement(pattern, at)
    if (low === null) return null
    at = low.end
    if (pattern[at] === '-' && pattern[at + 1] !== ']' && at + 1 < pattern.length) {
      const high = readElement(pattern, at + 1)
      if (high === null) return null
      at = high.end
      tests.push(between(low.code, high.code))
    } else tests.push(code => code === low.code)
  }
  const counted = whole === -1 ? tests : tests.slice(0, whole)
  const has = (code: number): boolean => {
    const isIn = counted.some(test => test(code))
    return whole === -1 ? isIn !== isNegated : isIn && !isNegated
  }
  return { token: { kind: 'set', has }, end: at + 1, isBroken: whole !== -1 }
}

/** One character, a backslash or `[.` before it; null where the pattern ends. */
function readElement(pattern: string, start: number): { readonly code: number; readonly end: number } | null {
  const collating = /\[\.(.)\.\]/sy
  collating.lastIndex = start
  const match = collating.exec(pattern)
  if (match !== null) return { code: match[1]?.charCodeAt(0) ?? 0, end: collating.lastIndex }
  const at = pattern[start] === '\\' ? start + 1 : start
  return at >= pattern.length ? null : { code: pattern.charCodeAt(at), end: at + 1 }
}
