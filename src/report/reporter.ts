import type { ChalkInstance } from 'chalk'
import type { Report } from '../engine/report.ts'

export interface ReportOptions {
  /** Colours, or an instance of level 0 for none. */
  readonly chalk: ChalkInstance
  /** Columns of the terminal; longer lines of code are cut around what is marked. */
  readonly width: number
  /** False where the findings alone are wanted. */
  readonly summary: boolean
}

/** A report as text, its last line end included; empty where there is nothing to say. */
export type Reporter = (report: Report, options: ReportOptions) => string
