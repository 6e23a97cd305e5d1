import { readdirSync } from 'node:fs'
import type { LiveCase } from './live-case.ts'

/** Every case that shows a rule on running servers; those of whole deployments name none. */
export async function loadCases(): Promise<readonly LiveCase[]> {
  const loaded: LiveCase[] = []
  for (const file of readdirSync(new URL('cases', import.meta.url)).sort()) {
    const module: { readonly cases: readonly Partial<LiveCase>[] } = await import(`./cases/${file}`)
    loaded.push(...module.cases.filter((live): live is LiveCase => live.rule !== undefined))
  }
  return loaded
}
