import type { SiteFacts } from '../../deployment/site-facts.ts'
import { DEFAULT_SITE_FACTS } from '../../deployment/site-facts.ts'
import type { Severity } from '../../engine/severity.ts'

/** What `.auditrc` says, every key with its default. Paths are as written, relative to the file's folder. */
export interface Auditrc {
  readonly root: string | null
  readonly ignore: readonly string[]
  readonly versions: { readonly nginx?: string; readonly apache?: string }
  readonly includeMap: readonly { readonly from: string; readonly to: string }[]
  readonly defines: readonly string[]
  /** By rule id or group. */
  readonly rules: ReadonlyMap<string, Severity | 'off'>
  readonly facts: SiteFacts
}

export const EMPTY_AUDITRC: Auditrc = {
  root: null,
  ignore: [],
  versions: {},
  includeMap: [],
  defines: [],
  rules: new Map(),
  facts: DEFAULT_SITE_FACTS,
}
