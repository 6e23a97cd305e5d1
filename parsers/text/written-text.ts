import { type Fact, known, unknown } from './fact.ts'
import { placedPlaceholders } from './placeholder.ts'
import { isUnknownWord, type Place, type Source } from './source.ts'
import { MappedText, mapEnd, mapStart, type TextMap } from './text-map.ts'

/**
 * A text as a program sees it, with escapes, folded lines and variables already read, and where each of
 * its characters was written. A part that nobody knows is one `UNKNOWN` character.
 */
export interface WrittenText {
  readonly source: Source
  readonly text: string
  readonly map: TextMap
}

/** A stretch of a source, letter by letter but for the placeholders of which it is known what they stand for. */
export function writtenAt(source: Source, start: number, end: number): WrittenText {
  const pieces = start < end ? [{ at: 0, start, end, exact: true }] : [{ at: 0, start, end, exact: false }]
  return withValues({ source, text: source.code.slice(start, end), map: { pieces } })
}

/** A text with what is known of its placeholders in their place. */
export function withValues(written: WrittenText): WrittenText {
  const { source, text, map } = written
  if (source.values === null || !isUnknownWord(text)) return written
  const filled = new MappedText(text, map, 0)
  let copied = 0
  for (const { start, end, written: placeholder } of placedPlaceholders(text)) {
    const value = source.values.get(placeholder)
    if (value === undefined) continue
    filled.copy(copied, start)
    filled.replace(start, end, value.text)
    copied = end
  }
  filled.copy(copied, text.length)
  return { source, text: filled.text, map: filled.finish() }
}

/** A file as it stands on disk: what looks like a template's placeholder is a variable of a script. */
export function wholeText(source: Source): WrittenText {
  const { text } = source
  return { source, text, map: { pieces: [{ at: 0, start: 0, end: text.length, exact: true }] } }
}

/** A text that a stretch of a source stands for as a whole. */
export function writtenFor(source: Source, text: string, start: number, end: number): WrittenText {
  return { source, text, map: { pieces: [{ at: 0, start, end, exact: false }] } }
}

/** The characters `start`..`end` of a text. */
export function sliceWritten(written: WrittenText, start: number, end = written.text.length): WrittenText {
  if (start === 0 && end === written.text.length) return written
  const at = placeIn(written, start, end)
  if (start >= end) return writtenFor(written.source, '', at.start, at.end)
  const part = new MappedText(written.text, written.map, 0)
  part.copy(start, end)
  return { source: written.source, text: part.text, map: part.finish() }
}

/** The parts of a text between a separator. */
export function splitWritten(written: WrittenText, separator: string): readonly WrittenText[] {
  const parts: WrittenText[] = []
  let start = 0
  for (let at = written.text.indexOf(separator); at !== -1; at = written.text.indexOf(separator, start)) {
    parts.push(sliceWritten(written, start, at))
    start = at + separator.length
  }
  parts.push(sliceWritten(written, start))
  return parts
}

/** A text put together from the characters `start`..`end` of another; it may be empty. */
export function finishWritten(
  into: MappedText,
  from: WrittenText,
  start = 0,
  end = from.text.length,
): WrittenText {
  if (into.text !== '') return { source: from.source, text: into.text, map: into.finish() }
  const at = placeIn(from, start, end)
  return writtenFor(from.source, '', at.start, at.end)
}

/** A text without the blanks at both ends. */
export function trimWritten(written: WrittenText): WrittenText {
  const { text } = written
  const start = text.length - text.trimStart().length
  return sliceWritten(written, start, Math.max(start, text.trimEnd().length))
}

/** Where the characters `start`..`end` of a text were written. */
export function placeIn(written: WrittenText, start = 0, end = written.text.length): Place {
  const from = mapStart(written.map, start)
  const to = end > start ? mapEnd(written.map, end) : from
  return { source: written.source, start: from, end: Math.max(from, to) }
}

/** The place of a text as a whole. */
export function placeOf(written: WrittenText): Place {
  const { pieces } = written.map
  if (written.text === '' && pieces[0] !== undefined)
    return { source: written.source, start: pieces[0].start, end: pieces[0].end }
  return placeIn(written)
}

/** From the beginning of one text to the end of a later one of the same source. */
export function placeAcross(first: WrittenText, last: WrittenText): Place {
  const { source, start } = placeOf(first)
  return { source, start, end: placeOf(last).end }
}

/** A text as a fact: unknown where any part of it is. */
export function factOf(written: WrittenText): Fact<string> {
  const at = placeOf(written)
  return isUnknownWord(written.text)
    ? unknown('a variable or placeholder decides', at)
    : known(written.text, at)
}

/** A text read by `read`; unknown where a part of it is, or where `read` can make nothing of it. */
export function readFact<T>(written: WrittenText, read: (text: string) => T | undefined): Fact<T> {
  const fact = factOf(written)
  if (!fact.known) return fact
  const value = read(fact.value)
  return value === undefined ? unknown(`\`${fact.value}\` cannot be read`, fact.at) : known(value, fact.at)
}
