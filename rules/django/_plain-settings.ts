import type { Place, Source } from '../../parsers/text/source.ts'
import { memo } from '../../parsers/collections/memo.ts'
import { withoutComments } from '../../parsers/python/without-comments.ts'

/** What a module of settings says at its top, where nothing else of it is read: no server is seen to load it. */
export interface PlainSettings {
  /** The one value that a name is given, as it is written; null where it has none, or more may change it. */
  readonly written: (name: string) => Written | null
  /** True where the name stands nowhere. */
  readonly lacks: (name: string) => boolean
}

export interface Written {
  readonly text: string
  readonly at: Place
}

/** What may bring names from elsewhere, or give them without writing them. */
const OPEN =
  /^[ \t]*from[ \t]+\S+[ \t]+import[ \t]+\*|\b(?:locals|globals|exec|execfile|vars|setattr)\(|\bdjango_heroku\b|\binclude\(|^class[ \t]/m

/** Null for a module that may have more than is written in it. */
export const plainSettings = memo((source: Source): PlainSettings | null => {
  const code = withoutComments(source.code)
  if (source.template || OPEN.test(code)) return null
  const occurrences = (name: string): number =>
    [...code.matchAll(new RegExp(`(?<![\\w.])${name}(?!\\w)`, 'g'))].length
  return {
    lacks: name => occurrences(name) === 0,
    written: name => {
      const found = new RegExp(`^${name}[ \\t]*(?::[^=\\n]+)?=[ \\t]*(?=\\S)`, 'm').exec(code)
      if (found === null || occurrences(name) !== 1) return null
      const start = found.index + found[0].length
      const end = endOfExpression(code, start)
      return { text: code.slice(start, end), at: { source, start, end } }
    },
  }
})

/** The end of the line, or of the brackets that are open there. */
function endOfExpression(code: string, start: number): number {
  let depth = 0
  let at = start
  for (; at < code.length; at++) {
    const letter = code[at]!
    if (/[[({]/.test(letter)) depth++
    else if (/[\])}]/.test(letter)) depth--
    else if (letter === '\n' && depth <= 0) break
  }
  return start + code.slice(start, at).trimEnd().length
}

/** The texts of a list or tuple of them; null for anything else. */
export function writtenTexts(written: Written | null): readonly string[] | null {
  const inside = /^[[(]([\s\S]*)[\])]$/.exec(written?.text ?? '')?.[1]
  if (inside === undefined) return null
  const texts: string[] = []
  const rest = inside.replace(/r?(?:"([^"\n]*)"|'([^'\n]*)')/g, (_, one?: string, other?: string) => {
    texts.push(one ?? other ?? '')
    return '@'
  })
  return /^\s*(?:@\s*(?:,\s*@\s*)*,?\s*)?$/.test(rest) ? texts : null
}
