import type { Place } from '../../parsers/text/source.ts'
import type { ApacheConfiguration, ApacheDirective } from '../servers/apache/configuration.ts'
import type { Option } from '../servers/apache/queries/name-value-options.ts'
import type { ApplicationGroup } from '../servers/apache/queries/wsgi-groups.ts'
import type { WsgiScriptAlias } from '../servers/apache/queries/wsgi-script-aliases.ts'
import type { Fact } from '../servers/fact.ts'

/** A WSGI script at its URL, as the virtual host that writes the alias answers it. */
export interface Application {
  readonly configuration: ApacheConfiguration
  /** `WSGIScriptAlias`, or its sibling with a regular expression. */
  readonly directive: ApacheDirective
  readonly alias: WsgiScriptAlias
  /** Null for the main server. */
  readonly virtualHost: ApacheDirective | null
  /**
   * The process group in force, empty for Apache's own processes. `at` is where it is written: the value
   * of the alias's option, or the argument of `WSGIProcessGroup`; null where nothing says it.
   */
  readonly processGroup: Fact<string>
  readonly applicationGroup: Fact<ApplicationGroup>
  /**
   * The daemon processes that run it; null where it is embedded in Apache's own, where nothing it may use
   * has the group's name, or where the group is not known.
   */
  readonly daemon: Daemon | null
  /** The daemon processes that mod_wsgi lets this virtual host use, its own first. */
  readonly visibleDaemons: readonly Daemon[]
}

/** A `WSGIDaemonProcess`. */
export interface Daemon {
  readonly configuration: ApacheConfiguration
  readonly directive: ApacheDirective
  readonly name: Fact<string>
  /** Where the name is written. */
  readonly at: Place
  /** The virtual host that declares it; null for the main server, whose groups all may use. */
  readonly virtualHost: ApacheDirective | null
  readonly processes: Fact<number>
  readonly threads: Fact<number>
  /** As written, by name. */
  readonly options: ReadonlyMap<string, Option>
  /** A numeric option: as written, or mod_wsgi's default. */
  number(option: string): Fact<number>
}
