import type { ServerVersion } from '../servers/version.ts'
import type { Notice } from '../files/notice.ts'
import type { Finding } from './finding.ts'
import type { ListedFile } from './listed-file.ts'
import type { Rule } from './rule.ts'
import type { SuppressedFinding } from './suppress.ts'
import type { Crash } from './run.ts'
import type { Severity } from './severity.ts'

export interface ProgramReport {
  readonly program: 'nginx' | 'apache'
  /** Relative to the report's root; null for fragments. */
  readonly main: string | null
  /** What the server itself would say: false exactly where some problem of it is fatal. */
  readonly accepted: boolean
  /** True where a line of a template is one that the server refuses, whatever is filled in; then nothing is fatal yet. */
  readonly refusedInTemplate?: boolean
  /** False where the audit could not read all that the server does. */
  readonly whole: boolean
  readonly version: string
  /** Who said so; `assumed`, where nothing does, is the newest. */
  readonly versionFrom: ServerVersion['from']
}

/** What an audit found, whole and sorted: every reporter is a function of this value. */
export interface Report {
  readonly tool: { readonly name: 'deploy-audit'; readonly version: string }
  /** As the user would name it, relative to the working directory where it lies below it: `.`, `web1`, `/`. */
  readonly root: string
  /** The roots of the machines, as the report names their files. */
  readonly machines: readonly string[]
  /** How many files were read. */
  readonly files: number
  /** Each of them, and those that look like a server's and were not read, by path. */
  readonly fileList: readonly ListedFile[]
  readonly programs: readonly ProgramReport[]
  readonly findings: readonly Finding[]
  /** Findings that a comment or a baseline accepts. */
  readonly suppressed: readonly SuppressedFinding[]
  readonly summary: Readonly<Record<Severity, number>>
  /** Every rule that ran, fired or not, sorted by id. */
  readonly rules: readonly Rule[]
  readonly crashes: readonly Crash[]
  /** What could not be read, followed or recognised, in the order of the files. */
  readonly notices: readonly Notice[]
  /** False where a server reads what the audit could not. */
  readonly complete: boolean
}
