import { memo } from '../../parsers/collections/memo.ts'
import type { ComposeProject, ComposeService } from '../../parsers/compose/compose.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import type { Deployment } from '../../src/deployment/model.ts'

/** One container of each project, whatever starts it, by which its project is found and the files around it. */
export const allProjects = memo(({ machines }: Deployment): readonly Container[] => {
  const found = new Map<Container['project'], Container>()
  for (const { container } of machines)
    if (container !== null && !found.has(container.project)) found.set(container.project, container)
  return [...found.values()]
})

/** The same of projects that are no pods: of containers that one machine runs. */
export const composeProjects = memo((deployment: Deployment): readonly Container[] =>
  allProjects(deployment).filter(({ project }) => project.startedBy !== 'pods'),
)

/** Every project but pods, those of which no container comes as well. */
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

/** Every service of every project, and every container of pods. */
export function* allServices(deployment: Deployment): Iterable<ComposeService> {
  for (const { project } of allProjects(deployment)) yield* project.services.values()
}

/** Every service of every project but pods. */
export function* composeServices(deployment: Deployment): Iterable<ComposeService> {
  for (const { project } of composeProjects(deployment)) yield* project.services.values()
}
