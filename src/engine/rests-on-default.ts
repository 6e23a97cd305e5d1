import { placeholdersIn } from '../../parsers/text/placeholder.ts'
import type { Place } from '../../parsers/text/source.ts'
import type { RuleFinding } from './rule.ts'

/** Groups that ask for the ports themselves, and not for what the programs say to each other that meet there. */
const OF_PORTS = /^(?:topology|loopback|containers|app-server|sizing|canonical-url)\//

/**
 * True for what is wrong, if at all, by the default of a value alone: whoever meets it sets another one.
 *
 * @param rule its id
 */
export function restsOnDefault(rule: string, { at, related = [] }: RuleFinding): boolean {
  return hasDefault(at) || (OF_PORTS.test(rule) && related.some(other => hasDefault(other.at)))
}

function hasDefault({ source, start, end }: Place): boolean {
  if (source.values === null) return false
  return [...placeholdersIn(source.code.slice(start, end))].some(
    placeholder => source.values?.get(placeholder)?.isDefault === true,
  )
}
