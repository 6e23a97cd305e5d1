import type { PublishedPort } from '../../parsers/compose/compose.ts'

/** True for a port that is published on every address of the host. */
export function isEveryAddress({ hostIp }: PublishedPort): boolean {
  return hostIp === null || (hostIp.known && /^(?:0\.0\.0\.0|\[?::\]?)$/.test(hostIp.value))
}
