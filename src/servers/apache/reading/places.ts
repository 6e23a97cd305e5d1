import type { ApacheLineNode, ApacheWord } from '../../../../parsers/apache/syntax.ts'
import { lineStarts, type Place } from '../../../../parsers/text/source.ts'
import type { Stream } from './reading.ts'

/**
 * Where a line is to be blamed: on its last physical line, since that is the one httpd names, and there
 * on `word` or the name if it stands on it.
 */
export function placeOf(stream: Stream, node: ApacheLineNode, word: ApacheWord = node.name): Place {
  const { source } = stream
  const isMacro = stream.rest !== null
  if (node.firstLine === node.line || isMacro) return { source, start: word.start, end: word.end }
  const last = lineStarts(source)[node.line - 1] ?? node.end
  if (word.start >= last) return { source, start: word.start, end: word.end }
  const words = node.words.at(-1)
  if (words !== undefined && words.start >= last) return { source, start: words.start, end: words.end }
  // The last line may be an empty one that a backslash brought in.
  return { source, start: last, end: Math.max(last, node.end) }
}

/** The logical line as httpd has it before it cuts it, trimmed and joined. */
export function lineOf(stream: Stream, node: ApacheLineNode): string {
  return node.made === null ? stream.source.code.slice(node.start, node.end) : node.made.text
}
