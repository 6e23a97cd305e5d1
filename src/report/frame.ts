import { lineText } from '../../parsers/text/source.ts'
import type { Location } from '../engine/finding.ts'
import { cellsOf, columnsOf } from './columns.ts'
import { printable } from './printable.ts'

/** One line of code with what is marked in it, ready to print: columns of a terminal, from 0. */
export interface Frame {
  readonly code: string
  readonly markStart: number
  /** Behind the mark; at least one column is marked. */
  readonly markEnd: number
}

const TAB = '    '
const ELLIPSIS = '…'
/** Longer lines are cut before they are looked at: nobody reads them, and a page of code is no frame. */
const CONSIDERED = 2000

/**
 * The first line of a location, tabs expanded, and cut to `width` columns around the mark,
 * whose beginning stays visible.
 */
export function frameOf(location: Location, width: number): Frame {
  const whole = lineText(location.source, location.line)
  const first = Math.min(location.column - 1, whole.length)
  const last = location.endLine === location.line ? location.endColumn - 1 : whole.length
  const skipped = Math.max(0, first - CONSIDERED)
  const line = printable(whole.slice(skipped, first + CONSIDERED))
  const start = columnsBefore(line, first - skipped)
  const end = Math.max(start + 1, columnsBefore(line, Math.min(last - skipped, line.length)))
  return cut(expandTabs(line).trimEnd(), start, end, Math.max(width, 20))
}

function cut(code: string, markStart: number, markEnd: number, width: number): Frame {
  const cells = cellsOf(code)
  if (Math.max(cells.length, markEnd) <= width) return { code, markStart, markEnd }
  // A third of the room before the mark, unless the line's beginning or end leaves more.
  const before = Math.max(Math.floor((width - (markEnd - markStart)) / 3), 2)
  const latest = Math.max(0, cells.length - width + 1)
  const from = Math.min(Math.max(0, markStart - before), Math.max(latest, 0))
  const head = from > 0 ? ELLIPSIS : ''
  const room = width - head.length
  const isCut = cells.length - from > room
  const text = isCut
    ? `${columns(cells, from, from + room - 1)}${ELLIPSIS}`
    : columns(cells, from, cells.length)
  const shift = head.length - from
  const end = Math.min(markEnd + shift, Math.max(width, markStart + shift + 1))
  return { code: head + text, markStart: markStart + shift, markEnd: end }
}

/** Some columns as text; a wide character that is cut in half leaves a space. */
function columns(cells: readonly string[], from: number, to: number): string {
  const shown = cells.slice(from, to)
  if (shown[0] === '') shown[0] = ' '
  if (cells[to] === '' && shown.length > 0) shown[shown.length - 1] = ' '
  return shown.join('')
}

function expandTabs(text: string): string {
  return text.replaceAll('\t', TAB)
}

function columnsBefore(text: string, end: number): number {
  return columnsOf(expandTabs(text.slice(0, end)))
}
