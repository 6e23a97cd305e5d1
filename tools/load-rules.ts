import { pathToFileURL } from 'node:url'
import glob from 'fast-glob'
import type { Rule, RuleDefinition } from '../src/engine/rule.ts'

/** A rule and the path of its module from the top of the repository. */
export interface LoadedRule {
  readonly path: string
  readonly rule: Rule
}

/** Every rule of `rules/`, sorted by id; a module without a rule as its default export is a part of others. */
export async function loadRules(): Promise<readonly LoadedRule[]> {
  const paths = await glob('rules/*/**/*.ts', { ignore: ['**/*.generated.ts'] })
  const loaded: LoadedRule[] = []
  for (const path of paths.sort()) {
    const module: { default?: RuleDefinition } = await import(pathToFileURL(path).href)
    if (module.default === undefined) continue
    const id = path.slice('rules/'.length, -'.ts'.length)
    loaded.push({ path, rule: { id, ...module.default } })
  }
  return loaded.sort((a, b) => (a.rule.id < b.rule.id ? -1 : 1))
}
