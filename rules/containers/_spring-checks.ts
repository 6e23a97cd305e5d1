import { posix } from 'node:path'
import { isBelow } from '../../parsers/text/is-below.ts'
import type { Place } from '../../parsers/text/source.ts'
import {
  SPRING_SETTINGS,
  type SpringProject,
  springProject,
} from '../../src/deployment/kubernetes/spring-projects.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { sourceAt } from '../../src/files/file-system.ts'
import { selfCheck } from '../django/_self-check.ts'

interface SpringCheck {
  readonly project: SpringProject
  readonly at: Place
  readonly path: string
}

const MOVED = /CONTEXT_?PATH|MANAGEMENT|SPRING_APPLICATION_JSON|SPRING_CONFIG|BASE_?PATH/i

/** Health checks of containers that ask the actuator of the project they are built of, outside of its path. */
export function* selfChecksOfSpring({ machines }: Deployment): Iterable<SpringCheck> {
  for (const { container } of machines) {
    const context = container?.service.build?.context
    if (container === null || context?.known !== true || !container.service.complete) continue
    const check = selfCheck(container)
    if (check === null || !/^\/actuator(?:\/|$)/.test(check.path)) continue
    const { environment, envFiles, command } = container.service
    const isTold = envFiles.length > 0 || command !== null || environment.some(({ name }) => MOVED.test(name))
    const settings = SPRING_SETTINGS.flatMap(
      name => sourceAt(container.hostFiles, posix.join(context.value, name)) ?? [],
    )
    const project = isTold || settings.length !== 1 ? null : springProject(container.hostFiles, settings[0]!)
    if (project === null || check.port !== project.port || isBelow(check.path, project.contextPath)) continue
    yield { project, at: check.at, path: check.path }
  }
}
