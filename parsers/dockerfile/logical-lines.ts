import type { Source } from '../text/source.ts'
import { MappedText } from '../text/text-map.ts'
import { type WrittenText, writtenAt } from '../text/written-text.ts'

/** An instruction as one line: continuation lines joined, comments between them left out. */
export interface LogicalLine {
  readonly text: WrittenText
  readonly documents: readonly { readonly name: string; readonly text: WrittenText }[]
  readonly end: number
}

export interface LogicalLines {
  readonly lines: readonly LogicalLine[]
  /** The character that continues lines and escapes others. */
  readonly escaper: '\\' | '`'
}

const DIRECTIVE = /^#[ \t]*([a-zA-Z][a-zA-Z0-9]*)[ \t]*=[ \t]*(\S+)[ \t]*\r?$/
/** Instructions that may have here-documents. */
const WITH_DOCUMENTS = /^(?:ADD|COPY|RUN|ONBUILD[ \t]+(?:ADD|COPY|RUN))[ \t]/i

/** Cuts a Dockerfile into instructions as BuildKit does. */
export function logicalLines(source: Source): LogicalLines {
  const { code } = source
  const escaper = escapeDirective(code)
  const continuation = escaper === '\\' ? /\\[ \t]*\r?$/ : /`[ \t]*\r?$/
  const lines: LogicalLine[] = []
  for (let at = code.startsWith('\ufeff') ? 1 : 0; at < code.length; ) {
    const text = new MappedText(code, null, 0)
    let end = at
    for (let more = true; more && at < code.length; ) {
      end = endOfLine(code, at)
      const line = code.slice(at, end)
      const blank = line.length - line.trimStart().length
      const isEmpty = blank === line.length
      if (!isEmpty && line[blank] !== '#') {
        const join = continuation.exec(line)
        const first = text.text === '' ? blank : 0
        text.copy(at + first, join === null ? at + line.trimEnd().length : at + join.index)
        more = join !== null
        // A lone backslash begins an instruction that has nothing yet.
        if (join !== null && text.text === '') more = false
      } else if (text.text === '') more = false
      at = end + 1
    }
    if (text.text.trim() === '') continue
    const written = { source, text: text.text, map: text.finish() }
    const read = WITH_DOCUMENTS.test(written.text) ? readDocuments(source, written.text, at) : null
    lines.push({ text: written, documents: read?.documents ?? [], end: read?.end ?? end })
    at = read?.at ?? at
  }
  return { lines, escaper }
}

/** Directives are comments at the very top. */
function escapeDirective(code: string): '\\' | '`' {
  for (let at = 0; at < code.length; ) {
    const end = endOfLine(code, at)
    const match = DIRECTIVE.exec(code.slice(at, end).replace(/^\ufeff/, ''))
    if (match === null) break
    if (match[1]?.toLowerCase() === 'escape') return match[2] === '`' ? '`' : '\\'
    at = end + 1
  }
  return '\\'
}

const OPENING = /(?:^|[ \t])\d*<<(-?)(?:"([^"\s<]+)"|'([^'\s<]+)'|([^"'\s<]+))(?=[ \t;&|>)]|$)/g
/** No instruction has more of them. */
const MOST_DOCUMENTS = 20

interface Documents {
  readonly documents: LogicalLine['documents']
  readonly end: number
  /** Where the next line begins. */
  readonly at: number
}

/** The here-documents behind a line, one after the other; null where there is none. */
function readDocuments(source: Source, line: string, from: number): Documents | null {
  const { code } = source
  const documents: { name: string; text: WrittenText }[] = []
  let at = from
  let end = from
  for (const match of line.matchAll(OPENING)) {
    const name = match[2] ?? match[3] ?? match[4] ?? ''
    if (documents.length >= MOST_DOCUMENTS) break
    const start = Math.min(at, code.length)
    for (;;) {
      end = endOfLine(code, at)
      const text = code.slice(at, end).replace(/\r$/, '')
      const isEnd = (match[1] === '-' ? text.replace(/^\t+/, '') : text) === name
      if (isEnd || end >= code.length) {
        const last = isEnd ? at : code.length
        documents.push({ name, text: writtenAt(source, Math.min(start, last), last) })
        at = end + 1
        break
      }
      at = end + 1
    }
    if (at >= code.length) break
  }
  return documents.length === 0 ? null : { documents, end: Math.min(end, code.length), at }
}

function endOfLine(code: string, at: number): number {
  const end = code.indexOf('\n', at)
  return end === -1 ? code.length : end
}
