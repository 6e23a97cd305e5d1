import type { Place } from '../../../parsers/text/source.ts'
import type { Fact } from '../fact.ts'

/**
 * The environment and the `-D` flags in which the service starts httpd, as far as its own files tell:
 * Debian's `envvars`, `etc/default/apache2`, the systemd unit, `etc/sysconfig/httpd`.
 */
export interface ApacheEnvironment {
  /** Exported variables; a value that the shell decides at run time is unknown. */
  readonly variables: ReadonlyMap<string, Fact<string>>
  /** What the script assigns and does not export: it stays in the shell, and httpd has none of it. */
  readonly unexported?: ReadonlyMap<string, Place>
  /**
   * True where the file that sets the environment was read, so that a name it lacks is not set; false
   * where it lies outside the audit, so that any name may be set.
   */
  readonly complete: boolean
  /** Names given by `-D`, with the place they were found; null for the command line of the audit. */
  readonly defines: ReadonlyMap<string, Place | null>
  /** The script that was not followed to its end, and why. */
  readonly limit?: { readonly path: string; readonly reason: string } | null | undefined
}

export const EMPTY_ENVIRONMENT: ApacheEnvironment = {
  variables: new Map(),
  complete: false,
  defines: new Map(),
}
