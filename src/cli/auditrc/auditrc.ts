import type { SiteFacts } from '../../deployment/site-facts.ts'
import type { Severity } from '../../engine/severity.ts'

/** Off, on as the rule itself has it, or the severity of its findings. */
export type RuleSetting = Severity | 'on' | 'off'

/** By rule id or group. */
export type RuleSeverities = ReadonlyMap<string, RuleSetting>

/** What `.auditrc` says, every key with its default. Paths are as written, relative to the file's directory. */
export interface Auditrc {
  /** Files whose settings hold where this one says nothing, the last first. */
  readonly extends: readonly string[]
  readonly root: string | null
  readonly ignore: readonly string[]
  readonly versions: { readonly nginx?: string; readonly apache?: string }
  readonly includeMap: readonly { readonly from: string; readonly to: string }[]
  readonly defines: readonly string[]
  readonly rules: RuleSeverities
  /** Of the files that a glob matches; of several, the last. */
  readonly overrides: readonly { readonly files: readonly string[]; readonly rules: RuleSeverities }[]
  /** What is written alone. */
  readonly facts: Partial<SiteFacts>
}

export const EMPTY_AUDITRC: Auditrc = {
  extends: [],
  root: null,
  ignore: [],
  versions: {},
  includeMap: [],
  defines: [],
  rules: new Map(),
  overrides: [],
  facts: {},
}
