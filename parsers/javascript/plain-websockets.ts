import { memo } from '../collections/memo.ts'
import type { Place, Source } from '../text/source.ts'
import { isPutTogether, scriptsOf } from './scripts-of.ts'
import { type JsToken, jsTokens } from './tokens.ts'

/** An address of a WebSocket without TLS that a script in a browser makes. */
export interface PlainWebSocket {
  readonly at: Place
  /** Lower case, without a port; null for the host of the page. */
  readonly host: string | null
}

/** What says that a script looks at the scheme of its page first. */
const CHOOSES = /\bwss\b|\bprotocol\b|\bisSecureContext\b|['"`]https:/
/** Names of Node.js, where no page is. */
const OF_NODE = /\brequire\(\s*['"](?:ws|http|net|fs)['"]|\bfrom\s+['"](?:ws|node:\w+)['"]|\bprocess\.argv\b/
const OF_PAGE = /^(?:(?:window|document|self|globalThis)\.)?location\.host(?:name)?$/

/** The plain addresses of WebSockets of a script, or of the scripts in a page; none where a line may choose another scheme. */
export const plainWebSockets = memo((source: Source): readonly PlainWebSocket[] => {
  const code = scriptsOf(source)
  if (!/\bws:\/\//.test(code) || isPutTogether(code) || CHOOSES.test(code) || OF_NODE.test(code)) return []
  if (!/\bWebSocket\b/.test(code)) return []
  const tokens = jsTokens(code)
  return tokens.flatMap((token, index): PlainWebSocket[] => {
    if (token.kind !== 'string' && token.kind !== 'template') return []
    // A part of a choice, or of a longer text, says nothing by itself.
    if (!/^(?:[(=,:]|return)$/.test(tokens[index - 1]?.text ?? '') || tokens[index - 2]?.text === '?')
      return []
    const host = hostIn(tokens, index)
    return host === undefined ? [] : [{ at: { source, start: token.start, end: token.end }, host }]
  })
})

/** Undefined where the text is no such address, or nobody here knows its host. */
function hostIn(tokens: readonly JsToken[], index: number): string | null | undefined {
  const { text, kind } = tokens[index]!
  if (!text.startsWith('ws://')) return undefined
  const rest = text.slice('ws://'.length)
  const filled = kind === 'template' ? /^\$\{\s*([\w.]+)\s*\}/.exec(rest)?.[1] : undefined
  if (filled !== undefined) return OF_PAGE.test(filled) ? null : undefined
  if (rest === '') {
    const end = tokens.findIndex(({ kind, text }, at) => at > index + 1 && kind === 'sign' && text !== '.')
    const added = tokens.slice(index + 2, end === -1 ? undefined : end)
    const isAdded = tokens[index + 1]?.text === '+'
    return isAdded && OF_PAGE.test(added.map(each => each.text).join('')) ? null : undefined
  }
  return /^([a-z\d-]+(?:\.[a-z\d-]+)+)(?::\d+)?(?:\/|$)/i.exec(rest)?.[1]?.toLowerCase()
}
