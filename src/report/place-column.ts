import type { ChalkInstance } from 'chalk'
import { columnsOf } from './columns.ts'
import { printable, withoutCommands } from './printable.ts'

/** A line of a picture: what there is, and where it is written. */
export interface PlacedLine {
  readonly text: string
  /** `file:line`; null where nothing is written. */
  readonly place: string | null
  /** What stands in the margin, so that it shows without colours too. */
  readonly mark: '!' | '?' | ' '
  readonly bold?: boolean
}

/** Columns beyond which a text pushes its own place to the right, and nobody else's. */
const WIDEST = 68

/** Lines with their places in one column. `!` marks what is broken, `?` what nobody can read from the files. */
export function placeColumn(lines: readonly PlacedLine[], chalk: ChalkInstance): readonly string[] {
  const shown = lines.map(line => ({ ...line, text: printable(line.text) }))
  const widths = shown.filter(({ place }) => place !== null).map(({ text }) => columnsOf(text))
  const width = widths.reduce((most, each) => (each > most && each <= WIDEST ? each : most), 0)
  return shown.map(({ text, place, mark, bold }) => {
    const paint = mark === '!' ? chalk.red : mark === '?' ? chalk.yellow : (plain: string) => plain
    const styled = bold === true ? chalk.bold(paint(text)) : paint(text)
    const gap = ' '.repeat(Math.max(width - columnsOf(text), 0))
    const head = mark === ' ' ? ' ' : paint(mark)
    return withoutCommands(
      `${head} ${styled}${place === null ? '' : `${gap}  ${chalk.dim(printable(place))}`}`,
    )
  })
}
