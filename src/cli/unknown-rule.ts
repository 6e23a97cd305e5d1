import { RENAMED } from '../../rules/renamed.ts'
import { didYouMean } from './did-you-mean.ts'

/** What is wrong with the name of a rule that there is not: an old id names the new one. */
export function unknownRule(name: string, known: readonly string[]): string {
  const now = RENAMED.get(name)
  return now === undefined
    ? `unknown rule "${name}"${didYouMean(name, known)}`
    : `the rule "${name}" was renamed to "${now}"`
}
