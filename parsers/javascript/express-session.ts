import { memo } from '../collections/memo.ts'
import type { Place, Source } from '../text/source.ts'
import { objectAt } from './bound-names.ts'
import { type JsToken, jsTokens } from './tokens.ts'

const NAMED =
  /(?:const|let|var|import)\s+(?:\*\s*as\s+)?(\w+)\s*(?::\s*\w+\s*)?(?:=\s*require\(\s*|from\s+)['"]express-session['"]/
/** The one that `express-session` has by itself, and the package `memorystore`. */
const IN_MEMORY = /^new(?:\w+\.)?MemoryStore\(/i

/**
 * The call of `express-session` that keeps the sessions in the memory of its process; null where a script calls it
 * nowhere, or with another `store`, or with options that are written elsewhere.
 *
 * @see https://github.com/expressjs/session#store
 */
export const sessionsInMemory = memo((source: Source): Place | null => {
  const { code } = source
  if (!code.includes('express-session')) return null
  const name = NAMED.exec(code)?.[1]
  const tokens = jsTokens(code)
  const calls = tokens.flatMap((token, index) => {
    const open = openingOf(tokens, index, name)
    return open === null ? [] : [{ token, open }]
  })
  const [call, ...others] = calls
  if (call === undefined || others.length > 0 || !keepsInMemory(tokens, call.open)) return null
  return { source, start: call.token.start, end: call.token.end }
})

/** The bracket of the call that begins at a word: `session(`, `require('express-session')(`. */
function openingOf(tokens: readonly JsToken[], index: number, name: string | undefined): number | null {
  const textAt = (offset: number): string => tokens[index + offset]?.text ?? ''
  if (textAt(0) === 'require' && textAt(2) === 'express-session' && textAt(4) === '(') return index + 4
  const isCall = tokens[index]?.kind === 'name' && textAt(0) === name && textAt(1) === '('
  return isCall && !/^(?:\.|function)$/.test(textAt(-1)) ? index + 1 : null
}

/** True for the options of a call that surely name no other store. */
function keepsInMemory(tokens: readonly JsToken[], open: number): boolean {
  const start = objectAt(tokens, open + 1)
  if (start === null) return false
  let depth = 0
  for (let index = start; index < tokens.length; index++) {
    const { text, kind } = tokens[index]!
    if (kind === 'sign' && /^[[({]$/.test(text)) depth++
    else if (kind === 'sign' && /^[\])}]$/.test(text)) depth--
    else if (depth === 1 && text === '...') return false
    else if (depth === 1 && text === 'store' && /^[{,]$/.test(tokens[index - 1]?.text ?? ''))
      return tokens[index + 1]?.text === ':' && IN_MEMORY.test(textsFrom(tokens, index + 2))
    if (depth === 0) return true
  }
  return false
}

function textsFrom(tokens: readonly JsToken[], start: number): string {
  return tokens
    .slice(start, start + 6)
    .map(({ text }) => text)
    .join('')
}
