import type { Place, Source } from '../text/source.ts'
import { importedAs } from './imported-as.ts'
import { objectAt } from './bound-names.ts'
import { type JsToken, jsTokens } from './tokens.ts'

/** A call of Helmet whose policy has browsers ask for everything by https. */
export interface HelmetCall {
  readonly at: Place
  /** True where directives of its own are added to those of Helmet, which releases before 5 leave out then. */
  readonly isMerged: boolean
}

/** Options that leave `upgrade-insecure-requests` out, or may. */
const LEFT_OUT =
  /upgrade-?Insecure-?Requests|useDefaults|reportOnly|contentSecurityPolicy["']?\s*(?::(?!\s*\{)|[,}])/i

function closingOf(tokens: readonly JsToken[], open: number): number {
  let depth = 0
  let end = open
  for (; end < tokens.length; end++) {
    const { kind, text } = tokens[end]!
    if (kind !== 'sign') continue
    if (/^[([{]$/.test(text)) depth++
    else if (/^[)\]}]$/.test(text) && --depth === 0) break
  }
  return end
}

/** The one call of Helmet in a script; null where none is sure to send its policy. */
export function helmetCall(source: Source): HelmetCall | null {
  const { code } = source
  const name = importedAs('helmet', code)
  // What sets the header by itself may take that of Helmet away.
  if (name === null || /Content-Security-Policy/i.test(code)) return null
  const tokens = jsTokens(code)
  const is = (at: number, text: string): boolean => tokens[at]?.kind === 'sign' && tokens[at]?.text === text
  const calls = [...tokens.keys()].filter(at => tokens[at]?.text === name && is(at + 1, '('))
  const [call] = calls
  if (call === undefined || calls.length > 1) return null
  const first = tokens[call]!
  const object = objectAt(tokens, call + 2)
  const open = object ?? call + 1
  const last = tokens[closingOf(tokens, open)]
  if (last === undefined) return null
  const options =
    object === null ? code.slice(tokens[open]!.end, last.start) : code.slice(tokens[open]!.start, last.end)
  const isPlain = options.trim() === '' || (/^\s*\{/.test(options) && !options.includes('...'))
  if (!isPlain || LEFT_OUT.test(options)) return null
  return {
    at: { source, start: first.start, end: first.end },
    isMerged: options.includes('contentSecurityPolicy'),
  }
}
