import type { ApacheConfiguration } from '../../servers/apache/configuration.ts'
import { type Capacity, type Mpm, mpm } from '../../servers/apache/queries/mpm.ts'

/** How many requests one httpd answers at a time. */
export interface Workers {
  readonly configuration: ApacheConfiguration
  readonly mpm: Mpm
  readonly capacity: Capacity
}

/** The worker arithmetic of one httpd; nothing where its MPM or a limit is not known. */
export function readWorkers(configuration: ApacheConfiguration): readonly Workers[] {
  const fact = mpm(configuration)
  if (!fact.known || !fact.value.capacity.known) return []
  return [{ configuration, mpm: fact.value, capacity: fact.value.capacity.value }]
}
