import { memo } from '../collections/memo.ts'
import type { Place, Source } from '../text/source.ts'
import { type JsToken, jsTokens } from './tokens.ts'

/** A call that makes a reader of bodies: `express.json()`, `bodyParser.urlencoded({ extended: true })`. */
export interface BodyReader {
  readonly name: string
  readonly at: Place
  /** True where `app.use` is given it for every path. */
  readonly ofAll: boolean
  /** Whether its options say how large a body may be; null where they are written elsewhere. */
  readonly hasLimit: boolean | null
}

const READERS = /^(?:json|urlencoded|text|raw)$/
/** A reader by its own name, imported from Express or body-parser. */
const IMPORTED = /\{([^{}]*)\}\s*(?:=\s*require\(\s*|from\s+)['"](?:express|body-parser)['"]/g
const MODULES = /^(?:express|body_?parser)$/i

/**
 * The readers of bodies that a script makes of Express or body-parser, in its order.
 *
 * @see https://expressjs.com/en/resources/middleware/body-parser.html
 */
export const bodyReaders = memo((source: Source): readonly BodyReader[] => {
  const { code } = source
  if (!/['"](?:express|body-parser)['"]/.test(code)) return []
  const own = new Set(
    [...code.matchAll(IMPORTED)].flatMap(([, names = '']) => names.split(',').map(name => name.trim())),
  )
  const tokens = jsTokens(code)
  return tokens.flatMap((token, index): BodyReader[] => {
    const text = (offset: number): string => tokens[index + offset]?.text ?? ''
    if (token.kind !== 'name' || !READERS.test(token.text) || text(1) !== '(') return []
    const isOfModule = text(-1) === '.' && MODULES.test(text(-2))
    if (!isOfModule && (text(-1) === '.' || !own.has(token.text))) return []
    const start = isOfModule ? index - 2 : index
    return [
      {
        name: token.text,
        at: { source, start: tokens[start]!.start, end: token.end },
        ofAll: tokens[start - 1]?.text === '(' && tokens[start - 2]?.text === 'use',
        hasLimit: hasLimit(tokens, index + 2),
      },
    ]
  })
})

/** @param start the first word between the brackets of the call */
function hasLimit(tokens: readonly JsToken[], start: number): boolean | null {
  if (tokens[start]?.text === ')') return false
  if (tokens[start]?.text !== '{') return null
  let depth = 0
  for (let index = start; index < tokens.length; index++) {
    const { text, kind } = tokens[index]!
    if (kind === 'sign' && /^[[({]$/.test(text)) depth++
    else if (kind === 'sign' && /^[\])}]$/.test(text)) depth--
    else if (depth === 1 && (text === '...' || text === 'type')) return null
    else if (depth === 1 && text === 'limit') return true
    if (depth === 0) return false
  }
  return null
}
