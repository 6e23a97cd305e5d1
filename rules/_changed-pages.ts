import type { ApacheConfiguration } from '../src/servers/apache/configuration.ts'

/** True where a module of Apache may change the links in pages. */
export function changesPages({ occurrences }: ApacheConfiguration): boolean {
  return ['proxyhtmlenable', 'proxyhtmlurlmap', 'substitute', 'setoutputfilter', 'extfilterdefine'].some(
    name => occurrences.has(name),
  )
}
