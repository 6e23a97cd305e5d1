import type { Report } from '../engine/report.ts'

/** A style for a stretch of text; an instance of chalk is one, of whatever level. */
export interface Paint {
  (text: string): string
  readonly bold: Paint
  readonly red: Paint
  readonly green: Paint
  readonly yellow: Paint
  readonly blue: Paint
  readonly cyan: Paint
  readonly dim: Paint
}

export interface ReportOptions {
  readonly chalk: Paint
  /** Columns of the terminal; longer lines of code are cut around what is marked. */
  readonly width: number
  /** False where the findings alone are wanted. */
  readonly summary: boolean
  /** True where each notice is wanted, and not only how many there are. */
  readonly allNotices: boolean
  /** True where every finding is shown, and not ten of a kind; of text. */
  readonly all?: boolean
  /** How text orders the findings; by file where absent. */
  readonly groupBy?: 'file' | 'rule' | 'machine'
  /** True where text counts the findings of each rule, and shows none. */
  readonly statistics?: boolean
  /** Of SARIF: the category under which code scanning keeps the run. */
  readonly category?: string | null
  /** How long the audit took; not shown where absent. */
  readonly seconds?: number
}

/** A text that need not be whole in memory; no string, whose pieces are its characters. */
export type Pieces = readonly string[] | Generator<string>

/** A report as text, its last line end included; empty where there is nothing to say. */
export type Reporter = (report: Report, options: ReportOptions) => Pieces
