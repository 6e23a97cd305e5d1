import type { NestedText } from './nested-text.ts'

const OPENS = '<![CDATA['
const CLOSES = ']]>'
/** The last tag before a section that names a file, and no end of one behind it: froxlor's `<file name="…">`. */
const SERVERS_FILE =
  /<file\s[^<>]*\bname="[^"<>]*\/(nginx|apache2|httpd)\/[^"<>]*"[^<>]*>(?:(?!<\/?file\b)[\s\S])*$/
/** The tag of a section itself that names a server: `<apache-rewrite>`, `<config for="nginx">`. */
const SERVERS_TAG = /<(?![/!?])[^<>]*\b(nginx|apache2?|httpd)\b[^<>]*>\s*$/
/** As much of what stands before a section as is looked at. */
const BEFORE = 1_000

/**
 * The sections of XML in which nothing is markup, in order: panels keep the files that they install in them.
 *
 * @see https://www.w3.org/TR/xml/#sec-cdata-sect
 */
export function cdataSections(text: string, most: number): readonly NestedText[] {
  const found: NestedText[] = []
  for (let open = text.indexOf(OPENS); open !== -1 && found.length < most; ) {
    const inner = open + OPENS.length
    const end = text.indexOf(CLOSES, inner)
    if (end === -1) break
    const start = /^\r?\n/.test(text.slice(inner, inner + 2)) ? text.indexOf('\n', inner) + 1 : inner
    const before = text.slice(Math.max(0, open - BEFORE), open)
    const file = SERVERS_FILE.exec(before)?.[1]
    const server = file ?? SERVERS_TAG.exec(before)?.[1]
    const owner = server === 'nginx' ? 'nginx' : 'apache'
    if (start < end)
      found.push({
        start,
        end,
        filledInBy: 'nobody',
        ...(file !== undefined && { isWhole: true }),
        ...(server !== undefined && { owner }),
      })
    open = text.indexOf(OPENS, end)
  }
  return found
}
