import type { TextMap } from '../text/text-map.ts'

/**
 * One Apache file as a flat list of logical lines: httpd itself reads lines and builds its tree while
 * it executes them (an Include, a conditional or a macro may open and close what others began), so the
 * tree is the evaluator's and the file's own shape is this list.
 *
 * Offsets are UTF-16 and half-open, into `Source.code` and `Source.text` alike.
 */

/** A word as httpd's `ap_getword_conf` cuts it; quotes lie inside the offsets, `value` is without them. */
export interface ApacheWord {
  readonly start: number
  readonly end: number
  readonly value: string
}

/** A directive line, or a section's opener (`<Directory /srv>`) or closer (`</Directory>`). */
export interface ApacheLineNode {
  readonly kind: 'directive' | 'open' | 'close'
  readonly start: number
  readonly end: number
  /** The first word, `<` or `</` and a closer's `>` left out, as written; its offsets cover the name alone. */
  readonly name: ApacheWord
  /**
   * What follows the first word, continuation lines joined and both ends trimmed, as httpd stores it and
   * DUMP_CONFIG prints it: `>` included on an opener.
   */
  readonly text: string
  /** `text` cut into words; of an opener, what stands before its last `>`. */
  readonly words: readonly ApacheWord[]
  /** One-based number of the first physical line. */
  readonly firstLine: number
  /** One-based number of the last physical line: the one httpd names. */
  readonly line: number
  /** The logical line where it is no plain stretch of the source (continued lines); null where it is. */
  readonly made: MadeLine | null
}

/** A trimmed logical line that was put together, and where its characters were written. */
export interface MadeLine {
  readonly text: string
  readonly map: TextMap
}

export interface ApacheCommentNode {
  readonly kind: 'comment'
  readonly start: number
  readonly end: number
  readonly firstLine: number
  readonly line: number
}

export type ApacheNode = ApacheLineNode | ApacheCommentNode
