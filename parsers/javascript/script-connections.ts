import { memo } from '../collections/memo.ts'
import type { Place, Source } from '../text/source.ts'
import { isPutTogether } from './scripts-of.ts'
import { type JsToken, jsTokens } from './tokens.ts'

/** A URL that a script in a browser connects to. */
export interface ScriptConnection {
  /** As written: of a template with its variables. */
  readonly url: string
  readonly at: Place
}

/** The URLs that a script of a page connects to, as it writes them down. */
export const scriptConnections = memo((source: Source): readonly ScriptConnection[] => {
  const { code } = source
  if (isPutTogether(code)) return []
  const tokens = jsTokens(code)
  return tokens.flatMap(({ kind, text, start, end }, at): ScriptConnection[] => {
    if ((kind !== 'string' && kind !== 'template') || tokens[at - 1]?.text !== '(') return []
    return isConnection(tokens, at - 2) ? [{ url: text, at: { source, start, end } }] : []
  })
})

/** A call of `fetch`, or a `WebSocket` or `EventSource` that `new` makes. */
function isConnection(tokens: readonly JsToken[], at: number): boolean {
  const name = tokens[at]?.text ?? ''
  const before = tokens[at - 1]?.text ?? ''
  if (/^(?:WebSocket|EventSource)$/.test(name)) return before === 'new'
  return name === 'fetch' && before !== '.' && before !== 'function'
}
