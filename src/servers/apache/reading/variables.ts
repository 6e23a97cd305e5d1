import { cutLine } from '../../../../parsers/apache/parse.ts'
import { isSpace } from '../../../../parsers/apache/split-words.ts'
import type { ApacheLineNode } from '../../../../parsers/apache/syntax.ts'
import { mapEnd, MappedText, mapStart } from '../../../../parsers/apache/text-map.ts'
import { UNKNOWN } from '../../../../parsers/text/source.ts'
import { lineOf } from './places.ts'
import { type Reading, remark, type Stream } from './reading.ts'

/** True where httpd may find something to expand in the line. */
export function hasVariables(node: ApacheLineNode): boolean {
  return node.text.includes('${') || node.name.value.includes('${')
}

/**
 * The line with its `${}` filled in and cut again: httpd expands before it cuts, so a value may bring
 * words, quotes or a whole section's opener. Null where nothing is left of it.
 *
 * A value that nobody knows is an {@link UNKNOWN} character.
 */
export function expandLine(reading: Reading, stream: Stream, node: ApacheLineNode): ApacheLineNode | null {
  const line = lineOf(stream, node)
  const map = node.made?.map ?? null
  const offset = map === null ? node.start : 0
  const expanded = new MappedText(line, map, offset)
  let copied = 0
  for (let at = line.indexOf('${'); at !== -1; at = line.indexOf('${', at)) {
    const close = line.indexOf('}', at)
    if (close === -1) break
    const value = lookUp(reading, line.slice(at + 2, close))
    if (value === null) {
      complain(reading, stream, line.slice(at + 2, close), {
        start: map === null ? offset + at : mapStart(map, at),
        end: map === null ? offset + close + 1 : mapEnd(map, close + 1),
      })
    } else {
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

/** The value, {@link UNKNOWN}, or null where the name is known to have none. `Define` goes before the environment. */
function lookUp(reading: Reading, name: string): string | null {
  const defined = reading.variables.get(name.toLowerCase())
  if (defined !== undefined) return defined
  const exported = reading.environment.variables.get(name)
  if (exported !== undefined) return exported.known ? exported.value : UNKNOWN
  // A map of mod_rewrite (`${map:key}`) looks like a variable and is none: httpd leaves it in silence.
  if (name.includes(':')) return null
  return isEverythingKnown(reading) ? null : UNKNOWN
}

function isEverythingKnown(reading: Reading): boolean {
  return !reading.fragments && reading.complete && reading.environment.complete
}

function complain(
  reading: Reading,
  stream: Stream,
  name: string,
  { start, end }: { readonly start: number; readonly end: number },
): void {
  if (name.includes(':')) return
  remark(
    reading,
    'variable-undefined',
    `\`\${${name}}\` is neither defined before this line nor in the environment, so httpd keeps it letter by letter`,
    { source: stream.source, start, end },
    { help: `define it first with \`Define ${name} …\`, or export it where httpd is started` },
  )
}
