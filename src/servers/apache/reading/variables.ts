import { cutLine } from '../../../../parsers/apache/parse.ts'
import { isSpace } from '../../../../parsers/apache/split-words.ts'
import type { ApacheLineNode } from '../../../../parsers/apache/syntax.ts'
import { MappedText, mapEnd, mapStart } from '../../../../parsers/text/text-map.ts'
import { placeholder } from '../../../../parsers/text/placeholder.ts'
import type { Place } from '../../../../parsers/text/source.ts'
import { lineOf } from './places.ts'
import {
  note,
  type OpenDirective,
  type Reading,
  reachLimit,
  remark,
  type Stream,
  type Variable,
} from './reading.ts'

/** True where httpd may find something to expand in the line. */
export function hasVariables(node: ApacheLineNode): boolean {
  return node.text.includes('${') || node.name.value.includes('${')
}

/** Definitions that double each other outgrow any memory; httpd itself refuses a line of 16 MB. */
const MAXIMUM_ADDED = 1_000_000

/**
 * The line with its `${}` filled in and cut again: httpd expands before it cuts, so a value may bring
 * words, quotes or a whole section's opener. Null where nothing is left of it.
 *
 * A value that nobody knows is the word of a placeholder.
 */
export function expandLine(
  reading: Reading,
  stream: Stream,
  node: ApacheLineNode,
  parent: OpenDirective | null,
): ApacheLineNode | null {
  const line = lineOf(stream, node)
  const map = node.made?.map ?? null
  const offset = map === null ? node.start : 0
  const expanded = new MappedText(line, map, offset)
  let copied = 0
  let added = 0
  for (let at = line.indexOf('${'); at !== -1; at = line.indexOf('${', at)) {
    const close = line.indexOf('}', at)
    if (close === -1) break
    const name = line.slice(at + 2, close)
    const use = {
      source: stream.source,
      start: map === null ? offset + at : mapStart(map, at),
      end: map === null ? offset + close + 1 : mapEnd(map, close + 1),
    }
    const variable = reading.variables.get(name.toLowerCase())
    if (variable !== undefined) noteLeak(reading, name, variable, use, parent)
    const value = variable?.value ?? lookUp(reading, name)
    if (value === null) complain(reading, name, use)
    else {
      added += value.length
      if (added > MAXIMUM_ADDED) {
        reachLimit(reading, `a line of ${MAXIMUM_ADDED} characters`)
        return null
      }
      expanded.copy(copied, at)
      expanded.replace(at, close + 1, value)
      copied = close + 1
    }
    at = close
  }
  expanded.copy(copied, line.length)
  const { text } = expanded
  let start = 0
  while (start < text.length && isSpace(text.charCodeAt(start))) start++
  if (start === text.length) return null
  return cutLine(text, start, text.length, 0, expanded.finish(), node.line, node.firstLine)
}

/** A `Define` inside a section holds for all that comes behind it. */
function noteLeak(
  reading: Reading,
  name: string,
  { at, section }: Variable,
  use: Place,
  parent: OpenDirective | null,
): void {
  if (at === null || section === null) return
  for (let open = parent; open !== null; open = open.parent) if (open === section) return
  note(reading, { kind: 'definition-leaked', at: use, name, definition: at, section: section.name })
}

/** The value in the environment, a placeholder, or null where the name is known to have none. */
function lookUp(reading: Reading, name: string): string | null {
  const exported = reading.environment.variables.get(name)
  if (exported !== undefined) return exported.known ? exported.value : placeholder(`\${${name}}`)
  // A map of mod_rewrite (`${map:key}`) looks like a variable and is none: httpd leaves it in silence.
  if (name.includes(':')) return null
  return isEverythingKnown(reading) ? null : placeholder(`\${${name}}`)
}

function isEverythingKnown(reading: Reading): boolean {
  return !reading.fragments && reading.complete && reading.environment.complete
}

function complain(reading: Reading, name: string, at: Place): void {
  if (name.includes(':')) return
  remark(
    reading,
    'variable-undefined',
    `\`\${${name}}\` is neither defined before this line nor in the environment, so httpd keeps it letter by letter`,
    at,
    { help: `define it first with \`Define ${name} …\`, or export it where httpd is started` },
  )
}
