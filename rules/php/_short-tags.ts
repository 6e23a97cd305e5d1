import { memo } from '../../parsers/collections/memo.ts'
import type { Place, Source } from '../../parsers/text/source.ts'

/**
 * Where a script first opens PHP by `<?` and a blank, which without `short_open_tag` is text; null where it does not.
 * Told behind a heredoc, in which quotes and marks are text, is nothing.
 *
 * https://www.php.net/manual/en/language.basic-syntax.phptags.php
 */
export const shortTagIn = memo((source: Source): Place | null => {
  const { text } = source
  for (let at = text.indexOf('<?'); at !== -1; at = text.indexOf('<?', at)) {
    if (/^<\?\s+(?!xml\b|php\b|[>?])/i.test(text.slice(at, at + 80)))
      return { source, start: at, end: at + 2 }
    if (!/^<\?(?:=|php(?:\s|$))/i.test(text.slice(at, at + 6))) {
      at += 2
      continue
    }
    const end = endOfPhp(text, at + 2)
    if (end === null) return null
    at = end
  }
  return null
})

const PIECE =
  /'(?:[^'\\]|\\[\s\S])*'|"(?:[^"\\]|\\[\s\S])*"|`[^`]*`|\/\*[\s\S]*?\*\/|(?:\/\/|#)(?:(?!\?>)[^\n])*|<<<|\?>/g

/** Behind the `?>` that closes PHP; null where none does, or nobody knows. */
function endOfPhp(text: string, from: number): number | null {
  PIECE.lastIndex = from
  for (let match = PIECE.exec(text); match !== null; match = PIECE.exec(text)) {
    if (match[0] === '<<<') return null
    if (match[0] === '?>') return PIECE.lastIndex
  }
  return null
}
