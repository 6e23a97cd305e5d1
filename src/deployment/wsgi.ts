import type { ApacheConfiguration } from '../servers/apache/configuration.ts'
import type { Application, Daemon } from './applications.ts'

export function readDaemons(_configuration: ApacheConfiguration): readonly Daemon[] {
  return []
}
export function readApplications(
  _configurations: readonly ApacheConfiguration[],
  _daemons: readonly Daemon[],
): readonly Application[] {
  return []
}
