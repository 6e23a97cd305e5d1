import type { Fact } from '../text/fact.ts'
import { interpolate } from '../text/interpolate.ts'
import type { Place, Source } from '../text/source.ts'
import { MappedText } from '../text/text-map.ts'
import { factOf, sliceWritten, trimWritten, type WrittenText, writtenAt } from '../text/written-text.ts'

/** A line of a `.env` file. */
export interface DotenvVariable {
  readonly name: string
  /** Unknown where another variable decides that is not set above it. */
  readonly value: Fact<string>
  /** Name and value. */
  readonly at: Place
}

const LINE = /^[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_.-]*)[ \t]*[=:][ \t]*/

/**
 * Reads a `.env` file as Compose, python-dotenv and their like do: `NAME=value`, with or without `export`;
 * quotes may span lines, ` #` ends a plain value, variables of lines above are filled in where no single
 * quotes keep them. Lines that are none are passed over.
 */
export function parseDotenv(source: Source): readonly DotenvVariable[] {
  const { code } = source
  const variables: DotenvVariable[] = []
  const known = new Map<string, string | undefined>()
  const lookup = (name: string) => (known.has(name) ? known.get(name) : null)
  for (let at = 0; at < code.length; ) {
    const lineEnd = endOfLine(code, at)
    const match = LINE.exec(code.slice(at, lineEnd))
    if (match === null) {
      at = lineEnd + 1
      continue
    }
    const [head, name = ''] = match
    const { raw, end } = readValue(source, at + head.length, lineEnd)
    const expanded = raw.quote === "'" ? raw.text : interpolate(raw.text, lookup)
    const value = factOf(expanded)
    known.set(name, value.known ? value.value : undefined)
    const start = at + head.indexOf(name)
    variables.push({ name, value, at: { source, start, end: Math.max(end, start + name.length) } })
    at = Math.max(end, endOfLine(code, end)) + 1
  }
  return variables
}

interface RawValue {
  readonly text: WrittenText
  readonly quote: '' | '"' | "'"
}

function readValue(source: Source, start: number, lineEnd: number): { raw: RawValue; end: number } {
  const { code } = source
  const quote = code[start]
  if (quote === '"' || quote === "'") {
    const quoted = readQuoted(source, start, quote)
    if (quoted !== null) return quoted
  }
  const line = code.slice(start, lineEnd)
  const comment = line.search(/(?:^|[ \t])#/)
  const text = trimWritten(writtenAt(source, start, comment === -1 ? lineEnd : start + comment))
  return { raw: { text, quote: '' }, end: start + text.text.length }
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', '"': '"', '\\': '\\', $: '$$' }

/** Null where the quote is not closed. */
function readQuoted(source: Source, open: number, quote: '"' | "'"): { raw: RawValue; end: number } | null {
  const { code } = source
  const text = new MappedText(code, null, 0)
  const special = quote === '"' ? /["\\]/g : /['\\]/g
  for (let at = open + 1; ; ) {
    special.lastIndex = at
    const next = special.exec(code)?.index
    if (next === undefined) return null
    text.copy(at, next)
    if (code[next] === quote) {
      const written =
        text.text === ''
          ? sliceWritten(writtenAt(source, open, next + 1), 1, 1)
          : { source, text: text.text, map: text.finish() }
      return { raw: { text: written, quote }, end: next + 1 }
    }
    const escaped = code[next + 1] ?? ''
    const replaced = quote === '"' ? ESCAPES[escaped] : escaped === "'" ? escaped : undefined
    if (replaced === undefined) text.copy(next, Math.min(next + 2, code.length))
    else text.replace(next, next + 2, replaced)
    at = next + 2
  }
}

function endOfLine(code: string, at: number): number {
  const end = code.indexOf('\n', at)
  return end === -1 ? code.length : end
}
