import { type Place, type Source, UNKNOWN } from '../text/source.ts'
import { isOneSlipAway } from '../text/one-slip-away.ts'
import { MappedText } from '../text/text-map.ts'
import { sliceWritten, trimWritten, type WrittenText, writtenFor, withValues } from '../text/written-text.ts'

/** `Name=value` of a unit file, with the section that is meant (`misspeltSections`); `value` has its continuation lines joined by a blank, as systemd does. */
export interface UnitSetting {
  readonly section: string
  readonly name: string
  readonly value: string
  /** The value with the place of each of its characters. */
  readonly written: WrittenText
  readonly source: Source
  /** Offsets of the whole setting, half-open; the name begins at `start`. */
  readonly start: number
  readonly end: number
}

/** Reads a unit file or drop-in (systemd.syntax(7)): what is no section, setting or comment is passed over. */
export function parseUnit(source: Source): readonly UnitSetting[] {
  const settings: UnitSetting[] = []
  let section = ''
  for (let at = 0; at < source.code.length; ) {
    const { written, start, end, next } = readLine(source, at)
    at = next
    const header = /^\[([^\]]+)\]$/.exec(written.text)
    if (header !== null) {
      section = meantSection(header[1] ?? '') ?? header[1] ?? ''
      continue
    }
    const equals = written.text.indexOf('=')
    if (equals < 1) continue
    const rest = equals + 1 < written.text.length ? sliceWritten(written, equals + 1) : null
    const value = rest === null ? writtenFor(source, '', end, end) : trimWritten(rest)
    const name = written.text.slice(0, equals).trim()
    settings.push({ section, name, value: value.text, written: value, source, start, end })
  }
  return settings
}

const SECTIONS = ['Unit', 'Service', 'Install', 'Socket', 'Timer', 'Path', 'Mount']

/** The section that a misspelt one is meant for, which systemd leaves out; null for every other name. */
function meantSection(name: string): string | null {
  if (SECTIONS.includes(name)) return null
  return SECTIONS.find(each => each.toLowerCase() === name.toLowerCase() || isOneSlipAway(each, name)) ?? null
}

/** Headers of sections that systemd does not know, whose lines are read as those that are meant. */
export function misspeltSections(
  source: Source,
): readonly { readonly at: Place; readonly written: string; readonly meant: string }[] {
  const found: { at: Place; written: string; meant: string }[] = []
  for (let at = 0; at < source.code.length; ) {
    const { written, start, end, next } = readLine(source, at)
    at = next
    const name = /^\[([^\]]+)\]$/.exec(written.text)?.[1]
    const meant = name === undefined ? null : meantSection(name)
    if (name !== undefined && meant !== null) found.push({ at: { source, start, end }, written: name, meant })
  }
  return found
}

/** Lines that are no section, setting or comment: systemd says `Missing '='`, and goes on without them. */
export function strayLines(source: Source): readonly Place[] {
  const strays: Place[] = []
  for (let at = 0; at < source.code.length; ) {
    const { written, start, end, next } = readLine(source, at)
    at = next
    const { text } = written
    if (text === '' || start === -1 || /^\[.*\]$/.test(text) || text.includes('=')) continue
    // A placeholder may bring whole lines; what it stands behind is no setting whatever it brings.
    if (!/^[{<%@$]/.test(text) && !text.startsWith(UNKNOWN)) strays.push({ source, start, end })
  }
  return strays
}

interface UnitLine {
  readonly written: WrittenText
  readonly start: number
  readonly end: number
  readonly next: number
}

/** One line with those that continue it; empty where a comment stands. */
function readLine(source: Source, from: number): UnitLine {
  const { code } = source
  const text = new MappedText(code, null, 0)
  let at = from
  let start = -1
  let end = from
  for (let more = true; more && at < code.length; ) {
    const lineEnd = endOfLine(code, at)
    const part = code.slice(at, lineEnd)
    const first = at + part.length - part.trimStart().length
    const last = Math.max(first, at + part.trimEnd().length)
    const begins = start === -1
    at = lineEnd + 1
    // A comment between continuation lines is left out, and does not end them.
    if (code[first] === '#' || code[first] === ';') {
      if (begins) break
      end = last
      continue
    }
    more = last > first && code[last - 1] === '\\'
    if (begins) start = first
    else text.replace(end, first, ' ')
    const content = more ? last - 1 : last
    text.copy(first, first + code.slice(first, content).trimEnd().length)
    end = last
  }
  if (start === -1) return { written: writtenFor(source, '', from, from), start: from, end: from, next: at }
  const isEmpty = text.text === ''
  const written = isEmpty
    ? writtenFor(source, '', start, start)
    : withValues({ source, text: text.text, map: text.finish() })
  return { written, start, end, next: at }
}

function endOfLine(code: string, at: number): number {
  const end = code.indexOf('\n', at)
  return end === -1 ? code.length : end
}
