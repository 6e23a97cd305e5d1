import { posix } from 'node:path'
import type { Place, Source } from '../text/source.ts'
import { UNKNOWN } from '../text/source.ts'
import { MappedText } from '../text/text-map.ts'
import {
  finishWritten,
  sliceWritten,
  trimWritten,
  type WrittenText,
  writtenAt,
  writtenFor,
} from '../text/written-text.ts'
import type { YamlFile, YamlNode } from '../yaml/yaml-node.ts'

/** `name = value` of a file, nothing filled in. */
export interface RawOption {
  readonly name: WrittenText
  readonly value: WrittenText
  readonly at: Place
}

/** The options of one section of a file; null where the format cannot be read here. */
export function readRawOptions(
  source: Source,
  section: string,
  yaml: ((source: Source) => YamlFile) | null,
): readonly RawOption[] | null {
  switch (posix.extname(source.path)) {
    case '.xml':
      return readXml(source)
    case '.yaml':
    case '.yml':
    case '.json':
    case '.js':
      return yaml === null ? null : readMap(yaml(source), section)
    default:
      return readIni(source, section)
  }
}

/** uWSGI's INI has no quotes, no continuation lines, and comments only at the beginning of a line. */
function readIni(source: Source, wanted: string): readonly RawOption[] {
  const { code } = source
  const options: RawOption[] = []
  let section = ''
  for (let at = 0; at < code.length; ) {
    const newline = code.indexOf('\n', at)
    const end = newline === -1 ? code.length : newline
    const line = trimWritten(writtenAt(source, at, end))
    at = end + 1
    const { text } = line
    if (text === '' || text.startsWith(';') || text.startsWith('#')) continue
    if (text.startsWith('[')) {
      section = text.slice(1, text.endsWith(']') ? -1 : undefined)
      continue
    }
    if (section !== wanted) continue
    const equals = text.indexOf('=')
    const place = { source, start: line.map.pieces[0]?.start ?? at, end: line.map.pieces.at(-1)?.end ?? at }
    const name = trimWritten(sliceWritten(line, 0, equals === -1 ? text.length : equals))
    const value =
      equals === -1 || equals + 1 >= text.length
        ? writtenFor(source, '', place.end, place.end)
        : trimWritten(sliceWritten(line, equals + 1))
    options.push({ name, value, at: place })
  }
  return options
}

function readMap({ documents }: YamlFile, wanted: string): readonly RawOption[] {
  const options: RawOption[] = []
  for (const root of documents) {
    const map = root.kind === 'map' ? root.entries.get(wanted)?.value : undefined
    if (map?.kind !== 'map') continue
    for (const { name, key, value } of map.entries.values()) {
      const items: readonly YamlNode[] = value.kind === 'list' ? value.items : [value]
      for (const item of items) {
        if (item.kind !== 'scalar') continue
        const option = writtenFor(key.source, name, key.start, key.end)
        options.push({ name: option, value: item.text, at: { ...key, end: Math.max(key.end, item.at.end) } })
      }
    }
  }
  return options
}

const ELEMENT = /<([A-Za-z][\w.-]*)(?:\s[^<>]*)?(?:\/>|>([^<]*)<\/\1\s*>)/g

/** `<socket>:1</socket>` below `<uwsgi>`. */
function readXml(source: Source): readonly RawOption[] {
  const { code } = source
  const start = code.search(/<uwsgi[\s>]/)
  if (start === -1) return []
  const options: RawOption[] = []
  ELEMENT.lastIndex = start + 6
  for (let match = ELEMENT.exec(code); match !== null; match = ELEMENT.exec(code)) {
    const at = { source, start: match.index, end: ELEMENT.lastIndex }
    const name = writtenAt(source, match.index + 1, match.index + 1 + match[1]!.length)
    const text = match[2]
    const from = text === undefined ? 0 : at.end - text.length - match[1]!.length - 3
    const value =
      text === undefined || text.trim() === '' || /&/.test(text)
        ? writtenFor(source, text?.includes('&') === true ? UNKNOWN : '', at.end, at.end)
        : trimWritten(writtenAt(source, from, from + text.length))
    options.push({ name, value, at })
  }
  return options
}

/** What the placeholders of a value stand for. */
export interface UwsgiNames {
  /** The file in which the value stands, and the first one that was read. */
  readonly file: string
  readonly first: string
  readonly section: string
  /** A variable: null where it is not set, undefined where nobody knows. */
  readonly variable: (name: string) => string | null | undefined
}

/** No value is longer once it is filled in. */
const LONGEST = 64 * 1024

const PLACEHOLDER = /%\([^)\n]*\)|\$\(([^)\n]*)\)|@\([^)\n]*\)|%([\s\S])/g

/** Fills in `%n` and its like, and `$(NAME)`; a variable that nobody set stays as it is written. */
export function fillUwsgi(written: WrittenText, names: UwsgiNames): WrittenText {
  if (!/[%$@]/.test(written.text)) return written
  return fill(written, PLACEHOLDER, (whole, variable, letter) => {
    if (letter !== undefined) return magic(letter, names)
    if (variable !== undefined) return names.variable(variable)
    return whole.startsWith('%') ? null : undefined
  })
}

/** Fills in `%(name)`; a name that nobody gave stays as it is written, arithmetic is left unknown. */
export function fillUwsgiOptions(
  written: WrittenText,
  option: (name: string) => string | undefined,
): WrittenText {
  if (!written.text.includes('%(')) return written
  return fill(written, /%\(([^)\n]*)\)/g, (_, name = '') => {
    const value = option(name)
    if (value !== undefined) return value
    const operand = /^([^ +*/-]+) *[+*/-]/.exec(name.trim())?.[1]
    return operand !== undefined && option(operand) !== undefined ? undefined : null
  })
}

/** @param read the value of a placeholder: null where it stays, undefined where nobody knows it */
function fill(
  written: WrittenText,
  placeholder: RegExp,
  read: (whole: string, first: string | undefined, second: string | undefined) => string | null | undefined,
): WrittenText {
  const { text } = written
  const into = new MappedText(text, written.map, 0)
  let at = 0
  for (const { index, 0: whole, 1: first, 2: second } of text.matchAll(placeholder)) {
    if (into.text.length > LONGEST) break
    into.copy(at, index)
    const value = read(whole, first, second)
    if (value === null) into.copy(index, index + whole.length)
    else into.replace(index, index + whole.length, value ?? UNKNOWN)
    at = index + whole.length
  }
  into.copy(at, text.length)
  return finishWritten(into, written)
}

function magic(letter: string, { file, first, section }: UwsgiNames): string | undefined {
  const path = letter === letter.toUpperCase() && letter !== letter.toLowerCase() ? first : file
  const name = posix.basename(path)
  const directory = posix.dirname(path)
  switch (letter.toLowerCase()) {
    case '%':
      return '%'
    case 'n':
      return name.includes('.') ? name.slice(0, name.lastIndexOf('.')) : name
    case 's':
      return name
    case 'e':
      return name.includes('.') ? name.slice(name.lastIndexOf('.') + 1) : ''
    case 'd':
      return directory === '/' ? '/' : `${directory}/`
    case 'p':
      return path
    case 'c':
      return posix.basename(directory)
    case 'x':
      return letter === 'x' && section !== 'uwsgi' ? section : ''
    default:
      return /^\d$/.test(letter) ? (path.split('/').slice(1)[Number(letter)] ?? '') : undefined
  }
}
