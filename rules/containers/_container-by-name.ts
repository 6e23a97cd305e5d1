import type { Container } from '../../src/deployment/containers/container.ts'
import { readContainers } from '../../src/deployment/containers/read-containers.ts'
import type { Connection, Target } from '../../src/deployment/model.ts'
import { networksOf } from './_networks.ts'

/**
 * The one container of another project of the repository that a name leads to, by a network which both name alike, as
 * an `external` one is; null where several have the name.
 */
export function containerByName(
  { from }: Pick<Connection, 'from'>,
  { machine, addresses }: Pick<Target, 'machine' | 'addresses'>,
): Container | null {
  const front = from.machine.container
  const [address] = addresses
  if (front === null || machine !== null || address?.kind !== 'name') return null
  const own = new Set(networksOf(front).flatMap(({ name }) => name ?? []))
  if (own.size === 0) return null
  const wanted = address.name.toLowerCase()
  const [found, ...others] = front.projects
    .filter(project => project !== front.project && project.startedBy === 'compose')
    .flatMap(project => readContainers(project, front.hostFiles, front.projects))
    .filter(
      each =>
        each.names.includes(wanted) && networksOf(each).some(({ name }) => name !== null && own.has(name)),
    )
  return found === undefined || others.length > 0 ? null : found
}
