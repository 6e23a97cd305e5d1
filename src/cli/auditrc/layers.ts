import { join, relative } from 'node:path'
import { DEFAULT_SITE_FACTS, type SiteFacts } from '../../deployment/site-facts.ts'
import { isOnByDefault } from '../../engine/asked-for.ts'
import type { Severity } from '../../engine/severity.ts'
import { isBelow } from '../../../parsers/text/is-below.ts'
import type { Auditrc, RuleSetting, RuleSeverities } from './auditrc.ts'
import type { LoadedAuditrc } from './load-auditrc.ts'

/** `.auditrc` files of which each holds where those in front of it say nothing. */
export type Layers = readonly LoadedAuditrc[]

/** A file and those that it extends, the last of them first. */
export function layersOf(loaded: LoadedAuditrc): Layers {
  return [loaded, ...[...loaded.bases].reverse().flatMap(layersOf)]
}

export function factsOf(layers: Layers): SiteFacts {
  return Object.assign({}, DEFAULT_SITE_FACTS, ...[...layers].reverse().map(({ auditrc }) => auditrc.facts))
}

export function versionsOf(layers: Layers): Auditrc['versions'] {
  return Object.assign({}, ...[...layers].reverse().map(({ auditrc }) => auditrc.versions))
}

export function definesOf(layers: Layers): readonly string[] {
  return layers.flatMap(({ auditrc }) => auditrc.defines)
}

/** True for a path of this machine in which nothing is reported. */
export type PathFilter = (path: string) => boolean

/** What the `ignore` of some files leaves out; a directory's name means all below it. */
export async function ignoredBy(layers: Layers): Promise<PathFilter> {
  const filters = await Promise.all(layers.map(layer => matcherOf(layer, layer.auditrc.ignore, 'ignore')))
  return path => filters.some(filter => filter(path))
}

/** Globs of `.auditrc` are relative to its directory, and one that was found speaks of nothing outside of it. */
async function matcherOf(
  { directory, isFound }: LoadedAuditrc,
  globs: readonly string[],
  key: string,
): Promise<PathFilter> {
  if (globs.length === 0) return () => false
  const { globMatcher } = await import('./ignore-globs.ts')
  const matches = globMatcher(
    globs.flatMap(glob => {
      const plain = glob.replace(/^\.?\//, '').replace(/\/$/, '')
      return [plain, join(plain, '**')]
    }),
    key,
  )
  return path => (!isFound || isBelow(path, directory)) && matches(relative(directory, path))
}

/** What is configured for a rule; null where its own severity holds. */
export type ConfiguredSeverity = (rule: string) => Severity | 'off' | null

/** By rule id or group, the id first; of several files the first that says something, and the default behind them. */
export function severitiesOf(layers: Layers): ConfiguredSeverity {
  return rule => {
    for (const { auditrc } of layers) {
      const setting = settingIn(auditrc.rules, rule)
      if (setting !== null) return setting === 'on' ? null : setting
    }
    return isOnByDefault(rule) ? null : 'off'
  }
}

function settingIn(rules: RuleSeverities, rule: string): RuleSetting | null {
  return rules.get(rule) ?? rules.get(rule.slice(0, rule.indexOf('/'))) ?? null
}

/** What is configured for a rule in a file of this machine; null where no `overrides` speaks of it. */
export type OverriddenSeverity = (rule: string, path: string) => RuleSetting | null

export interface Overrides {
  readonly severityIn: OverriddenSeverity
  /** True for a rule that some file has on. */
  readonly enables: (rule: string) => boolean
}

/** The `overrides` of some files; null where there are none. */
export async function overridesOf(layers: Layers): Promise<Overrides | null> {
  const all: { readonly matches: PathFilter; readonly rules: RuleSeverities }[] = []
  for (const layer of layers)
    for (const { files, rules } of [...layer.auditrc.overrides].reverse())
      all.push({ matches: await matcherOf(layer, files, 'overrides'), rules })
  if (all.length === 0) return null
  return {
    severityIn(rule, path) {
      for (const { matches, rules } of all) {
        const setting = settingIn(rules, rule)
        if (setting !== null && matches(path)) return setting
      }
      return null
    },
    enables: rule => all.some(({ rules }) => (settingIn(rules, rule) ?? 'off') !== 'off'),
  }
}
