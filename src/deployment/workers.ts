import type { Place } from '../../parsers/text/source.ts'
import type { ApacheConfiguration } from '../servers/apache/configuration.ts'

export interface Counted {
  readonly value: number
  /** Where it is written; null for httpd's default. */
  readonly at: Place | null
}

/** How many requests one httpd answers at a time. */
export interface Workers {
  readonly configuration: ApacheConfiguration
  readonly mpm: 'event' | 'worker' | 'prefork'
  readonly serverLimit: Counted
  readonly threadsPerChild: Counted
  /** `MaxRequestWorkers` as written or by default. */
  readonly maximum: Counted
  /** What the limit of processes allows. */
  readonly allowed: number
  /** What httpd arrives at. */
  readonly effective: number
}

export function readWorkers(_configuration: ApacheConfiguration): readonly Workers[] {
  return []
}
