import { parseLine } from '../../../../parsers/apache/parse.ts'
import { splitWords } from '../../../../parsers/apache/split-words.ts'
import type { ApacheLineNode, ApacheNode, MadeLine } from '../../../../parsers/apache/syntax.ts'
import { MappedText } from '../../../../parsers/text/text-map.ts'
import { lineOf, placeOf } from './places.ts'
import {
  type Macro,
  type MacroLine,
  type Reading,
  reachLimit,
  refuse,
  remark,
  type Stream,
} from './reading.ts'

/** `<Macro name $parameter…>`: takes the lines up to `</Macro>` as they are. */
export function defineMacro(reading: Reading, node: ApacheLineNode): void {
  const { stream } = reading
  const at = placeOf(stream, node)
  const bracket = node.text.lastIndexOf('>')
  const body = takeBody(stream, node.line)
  if (bracket === -1) {
    refuse(reading, 'macro-malformed', '`<Macro>` has no closing `>`', at)
    return
  }
  if (bracket === 0) {
    refuse(reading, 'macro-malformed', '`<Macro>` has no name', at)
    return
  }
  const [first, ...rest] = splitWords(node.text, 0, bracket)
  const name = first?.value.toLowerCase() ?? ''
  if (name === '') {
    refuse(reading, 'macro-malformed', '`<Macro>` has no name', at)
    return
  }
  const parameters = rest.map(word => word.value)
  reading.macros ??= new Map()
  const { macros } = reading
  const previous = macros.get(name)
  // Files that no main file joins may be there in each other's place.
  if (previous !== undefined && (!reading.fragments || previous.source === stream.source)) {
    remark(
      reading,
      'macro-redefined',
      `macro \`${name}\` is defined a second time, and this one counts`,
      at,
      {
        related: [{ at: previous.at, message: 'the first definition' }],
      },
    )
  }
  if (parameters.includes('')) {
    refuse(reading, 'macro-malformed', 'a parameter has no name', at)
    return
  }
  const twice = parameters.find((parameter, index) => parameters.indexOf(parameter) !== index)
  if (twice !== undefined) {
    refuse(reading, 'macro-malformed', `macro \`${name}\` has the parameter \`${twice}\` twice`, at)
    return
  }
  if (body === null) {
    refuse(reading, 'macro-malformed', `macro \`${name}\` is not closed by \`</Macro>\``, at)
    return
  }
  if (body.length > 0) noteUnused(reading, name, parameters, body, node)
  macros.set(name, {
    name,
    location: `defined on line ${node.line} of "${stream.file}"`,
    source: stream.source,
    at,
    parameters,
    lines: body,
  })
}

/** The lines up to the closer, which has to stand in the same stream; null where there is none. */
function takeBody(stream: Stream, openerLine: number): readonly MacroLine[] | null {
  const lines: MacroLine[] = []
  let depth = 1
  let line = openerLine
  for (;;) {
    const node = stream.nodes[stream.next++]
    if (node === undefined) return null
    // Comments are dropped, blank lines are kept: both only matter for how the body's lines are numbered.
    for (let blank = node.firstLine - line - 1; blank > 0; blank--) lines.push(BLANK)
    line = node.line
    if (node.kind === 'comment') continue
    if (node.kind === 'open' && isWholeWord(stream, node, '<macro')) depth++
    else if (node.kind === 'close' && isWholeWord(stream, node, '</macro>') && --depth === 0) return lines
    lines.push({
      text: lineOf(stream, node),
      map: node.made?.map ?? null,
      offset: node.made === null ? node.start : 0,
    })
  }
}

const BLANK: MacroLine = { text: '', map: null, offset: 0 }

/** httpd compares the whole first word, so `<Macro>` opens none here and `</Macro` closes none. */
function isWholeWord(stream: Stream, node: ApacheLineNode, word: string): boolean {
  const first = splitWords(lineOf(stream, node))[0]
  return first?.value.toLowerCase() === word
}

function noteUnused(
  reading: Reading,
  name: string,
  parameters: readonly string[],
  body: readonly MacroLine[],
  node: ApacheLineNode,
): void {
  if (parameters.length === 0) return
  const used = new Set<number>()
  for (const line of body) substitute(line, parameters, parameters, used)
  const unused = [...parameters.keys()].filter(index => !used.has(index))
  const [first] = unused
  if (first === undefined) return
  // httpd says it of each parameter; it is one fault of who wrote the macro.
  const names = unused.map(index => `\`${parameters[index]}\``).join(', ')
  remark(
    reading,
    'macro-argument-unused',
    `macro \`${name}\` does not use its ${unused.length === 1 ? 'parameter' : 'parameters'} ${names}`,
    placeOf(reading.stream, node, node.words[first + 1] ?? node.name),
  )
}

/** `Use name value…`: puts the macro's lines, filled in, before the rest of the stream. */
export function useMacro(reading: Reading, node: ApacheLineNode): void {
  const { stream } = reading
  const at = placeOf(stream, node, node.words[0])
  const name = node.words[0]?.value.toLowerCase() ?? ''
  const macro = reading.macros?.get(name)
  if (macro === undefined) {
    // The missing outer part, or a file out of reach, may define it.
    if (reading.fragments || !reading.complete) return
    if (reading.macros === null) {
      refuse(reading, 'macro-undefined', 'no macro is defined before `Use`', at)
      return
    }
    if (name === '') {
      refuse(reading, 'macro-malformed', '`Use` names no macro', at)
      return
    }
    refuse(reading, 'macro-undefined', `macro \`${name}\` is not defined`, at)
    return
  }
  if (stream.file.includes(`macro '${name}'`)) {
    refuse(reading, 'macro-recursive', `macro \`${name}\` uses itself`, at)
    return
  }
  const values = node.words.slice(1).map(word => word.value)
  if (values.length !== macro.parameters.length) {
    refuse(
      reading,
      'macro-argument-count',
      `macro \`${name}\` has ${count(macro.parameters.length, 'parameter')} and gets ${count(values.length, 'value')}`,
      at,
      { related: [{ at: macro.at, message: 'defined here' }] },
    )
    return
  }
  reading.includes++
  if (depthOf(stream) >= DEEPEST_MACRO) {
    reachLimit(reading, `macros that use each other ${DEEPEST_MACRO} deep`)
    return
  }
  const file = `macro '${name}' (${macro.location}) used on line ${node.line} of "${stream.file}"`
  const nodes = fillIn(reading, macro, values)
  if (reading.stopped) return
  reading.stream = {
    nodes,
    source: macro.source,
    file,
    rest: stream,
    expands: true,
    next: 0,
  }
}

/** `UndefMacro name`. */
export function undefineMacro(reading: Reading, node: ApacheLineNode): void {
  const at = placeOf(reading.stream, node, node.words[0])
  const name = node.words[0]?.value.toLowerCase() ?? ''
  if (reading.macros?.delete(name) || reading.fragments || !reading.complete) return
  refuse(reading, 'macro-undefined', `macro \`${name}\` is not defined`, at)
}

/** Nobody's macros use each other so deep; httpd names each use inside the one before it. */
const DEEPEST_MACRO = 200
/** Macros that double what they are given outgrow any memory. */
const LONGEST_LINE = 1_000_000
const MOST_MADE = 50_000_000

function depthOf(stream: Stream): number {
  let depth = 0
  for (let open: Stream | null = stream; open?.file.startsWith("macro '") === true; open = open.rest) depth++
  return depth
}

function fillIn(reading: Reading, macro: Macro, values: readonly string[]): readonly ApacheNode[] {
  const nodes: ApacheNode[] = []
  for (let index = 0; index < macro.lines.length; index++) {
    const length = filledLength(macro, values, index)
    reading.made += length
    if (length > LONGEST_LINE || reading.made > MOST_MADE) {
      const limit = length > LONGEST_LINE ? `a line of ${LONGEST_LINE}` : `macros of ${MOST_MADE}`
      reachLimit(reading, `${limit} characters`)
      return nodes
    }
    const first = index
    let { text, map } = filled(macro, values, index)
    // The body is read a second time: a backslash that trimming brought to a line's end continues it.
    while (text.endsWith('\\') && index + 1 < macro.lines.length) {
      const next = filled(macro, values, ++index)
      const kept = text.length - 1
      const pieces = map.pieces.filter(piece => piece.at < kept)
      map = { pieces: [...pieces, ...next.map.pieces.map(piece => ({ ...piece, at: piece.at + kept }))] }
      text = text.slice(0, -1) + next.text
    }
    const node = parseLine(text, map, index + 1, first + 1)
    if (node !== null) nodes.push(node)
  }
  return nodes
}

/** At most how long a line becomes: each place of a parameter takes the longest value. */
function filledLength({ lines, parameters }: Macro, values: readonly string[], index: number): number {
  const { text } = lines[index] ?? BLANK
  let length = text.length
  for (const [at, parameter] of parameters.entries()) {
    const added = (values[at]?.length ?? 0) - parameter.length
    if (added > 0 && parameter !== '') length += added * (text.split(parameter).length - 1)
  }
  return length
}

function filled(macro: Macro, values: readonly string[], index: number): MadeLine {
  return substitute(macro.lines[index] ?? BLANK, macro.parameters, values, null)
}

/**
 * Fills one line from left to right, what was put in is not looked at again; where two parameters begin
 * at the same letter the longer one wins.
 */
function substitute(
  line: MacroLine,
  parameters: readonly string[],
  values: readonly string[],
  used: Set<number> | null,
): MadeLine {
  const result = new MappedText(line.text, line.map, line.offset)
  let at = 0
  for (;;) {
    let chosen = -1
    let found = -1
    for (let index = 0; index < parameters.length; index++) {
      const parameter = parameters[index] ?? ''
      const here = line.text.indexOf(parameter, at)
      if (here === -1) continue
      const longer = parameter.length > (parameters[chosen]?.length ?? 0)
      if (found === -1 || here < found || (here === found && longer)) {
        found = here
        chosen = index
      }
    }
    if (chosen === -1) break
    used?.add(chosen)
    result.copy(at, found)
    at = found + (parameters[chosen]?.length ?? 1)
    result.replace(found, at, values[chosen] ?? '')
  }
  result.copy(at, line.text.length)
  return { text: result.text, map: result.finish() }
}

function count(amount: number, noun: string): string {
  return `${amount} ${noun}${amount === 1 ? '' : 's'}`
}
