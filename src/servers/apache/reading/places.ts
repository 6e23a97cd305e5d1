import type { ApacheLineNode, ApacheWord } from '../../../../parsers/apache/syntax.ts'
import type { Place } from '../../../../parsers/text/source.ts'
import type { Stream } from './reading.ts'

/**
 * Where a line is to be blamed: on its last physical line, since that is the one httpd names, and there
 * on `word` or the name if it stands on it.
 */
export function placeOf(stream: Stream, node: ApacheLineNode, word: ApacheWord = node.name): Place {
  const { source } = stream
  if (node.firstLine === node.line || node.made === null) {
    return { source, start: word.start, end: word.end }
  }
  const feed = source.text.lastIndexOf('\n', node.end - 1)
  if (word.start > feed) return { source, start: word.start, end: word.end }
  const last = node.words.at(-1)
  if (last !== undefined && last.start > feed) return { source, start: last.start, end: last.end }
  return { source, start: Math.min(feed + 1, node.end), end: node.end }
}

/** The logical line as httpd has it before it cuts it, trimmed and joined. */
export function lineOf(stream: Stream, node: ApacheLineNode): string {
  return node.made === null ? stream.source.code.slice(node.start, node.end) : node.made.text
}
