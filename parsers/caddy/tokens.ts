import type { Place, Source } from '../text/source.ts'

/** A word of a Caddyfile. */
export interface CaddyToken {
  /** Without its quotes. */
  readonly text: string
  readonly at: Place
  readonly isQuoted: boolean
}

/** The words of one line. */
export type CaddyLine = readonly CaddyToken[]

/**
 * The lines of a Caddyfile with their words: a word in quotes or backticks may hold blanks and line feeds, `\` at the end
 * of a line continues it, and `#` begins a comment where a word may begin.
 *
 * @see https://caddyserver.com/docs/caddyfile/concepts#tokens-and-quotes
 */
export function caddyLines(source: Source): readonly CaddyLine[] {
  const { text } = source
  const lines: CaddyToken[][] = []
  let line: CaddyToken[] = []
  let at = 0
  while (at < text.length) {
    TOKEN.lastIndex = at
    const [all = text[at]!] = TOKEN.exec(text) ?? []
    const start = at
    at += all.length
    if (all === '\n') {
      if (line.length > 0) lines.push(line)
      line = []
      continue
    }
    // Blanks, comments and lines that go on.
    if (/^(?:[\t\r ]|#|\\\r?\n)/.test(all)) continue
    const quoted = /^(["`])([\s\S]*)\1$/.exec(all)
    const document = /^<<[A-Za-z0-9_-]+\r?\n([\s\S]*)\n[^\n]*$/.exec(all)
    line.push({
      text: quoted?.[2]?.replace(/\\"/g, '"') ?? document?.[1] ?? all,
      at: { source, start, end: at },
      isQuoted: quoted !== null || document !== null,
    })
  }
  if (line.length > 0) lines.push(line)
  return lines
}

const TOKEN =
  /\n|[\t\r ]+|#[^\n]*|\\\r?\n|"(?:[^"\\]|\\[\s\S])*"|`[^`]*`|<<([A-Za-z0-9_-]+)\r?\n(?:[^\n]*\n){0,500}?[\t ]*\1(?![^\s])|[^\s]+/y
