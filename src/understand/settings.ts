import type { ComposeProject } from '../../parsers/compose/compose.ts'
import type { PythonParser } from '../../parsers/python/python-module.ts'
import type { ShellParser } from '../../parsers/shell/shell-environment.ts'
import type { SuppressionSettings } from '../apply-suppressions.ts'
import type { SiteFacts } from '../deployment/site-facts.ts'
import type { ActiveRule } from '../engine/run.ts'
import type { Machine, Repository } from '../files/machine.ts'
import type { ApacheEnvironment } from '../servers/apache/environment.ts'
import type { ServerVersion } from '../servers/version.ts'

/** Everything an audit depends on but the files themselves. */
export interface AuditSettings {
  readonly toolVersion: string
  readonly rules: readonly ActiveRule[]
  readonly facts: SiteFacts
  /** Given versions win over the package database of the root. */
  readonly versions: { readonly nginx?: ServerVersion; readonly apache?: ServerVersion }
  /** Includes that point into a tree with another layout: the first matching prefix is replaced. */
  readonly includeMap: readonly { readonly from: string; readonly to: string }[]
  /** Reads WSGI scripts and settings; without it what they say is unknown. */
  readonly python?: PythonParser | null
  /** Follows scripts that start servers; without it what they start is unknown. */
  readonly shell?: ShellParser | null
  /** Reads the compose files of a repository; without it they say nothing. */
  readonly compose?: ((repository: Repository) => readonly ComposeProject[]) | null
  /** What suppression comments may name; the rules that run where absent. */
  readonly suppression?: SuppressionSettings
  /** How the service starts the httpd of a main file (null: of fragments). */
  readonly environment: (machine: Machine, main: string | null) => ApacheEnvironment
}
