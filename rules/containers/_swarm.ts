import type { ComposeProject } from '../../parsers/compose/compose.ts'
import type { Source } from '../../parsers/text/source.ts'

const OF_SWARM =
  /\bdriver:\s*["']?overlay\b|^\s*(?:placement|update_config|rollback_config|endpoint_mode):|\bswarm\b/m

/** True for a file that `docker stack deploy` reads, which gives containers and their names other addresses. */
export function isForSwarm({ text }: Source): boolean {
  return OF_SWARM.test(text)
}

/** True where the name of a service is an address that stays when its containers are made anew. */
export function hasVirtualAddresses({ sources }: ComposeProject): boolean {
  return (
    sources.some(isForSwarm) && !sources.some(({ text }) => /^\s*endpoint_mode:\s*["']?dnsrr\b/m.test(text))
  )
}
