import type { ApacheConfiguration } from '../../servers/apache/configuration.ts'
import { mpm } from '../../servers/apache/queries/mpm.ts'
import type { Workers } from '../model.ts'

/** The worker arithmetic of one httpd; nothing where its MPM or a limit is not known. */
export function readWorkers(configuration: ApacheConfiguration): readonly Workers[] {
  const fact = mpm(configuration)
  if (!fact.known || !fact.value.capacity.known) return []
  return [{ configuration, mpm: fact.value, capacity: fact.value.capacity.value }]
}
