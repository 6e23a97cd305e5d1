import type { ApacheLineNode, ApacheWord } from '../../../../parsers/apache/syntax.ts'
import { asCounted, lineStarts, type Place, type Source } from '../../../../parsers/text/source.ts'
import type { ApacheDirective } from '../configuration.ts'
import type { Stream } from './reading.ts'

/**
 * Where a line is to be blamed: on its last physical line, since that is the one httpd names, and there
 * on `word` or the name if it stands on it.
 */
export function placeOf(stream: Stream, node: ApacheLineNode, word: ApacheWord = node.name): Place {
  const { source } = stream
  const isMacro = stream.rest !== null
  if (node.firstLine === node.line || isMacro) return { source, start: word.start, end: word.end }
  return placeOnLine(source, node.line, node.end, [word, ...node.words])
}

/** The same for what stands in the tree already. */
export function placeOfDirective({
  source,
  file,
  line,
  end,
  nameStart,
  nameEnd,
  args,
}: ApacheDirective): Place {
  const name = { start: nameStart, end: nameEnd }
  // The lines of a macro are counted in its body.
  if (file.startsWith("macro '")) return { source, ...name }
  return placeOnLine(source, line, end, [name, ...args])
}

/** The first of the words if it stands on the line, else the last that does. */
function placeOnLine(
  source: Source,
  line: number,
  end: number,
  [preferred, ...words]: readonly Pick<ApacheWord, 'start' | 'end'>[],
): Place {
  const start = lineStarts(asCounted(source))[line - 1] ?? end
  const word = [preferred, words.at(-1)].find(
    candidate => candidate !== undefined && candidate.start >= start,
  )
  if (word !== undefined) return { source, start: word.start, end: word.end }
  // The last line may be an empty one that a backslash brought in.
  return { source, start, end: Math.max(start, end) }
}

/** The logical line as httpd has it before it cuts it, trimmed and joined. */
export function lineOf(stream: Stream, node: ApacheLineNode): string {
  return node.made === null ? stream.source.code.slice(node.start, node.end) : node.made.text
}
