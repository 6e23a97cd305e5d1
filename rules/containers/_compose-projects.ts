import { memo } from '../../parsers/collections/memo.ts'
import type { ComposeProject, ComposeService } from '../../parsers/compose/compose.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import type { Deployment } from '../../src/deployment/model.ts'

/** One container of each project, by which its project is found and the files around it. */
export const composeProjects = memo(({ machines }: Deployment): readonly Container[] => {
  const found = new Map<Container['project'], Container>()
  for (const { container } of machines)
    if (container !== null && !found.has(container.project)) found.set(container.project, container)
  return [...found.values()]
})

/** Every project, those of which no container comes as well. */
export function projectsIn(deployment: Deployment): readonly ComposeProject[] {
  return [
    ...composeProjects(deployment).map(({ project }) => project),
    ...deployment.machines.flatMap(({ loose }) => loose?.projects ?? []),
  ]
}

/** Every service that Compose itself starts: it reads lists and variables as no other program does. */
export function* servicesOfCompose(deployment: Deployment): Iterable<ComposeService> {
  for (const { project } of composeProjects(deployment))
    if (project.startedBy === 'compose') yield* project.services.values()
}

/** Every service of every project, whatever starts it. */
export function* composeServices(deployment: Deployment): Iterable<ComposeService> {
  for (const { project } of composeProjects(deployment)) yield* project.services.values()
}
