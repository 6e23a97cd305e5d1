import type { Place } from '../../parsers/text/source.ts'

/**
 * Something that a server would say of its own configuration while it reads it.
 *
 * A server lists its problems in the order in which it meets them, so the first fatal one of a
 * configuration is the one that `nginx -t` or `apache2 -t` names.
 */
export interface Problem<Code extends string = string> {
  readonly code: Code
  /** True where the server refuses the whole configuration; false where it warns or stays silent. */
  readonly fatal: boolean
  /**
   * What the server does with every file that a template makes, whatever its placeholders stand for.
   * It is not fatal: the template itself is no file that the server reads.
   */
  readonly inTemplate?: 'refused' | 'warned'
  /** What is wrong here, in the present tense, code in backticks, no full stop. */
  readonly message: string
  readonly at: Place
  readonly related?: readonly Related[]
  /** The text that the server takes for something else than its writer meant. */
  readonly misread?: Place
  /** What to do about it, as an action. */
  readonly help?: string
  /** The build of the server that takes the line, where others do not: one of many lines by which a file shows it. */
  readonly build?: string
}

/** A second place that a problem or a finding speaks of, with a short label. */
export interface Related {
  readonly at: Place
  readonly message: string
  /** For a line of what stands in front, such as a balancer's: it is there, whatever the servers load. */
  readonly isOutside?: true
}
