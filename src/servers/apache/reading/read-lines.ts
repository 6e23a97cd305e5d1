import { parseApache } from '../../../../parsers/apache/parse.ts'
import { splitWords } from '../../../../parsers/apache/split-words.ts'
import type { ApacheLineNode } from '../../../../parsers/apache/syntax.ts'
import { isUnknownWord, type Source } from '../../../../parsers/text/source.ts'
import type { ApacheDirective } from '../configuration.ts'
import { nextLine } from './conditionals.ts'
import { execute } from './executed.ts'
import { nameOf, noteOccurrence } from './names.ts'
import { lineOf, placeOf, placeOfDirective } from './places.ts'
import {
  type Cursor,
  countLine,
  leaveOpen,
  type LineName,
  type OpenDirective,
  type Reading,
  refuse,
  refuseLine,
  type Stream,
  WITHOUT_MARK,
} from './reading.ts'
import { expandLine, hasVariables } from './variables.ts'

/**
 * Reads one file into the tree below `parent`: what it opens it has to close. `file` is the path that led
 * to it: httpd names it in its messages, link or no link.
 */
export function readFile(
  reading: Reading,
  source: Source,
  file: string,
  parent: OpenDirective | null,
  depth = 0,
): void {
  reading.sources.add(source)
  reading.world.read(source, reading.presence)
  if (source.gaps.length > 0) leaveOpen(reading)
  const before = reading.stream
  reading.stream = openStream(source, file)
  const cursor: Cursor = { floor: parent, parent, depth }
  for (let node = nextLine(reading); node !== null; node = nextLine(reading)) {
    readLine(reading, node, cursor)
    if (reading.stopped) break
  }
  refuseOpen(reading, cursor)
  reading.stream = before
}

export function openStream(source: Source, file: string): Stream {
  return {
    nodes: parseApache(source),
    source,
    file,
    rest: null,
    expands: source.code.includes('${'),
    next: 0,
  }
}

/**
 * Reads a true conditional's body. Its closer has to be the whole line; the end of the file closes it as
 * well, and with it whatever the body still has open.
 */
export function readBody(reading: Reading, cursor: Cursor, closer: string): boolean {
  for (let node = nextLine(reading); node !== null; node = nextLine(reading)) {
    if (node.kind === 'close' && cursor.parent === cursor.floor && isCloserOf(reading, node, closer)) {
      return true
    }
    readLine(reading, node, cursor)
    if (reading.stopped) return false
  }
  return false
}

function isCloserOf(reading: Reading, node: ApacheLineNode, name: string): boolean {
  if (node.text !== '' || node.name.value.length !== name.length) return false
  return lineOf(reading.stream, node).toLowerCase() === `</${name.toLowerCase()}>`
}

/** httpd names the outermost of what is still open. */
function refuseOpen(reading: Reading, cursor: Cursor): void {
  if (reading.stopped || reading.stream.source.isContinued === true) return
  let outermost: OpenDirective | null = null
  for (let open = cursor.parent; open !== null && open !== cursor.floor; open = open.parent) outermost = open
  if (outermost === null) return
  const { name } = outermost
  const at = placeOfDirective(outermost)
  refuse(reading, 'section-unclosed', `\`<${name}>\` is not closed`, at, { help: `add \`</${name}>\`` })
}

function readLine(reading: Reading, written: ApacheLineNode, cursor: Cursor): void {
  const { stream } = reading
  countLine(reading, cursor)
  if (reading.stopped) return
  let node = written
  if (stream.expands && hasVariables(written)) {
    const expanded = expandLine(reading, stream, written, cursor.parent)
    if (expanded === null) return
    node = expanded
  }
  if (node.kind === 'close') {
    closeSection(reading, node, cursor)
    return
  }
  if (node.name.value === '' && isEmptyWord(stream, node)) return
  // What a template or an unknown variable names is anybody's guess.
  if (node.kind === 'directive' && isUnknownWord(node.name.value)) {
    leaveOpen(reading)
    return
  }
  if (isCloserWithoutBracket(node, cursor)) {
    const name = cursor.parent?.name ?? ''
    refuseLine(
      reading,
      'section-close-malformed',
      `\`<${name}>\` is not closed: this line lacks its \`<\``,
      placeOf(stream, node),
      { help: `write \`</${name}>\`` },
    )
    recover(cursor, name)
    return
  }
  const name = nameOf(reading, node.name.value, node.kind === 'open')
  const parent = cursor.parent
  if (execute(reading, node, name, cursor)) {
    reading.executed.push(makeDirective(stream, node, name, parent))
    return
  }
  const directive = makeDirective(stream, node, name, parent)
  const siblings = parent === null ? reading.top : parent.children
  siblings.push(directive)
  noteOccurrence(reading, name, directive)
  if (!directive.section) return
  cursor.parent = directive
  cursor.depth++
}

/** True for `/VirtualHost>` where that section is open: it was to be closed here. */
function isCloserWithoutBracket({ kind, name, words }: ApacheLineNode, { parent, floor }: Cursor): boolean {
  if (kind !== 'directive' || parent === null || parent === floor || words.length > 0) return false
  return name.value.toLowerCase() === `/${parent.name.toLowerCase()}`
}

/** httpd skips a line whose first word is `""`. */
function isEmptyWord(stream: Stream, node: ApacheLineNode): boolean {
  return splitWords(lineOf(stream, node))[0]?.value === ''
}

/** Stands for the children of what can have none. */
const NO_CHILDREN: OpenDirective[] = []

function makeDirective(
  stream: Stream,
  node: ApacheLineNode,
  name: LineName,
  parent: OpenDirective | null,
): OpenDirective {
  const section = node.kind === 'open'
  return {
    name: name.name,
    section,
    args: node.words,
    text: node.text,
    source: stream.source,
    start: node.start,
    end: node.end,
    nameStart: node.name.start,
    nameEnd: node.name.end,
    line: node.line,
    file: stream.file,
    parent,
    children: section ? [] : NO_CHILDREN,
  } satisfies ApacheDirective
}

function closeSection(reading: Reading, node: ApacheLineNode, cursor: Cursor): void {
  const { stream } = reading
  const name = node.name.value
  const open = cursor.parent
  if (open === cursor.floor || open === null) {
    const at = placeOf(stream, node)
    // The mark before a section that begins the file makes a directive of it.
    const help = at.source.text.startsWith('\uFEFF<') ? { help: WITHOUT_MARK } : {}
    refuse(reading, 'section-not-open', `\`</${name}>\` closes nothing`, at, help)
    return
  }
  if (!isWholeCloser(stream, node)) {
    refuse(reading, 'section-close-malformed', `\`</${name}\` does not end in \`>\``, placeOf(stream, node))
  }
  if (name.length === open.name.length && name.toLowerCase() === open.name.toLowerCase()) {
    leave(cursor, open)
    return
  }
  if (isUnknownWord(name) || isUnknownWord(open.name)) {
    leave(cursor, open)
    return
  }
  refuse(
    reading,
    'section-mismatched',
    `\`<${open.name}>\` is closed by \`</${name}>\``,
    placeOf(stream, node),
    {
      related: [
        {
          at: { source: open.source, start: open.nameStart, end: open.nameEnd },
          message: `\`<${open.name}>\` is opened here`,
        },
      ],
    },
  )
  recover(cursor, name)
}

function leave(cursor: Cursor, section: OpenDirective): void {
  // A copy holds no spare room, which growing arrays have plenty of.
  section.children = section.children.length === 0 ? NO_CHILDREN : section.children.slice()
  for (let open = cursor.parent; open !== null && open !== section.parent; open = open.parent) cursor.depth--
  cursor.parent = section.parent
}

/** Goes on behind the section that the closer may have meant. */
function recover(cursor: Cursor, name: string): void {
  for (let open = cursor.parent; open !== null && open !== cursor.floor; open = open.parent) {
    if (open.name.toLowerCase() !== name.toLowerCase()) continue
    leave(cursor, open)
    return
  }
}

/** The first word has to end in `>`: what follows behind a space is ignored. */
function isWholeCloser(stream: Stream, node: ApacheLineNode): boolean {
  if (node.made === null && stream.source.code.charCodeAt(node.name.end) === 62) {
    const behind = stream.source.code.charCodeAt(node.name.end + 1)
    if (Number.isNaN(behind) || behind === 10 || behind === 13 || behind === 32) return true
  }
  return splitWords(lineOf(stream, node))[0]?.value.endsWith('>') ?? false
}
