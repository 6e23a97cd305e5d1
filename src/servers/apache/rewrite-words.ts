/** The words of a line as mod_rewrite cuts them. */
export interface RewriteWords {
  readonly first: string
  readonly second: string
  readonly flags: string | null
}

/**
 * mod_rewrite cuts its lines by itself: a backslash keeps a blank in a word, a quote ends at the next
 * one whatever stands before it, and what follows a closing quote is the next word, be it empty.
 * Null stands for a line that ends too early.
 */
export function rewriteWords(text: string): RewriteWords | null {
  let at = 0
  let ended = false
  const next = (): string => {
    while (/\s/.test(text[at] ?? '')) at++
    const quote = text[at] === '"' || text[at] === "'" ? text[at++] : undefined
    const start = at
    while (at < text.length) {
      const char = text[at] ?? ''
      if (quote === undefined ? /\s/.test(char) : char === quote) break
      at += char === '\\' && /\s/.test(text[at + 1] ?? '') ? 2 : 1
    }
    ended = at >= text.length
    return text.slice(start, at++)
  }
  const first = next()
  if (ended) return null
  const second = next()
  return { first, second, flags: ended || text.slice(at).trim() === '' ? null : next() }
}
