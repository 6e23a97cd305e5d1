import { memo } from '../collections/memo.ts'
import { fillIn } from '../text/placeholder.ts'
import { internName } from '../text/intern-name.ts'
import type { Source } from '../text/source.ts'
import { endOfWord, isSpace, makeWord, NO_WORDS, splitWords, wordValue } from './split-words.ts'
import type { ApacheLineNode, ApacheNode, ApacheWord } from './syntax.ts'
import { MappedText, mapEnd, mapStart, type TextMap } from '../text/text-map.ts'

const BACKSLASH = 92
const CARRIAGE_RETURN = 13
const HASH = 35
const LESS_THAN = 60
const SLASH = 47
const GREATER_THAN = 62

/**
 * The logical lines of a file, in order, blank ones left out. Never fails: what httpd refuses is for the
 * evaluator to say. The result is kept for each `Source` object.
 */
export const parseApache = memo(({ code, values }: Source) => {
  const nodes = readLines(code)
  return values === null ? nodes : nodes.map(node => withValues(node, values))
})

/** The words of a line with what is known of their placeholders. */
function withValues(node: ApacheNode, values: NonNullable<Source['values']>): ApacheNode {
  if (node.kind === 'comment') return node
  return { ...node, words: node.words.map(word => ({ ...word, value: fillIn(word.value, values) })) }
}

function readLines(code: string): readonly ApacheNode[] {
  const nodes: ApacheNode[] = []
  const nuls = nulsOf(code)
  let line = 0
  let at = 0
  while (at < code.length) {
    line++
    const feed = code.indexOf('\n', at)
    const next = feed === -1 ? code.length : feed + 1
    const nul = nulBetween(nuls, at, next)
    if (nul !== -1) {
      // A C string ends at NUL: httpd sees neither the rest of the line nor its end.
      pushPlain(nodes, code, at, nul, line)
    } else if (feed !== -1 && isContinued(code, at, feed)) {
      const joined = joinLines(code, at, line, nuls)
      const node = parseLine(joined.text, joined.map, joined.line, line)
      if (node !== null) nodes.push(node)
      line = joined.line
      at = joined.next
      continue
    } else pushPlain(nodes, code, at, feed === -1 ? code.length : feed, line)
    at = next
  }
  return nodes
}

const NO_NULS: readonly number[] = []

/**
 * Offsets of the NUL bytes of a text. They are looked for once: an `indexOf` for the next one, even in a branch that
 * is never taken, is moved by V8 to where every line pays for a walk to the end of the text.
 */
function nulsOf(code: string): readonly number[] {
  if (!code.includes('\0')) return NO_NULS
  const offsets: number[] = []
  for (let at = code.indexOf('\0'); at !== -1; at = code.indexOf('\0', at + 1)) offsets.push(at)
  return offsets
}

/** The first of some ascending offsets in a stretch; -1 for none. */
function nulBetween(nuls: readonly number[], start: number, end: number): number {
  let low = 0
  let high = nuls.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((nuls[middle] ?? 0) < start) low = middle + 1
    else high = middle
  }
  const found = nuls[low] ?? -1
  return found < end ? found : -1
}

function isContinued(code: string, start: number, feed: number): boolean {
  let at = feed - 1
  if (at >= start && code.charCodeAt(at) === CARRIAGE_RETURN) at--
  return at >= start && code.charCodeAt(at) === BACKSLASH
}

/**
 * Joins physical lines as httpd does: whatever stands before the line end decides, so a backslash that an
 * earlier line left behind continues even an empty line, and comments are not known yet.
 */
function joinLines(code: string, start: number, firstLine: number, nuls: readonly number[]) {
  const joined = new MappedText(code, null, 0)
  let line = firstLine - 1
  let at = start
  while (at < code.length) {
    line++
    const feed = code.indexOf('\n', at)
    const nul = nulBetween(nuls, at, feed === -1 ? code.length : feed)
    if (nul !== -1) {
      joined.copy(at, nul)
      at = feed === -1 ? code.length : feed + 1
      break
    }
    if (feed === -1) {
      joined.copy(at, code.length)
      at = code.length
      break
    }
    const end = feed > at && code.charCodeAt(feed - 1) === CARRIAGE_RETURN ? feed - 1 : feed
    if (end > at ? code.charCodeAt(end - 1) !== BACKSLASH : !joined.text.endsWith('\\')) {
      joined.copy(at, feed)
      at = feed + 1
      break
    }
    if (end > at) joined.copy(at, end - 1)
    else joined.truncate(joined.text.length - 1)
    at = feed + 1
    // httpd counts the line that it looks for behind the last one.
    if (at === code.length) line++
  }
  return { text: joined.text, map: joined.finish(), line, next: at }
}

function pushPlain(nodes: ApacheNode[], code: string, from: number, to: number, line: number): void {
  let start = from
  let end = to
  while (start < end && isSpace(code.charCodeAt(start))) start++
  while (end > start && isSpace(code.charCodeAt(end - 1))) end--
  if (start === end) return
  if (code.charCodeAt(start) === HASH) nodes.push({ kind: 'comment', start, end, firstLine: line, line })
  else nodes.push(cutLine(code, start, end, 0, null, line, line))
}

/**
 * One logical line that was made up of several pieces of a source; null where it is blank. `line` is the
 * number that httpd gives it, `firstLine` that of its first physical line.
 */
export function parseLine(text: string, map: TextMap, line: number, firstLine: number): ApacheNode | null {
  let start = 0
  let end = text.length
  while (start < end && isSpace(text.charCodeAt(start))) start++
  while (end > start && isSpace(text.charCodeAt(end - 1))) end--
  if (start === end) return null
  if (text.charCodeAt(start) === HASH) {
    return { kind: 'comment', start: mapStart(map, start), end: mapEnd(map, end), firstLine, line }
  }
  return cutLine(text, start, end, 0, map, line, firstLine)
}

/**
 * Cuts a trimmed logical line, no comment, as httpd's `ap_build_config_sub` does: the first word names the
 * directive and loses a `>` at its end, and a section opened without arguments gets `>` for its text.
 */
export function cutLine(
  text: string,
  start: number,
  end: number,
  offset: number,
  map: TextMap | null,
  line: number,
  firstLine: number,
): ApacheLineNode {
  const nameEnd = endOfWord(text, start, end)
  let argsStart = nameEnd
  while (argsStart < end && isSpace(text.charCodeAt(argsStart))) argsStart++
  const command = wordValue(text, start, nameEnd)
  const open = command.charCodeAt(0) === LESS_THAN
  const slash = command.charCodeAt(1) === SLASH
  const bracket = command.length > 0 && command.charCodeAt(command.length - 1) === GREATER_THAN
  const kind = !open ? 'directive' : slash ? 'close' : 'open'
  const prefix = kind === 'directive' ? 0 : kind === 'open' ? 1 : 2
  const suffix = bracket && (kind === 'close' || !slash) ? 1 : 0
  const args = text.slice(argsStart, end)
  return {
    kind,
    start: map === null ? start + offset : mapStart(map, start),
    end: map === null ? end + offset : mapEnd(map, end),
    name: cutName(text, start, nameEnd, offset, map, command, prefix, suffix),
    text: kind === 'open' && args === '' ? '>' : args,
    words: cutArguments(text, argsStart, end, offset, map, kind === 'open'),
    firstLine,
    line,
    made: map === null ? null : { text: text.slice(start, end), map: start === 0 ? map : shift(map, start) },
  }
}

function cutArguments(
  text: string,
  start: number,
  end: number,
  offset: number,
  map: TextMap | null,
  opens: boolean,
): readonly ApacheWord[] {
  if (start >= end) return NO_WORDS
  if (!opens) return splitWords(text, start, end, offset, map)
  const bracket = text.lastIndexOf('>', end - 1)
  return splitWords(text, start, bracket < start ? end : bracket, offset, map)
}

function cutName(
  text: string,
  start: number,
  end: number,
  offset: number,
  map: TextMap | null,
  command: string,
  prefix: number,
  suffix: number,
): ApacheWord {
  if (end - start !== command.length) {
    const word = makeWord(text, start, end, offset, map)
    return { start: word.start, end: word.end, value: command.slice(prefix, command.length - suffix) }
  }
  const from = start + prefix
  const to = Math.max(from, end - suffix)
  return {
    start: map === null ? from + offset : from < end ? mapStart(map, from) : mapEnd(map, from),
    end: map === null ? to + offset : mapEnd(map, to),
    value: internName(command.slice(prefix, command.length - suffix)),
  }
}

function shift(map: TextMap, by: number): TextMap {
  return { pieces: map.pieces.map(piece => ({ ...piece, at: piece.at - by })) }
}
