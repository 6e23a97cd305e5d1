import { parseApache } from '../../parsers/apache/parse.ts'
import { memo } from '../../parsers/collections/memo.ts'
import { parseNginx } from '../../parsers/nginx/parse.ts'
import type { NginxDirectiveNode, NginxNode } from '../../parsers/nginx/syntax.ts'
import { asCounted, type Source } from '../../parsers/text/source.ts'
import type { Suppression } from '../engine/suppression.ts'
import { type Comment, type Range, suppressionsOf } from './comment.ts'
import { lineComments, type LineLanguage } from './line-comments.ts'

/** How the comments of a file are written. */
export type CommentLanguage = 'nginx' | 'apache' | LineLanguage

const MARK = 'deploy-audit-ignore'

/** True for a file that may hold a suppression: nearly none does, and no other is looked at. */
export function mayHoldSuppressions({ text }: Source): boolean {
  return text.includes(MARK)
}

/** The suppressions that the comments of a file hold, in their order. */
export function readSuppressions(source: Source, language: CommentLanguage): readonly Suppression[] {
  if (!mayHoldSuppressions(source)) return []
  return READERS[language](source).flatMap(comment => suppressionsOf(source, comment))
}

const READERS: Readonly<Record<CommentLanguage, (source: Source) => readonly Comment[]>> = {
  nginx: memo(nginxComments),
  apache: memo(apacheComments),
  python: source => lineComments(source, 'python'),
  shell: source => lineComments(source, 'shell'),
  yaml: source => lineComments(source, 'yaml'),
  unit: source => lineComments(source, 'unit'),
  plain: source => lineComments(source, 'plain'),
}

/** A comment speaks of the next directive of its block, or, behind code, of its own line. */
function nginxComments(source: Source): readonly Comment[] {
  const comments: Comment[] = []
  const waiting: (readonly NginxNode[])[] = [parseNginx(source).children]
  for (let nodes = waiting.pop(); nodes !== undefined; nodes = waiting.pop()) {
    let next: Range | null = null
    for (const node of [...nodes].reverse()) {
      if (node.kind === 'comment') comments.push(commentAt(source, node.start, node.end, next))
      if (node.kind !== 'directive') continue
      next = headOf(node)
      if (node.block !== null) waiting.push(node.block.children)
    }
  }
  return comments.sort((a, b) => a.start - b.start)
}

/** Of a block, what stands in front of its brace: the lines inside are other directives. */
function headOf({ start, end, block, terminator }: NginxDirectiveNode): Range {
  return { start, end: block === null ? end : terminator + 1 }
}

function apacheComments(source: Source): readonly Comment[] {
  const comments: Comment[] = []
  let next: Range | null = null
  for (const node of [...parseApache(source)].reverse()) {
    if (node.kind === 'comment') comments.push(commentAt(source, node.start, node.end, next))
    else next = node
  }
  return comments.reverse()
}

function commentAt(source: Source, start: number, end: number, next: Range | null): Comment {
  const { text } = asCounted(source)
  const line = text.lastIndexOf('\n', start - 1) + 1
  const isBehindCode = text.slice(line, start).trim() !== ''
  return { start, end, range: isBehindCode ? { start: line, end: start } : next, isBehindCode }
}
