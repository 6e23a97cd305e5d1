import { memo } from '../collections/memo.ts'
import type { Place, Source } from '../text/source.ts'
import { isUnknownWord, UNKNOWN } from '../text/source.ts'
import { MappedText } from '../text/text-map.ts'
import { finishWritten, trimWritten, type WrittenText, writtenAt } from '../text/written-text.ts'

/** A line of a file in PHP's own INI syntax. */
export type PhpIniLine =
  | { readonly kind: 'section'; readonly name: string; readonly at: Place }
  | {
      readonly kind: 'setting'
      readonly name: string
      /** What stands in brackets: `env[PATH]`; null where there are none. */
      readonly index: string | null
      readonly value: WrittenText
      /** From the name to the end of the value. */
      readonly at: Place
    }
  /** A name without `=`, to which PHP gives no value, and at which FPM stops. */
  | { readonly kind: 'bare'; readonly at: Place }

/**
 * Reads `php.ini`, `php-fpm.conf` and pools: sections, `name = value`, comments behind `;`, quotes. What the
 * environment decides (`${NAME}`) is unknown. A value ends with its line.
 */
export const readPhpIniLines = memo((source: Source): readonly PhpIniLine[] => {
  const { code } = source
  const lines: PhpIniLine[] = []
  /** Behind quotes that are not closed a line may be part of the value above. */
  let quoted = false
  for (let at = 0; at < code.length; ) {
    const newline = code.indexOf('\n', at)
    const end = newline === -1 ? code.length : newline
    const line = readLine(source, at, end) ?? (quoted ? null : bareLine(source, at, end))
    if (line !== null) lines.push(line)
    if (line?.kind === 'setting' && hasOpenQuote(code.slice(at, end))) quoted = true
    at = end + 1
  }
  return lines
})

function hasOpenQuote(line: string): boolean {
  return /^[^"';]*=[ \t]*(?:"[^"]*|'[^']*)$/.test(line)
}

function bareLine(source: Source, start: number, end: number): PhpIniLine | null {
  const text = source.code.slice(start, end)
  if (!/^[ \t]*[^\s;[\]{}<%@\0\uFFFD][^=\0\uFFFD]*$/.test(text) || isUnknownWord(text)) return null
  const from = start + text.length - text.trimStart().length
  return { kind: 'bare', at: { source, start: from, end: start + text.trimEnd().length } }
}

const NAME =
  /[ \t]*([^\s=;&|^$~(){}!"[\]\0][^=\n\r;&|^$~(){}!"[\]\0]*)(?:\[[ \t]*("[^"\n]*"|'[^'\n]*'|[^\]\n]*)\])?[ \t]*=/y

function readLine(source: Source, start: number, end: number): PhpIniLine | null {
  const { code } = source
  let first = start
  while (first < end && (code[first] === ' ' || code[first] === '\t')) first++
  if (code[first] === '[') {
    const close = code.indexOf(']', first)
    if (close === -1 || close >= end) return null
    const name = trimWritten(writtenAt(source, first + 1, close))
    return { kind: 'section', name: name.text, at: { source, start: first, end: close + 1 } }
  }
  NAME.lastIndex = start
  const match = NAME.exec(code)
  if (match === null || NAME.lastIndex > end) return null
  const value = readValue(source, NAME.lastIndex, end)
  const last = value.map.pieces.at(-1)?.end ?? NAME.lastIndex
  return {
    kind: 'setting',
    name: match[1]!.trimEnd(),
    index: match[2]?.replace(/^(["'])(.*)\1$/s, '$2').trim() ?? null,
    value,
    at: { source, start: first, end: Math.max(last, NAME.lastIndex) },
  }
}

function readValue(source: Source, start: number, end: number): WrittenText {
  const { code } = source
  const line = writtenAt(source, start, end)
  const into = new MappedText(code, null, 0)
  /** Blanks stay between the words of a plain value, and go beside quotes. */
  let blanks = 0
  let afterPlain = false
  let at = start
  scan: while (at < end) {
    const char = code[at]!
    switch (char) {
      case ';':
        break scan
      case ' ':
      case '\t':
      case '\r':
        blanks++
        at++
        continue
      case '"':
      case "'":
        at = readQuoted(code, at, end, into)
        afterPlain = false
        break
      default: {
        if (afterPlain && blanks > 0) into.copy(at - blanks, at)
        if (char === '$' && code[at + 1] === '{') {
          const close = code.indexOf('}', at)
          const after = close === -1 || close >= end ? end : close + 1
          into.replace(at, after, UNKNOWN)
          at = after
        } else {
          let after = at + 1
          while (after < end && !' \t\r;"\'$'.includes(code[after]!)) after++
          into.copy(at, after)
          at = after
        }
        afterPlain = true
      }
    }
    blanks = 0
  }
  const blank = line.text.length - line.text.trimStart().length
  return finishWritten(into, line, Math.min(blank, line.text.length), Math.max(blank, at - start))
}

function readQuoted(code: string, open: number, end: number, into: MappedText): number {
  const quote = code[open]!
  let at = open + 1
  while (at < end && code[at] !== quote) {
    if (quote === '"' && code[at] === '\\' && (code[at + 1] === '"' || code[at + 1] === '\\')) {
      into.copy(at + 1, at + 2)
      at += 2
    } else if (quote === '"' && code[at] === '$' && code[at + 1] === '{') {
      const close = code.indexOf('}', at)
      const after = close === -1 || close >= end ? end : close + 1
      into.replace(at, after, UNKNOWN)
      at = after
    } else {
      let after = at + 1
      while (after < end && !'"\'\\$'.includes(code[after]!)) after++
      into.copy(at, after)
      at = after
    }
  }
  return Math.min(at + 1, end)
}
