import { memo } from '../../parsers/collections/memo.ts'
import type { ComposeProject, ComposeService } from '../../parsers/compose/compose.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import type { Deployment } from '../../src/deployment/model.ts'

/** One container of each compose project, by which its project is found and the files around it. */
export const composeProjects = memo(({ machines }: Deployment): readonly Container[] => {
  const found = new Map<Container['project'], Container>()
  for (const { container } of machines)
    if (container !== null && !found.has(container.project)) found.set(container.project, container)
  return [...found.values()]
})

/** Every compose project, those of which no container comes as well. */
export function projectsIn(deployment: Deployment): readonly ComposeProject[] {
  return [
    ...composeProjects(deployment).map(({ project }) => project),
    ...deployment.machines.flatMap(({ loose }) => loose?.projects ?? []),
  ]
}

/** Every service of every compose project, whatever starts it. */
export function* composeServices(deployment: Deployment): Iterable<ComposeService> {
  for (const { project } of composeProjects(deployment)) yield* project.services.values()
}
