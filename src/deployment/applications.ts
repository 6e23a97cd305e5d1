import type { Place } from '../../parsers/text/source.ts'
import type { ApacheConfiguration, ApacheDirective } from '../servers/apache/configuration.ts'
import type { Fact } from '../servers/fact.ts'

/** A WSGI script at its address, as the virtual host that writes the alias answers it. */
export interface Application {
  readonly configuration: ApacheConfiguration
  /** `WSGIScriptAlias`, or its sibling with a regular expression. */
  readonly directive: ApacheDirective
  /** Null for the main server. */
  readonly virtualHost: ApacheDirective | null
  /**
   * The process group in force, empty for Apache's own processes. `at` is where it is written: the
   * alias's option, or the argument of `WSGIProcessGroup`; null where nothing says it.
   */
  readonly processGroup: Fact<string>
  readonly applicationGroup: Fact<string>
  /** The daemon processes that mod_wsgi lets this virtual host use. */
  readonly visibleDaemons: readonly Daemon[]
}

export interface DaemonOption {
  readonly value: string
  /** `name=value`, as written. */
  readonly at: Place
}

/** A `WSGIDaemonProcess`. */
export interface Daemon {
  readonly configuration: ApacheConfiguration
  readonly directive: ApacheDirective
  readonly name: string
  /** Where the name is written. */
  readonly at: Place
  /** The virtual host that declares it; null for the main server, whose groups all may use. */
  readonly virtualHost: ApacheDirective | null
  readonly processes: Fact<number>
  readonly threads: Fact<number>
  /** As written, by lower-case name. */
  readonly options: ReadonlyMap<string, DaemonOption>
}
