import type { LoadedRule } from '../../tools/load-rules.ts'
import { loadRules } from '../../tools/load-rules.ts'

/** Ids of the rules that are tried, as `RULES=tls/hsts,nginx/syntax` says, or null where it says nothing. */
const CHOSEN = process.env.RULES?.split(',') ?? null

/** Whether a rule is one of those that are tried. */
export function isChosen(id: string): boolean {
  return CHOSEN?.includes(id) ?? true
}

/** Whether a few rules are named, of which more is tried than of all. */
export const isOfAFew = CHOSEN !== null

/** The rules that are tried: all, or those that the environment names. */
export async function chosenRules(): Promise<readonly LoadedRule[]> {
  return (await loadRules()).filter(({ rule }) => isChosen(rule.id))
}
