import type { TextEdit } from '../../parsers/text/edit.ts'
import type { Place } from '../../parsers/text/source.ts'
import type { Deployment } from '../deployment/model.ts'
import type { Related } from '../servers/problem.ts'
import type { Confidence, Severity } from './severity.ts'

/** A whole change, applied or not at all. `unsafe` where the running server may answer differently. */
export interface Fix {
  readonly title: string
  readonly safety: 'safe' | 'unsafe'
  readonly edits: readonly TextEdit[]
}

/** A subject of which a tree has much, or nothing. */
export const OLD_ACCESS = 'access control of Apache 2.2'

/**
 * What a rule yields: one fault at the smallest stretch of text that has to change, as often as it is met. The
 * engine makes one finding of those that have one cause.
 */
export interface RuleFinding {
  readonly at: Place
  /**
   * What is wrong here, concretely, in the present tense, code in backticks, no full stop. Where it may be in
   * force several times, a function of how often: `, for 3 locations`, or nothing for once.
   */
  readonly message: string | ((often: string) => string)
  /** What is counted, in the plural: `locations`. */
  readonly per?: string
  /** What is counted once however often it is met; each finding counts where absent. */
  readonly occurrence?: object
  /** What findings have in common that are one wherever they stand; their own text where absent. */
  readonly cause?: string | object
  /** Tells findings of one cause apart that are several all the same. */
  readonly aspect?: string
  /** A label for this place where another one of the same cause speaks for it. */
  readonly also?: string
  /** A short label for the underlined text. */
  readonly label?: string
  readonly related?: readonly Related[]
  /** A text that takes no part, or that nobody meant as the server reads it: other rules say nothing of it. */
  readonly moot?: Place
  /** What to do, as an action; the rule's `remedy` where absent. */
  readonly help?: string
  /** Where the facts make it better or worse than the rule's own severity. */
  readonly severity?: Severity
  readonly confidence?: Confidence
  /** True where the server refuses its whole configuration for it. */
  readonly fatal?: boolean
  readonly fix?: Fix
}

/**
 * A small deployment that shows a rule; the bundle's rules have none. Keys are paths
 * (`nginx.conf`, `etc/apache2/ports.conf`, or `.auditrc` for options). The text between « and » in a `bad`
 * example is what the rule underlines; in a `good` one, often a bad one changed, the marks mean nothing.
 */
export interface Example {
  readonly title: string
  readonly files: Readonly<Record<string, string>>
  /** Permission bits by path, of files or directories, where the rule asks for them; unknown where absent. */
  readonly modes?: Readonly<Record<string, number>>
}

export interface RuleDefinition {
  /** One line, the same for every finding; no full stop. */
  readonly summary: string
  readonly severity: Severity
  /** What its findings may have instead, and where: `{ error: 'where a secret lies there' }`. */
  readonly otherSeverities?: Readonly<Partial<Record<Severity, string>>>
  readonly confidence: Confidence
  /** 0.1 to 10, as code scanning reads it; only where an attacker gains something. */
  readonly securitySeverity?: number
  /** Numbers of the Common Weakness Enumeration, the closest first; where there is a `securitySeverity`. */
  readonly cwe?: readonly number[]
  readonly since: string
  /** What harm it does, in a sentence or two. */
  readonly why: string
  /** What to do about it, as an action. */
  readonly remedy: string
  readonly references: readonly string[]
  /** What of a benchmark it stands for, as that numbers or names it: `CIS nginx 2.5.1`, `dev-sec nginx-05`. */
  readonly controls?: readonly string[]
  /**
   * True where it also judges a `.htaccess` of which no configuration of a server is seen: what it says of a file holds
   * whatever else a request meets.
   */
  readonly ofLoneHtaccess?: true
  /**
   * The subject of an advice that nearly everybody could be given: its infos in one file, or of what a tree has in one
   * way wherever it is in all of them, are one finding with those of the other rules on it.
   */
  readonly advises?: 'mod_wsgi' | typeof OLD_ACCESS
  /** Why no running server on loopback can show the harm; absent where a live case shows it. */
  readonly unproven?: string
  readonly bad: readonly Example[]
  readonly good: readonly Example[]
  check(deployment: Deployment): Iterable<RuleFinding>
}

/** A rule with the id that its path gives it: `rules/tls/weak-protocol.ts` is `tls/weak-protocol`. */
export interface Rule extends RuleDefinition {
  readonly id: string
}

export function defineRule(definition: RuleDefinition): RuleDefinition {
  return definition
}
