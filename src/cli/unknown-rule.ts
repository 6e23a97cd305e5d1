import { RENAMED } from '../../rules/renamed.ts'
import { didYouMean, nearestName } from './did-you-mean.ts'

/** What is wrong with a name that no rule and no group has: an old id names the new one. */
export function unknownRule(name: string, known: readonly string[]): string {
  const now = RENAMED.get(name)
  return now === undefined
    ? `unknown ${name.includes('/') ? 'rule' : 'rule or group'} "${name}"${didYouMean(name, known)}`
    : `the rule "${name}" was renamed to "${now}"`
}

/** The rule or group that was meant by a name that there is not: its new id, or the closest one; null for neither. */
export function meantRule(name: string, known: readonly string[]): string | null {
  return RENAMED.get(name) ?? nearestName(name, known)
}
