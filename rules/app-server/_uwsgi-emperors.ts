import { memoByKey } from '../../parsers/collections/memo.ts'
import { isUwsgi } from '../../parsers/app-server/uwsgi.ts'
import type { AppServerProgram, Deployment, Machine } from '../../src/deployment/model.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'

/** The uWSGI of each machine that start others, with the files in their directories. */
const emperorsOf = memoByKey((deployment: Deployment, machine: Machine): readonly AppServerProgram[] =>
  programsOfKind(deployment, 'app-server').filter(
    program => program.machine === machine && isUwsgi(program.server) && program.server.emperors.length > 0,
  ),
)

/** What starts a uWSGI that is described by a file alone: null where its own command does, or nothing is seen to. */
export function emperorsFor(deployment: Deployment, program: AppServerProgram): readonly AppServerProgram[] {
  return program.by === null ? emperorsOf(deployment, program.machine) : []
}

/** True where a file below `/etc/uwsgi/apps-enabled` is started by the init script of Debian. */
export function isStartedByInit({ by, server }: AppServerProgram): boolean {
  return by === null && /^\/etc\/uwsgi\/apps-(?:enabled|available)\//.test(server.at.source.path)
}

/** False where options may come from an emperor that hands them over, or that nobody here has. */
export function hasItsOwnOptions(deployment: Deployment, program: AppServerProgram): boolean {
  if (!isUwsgi(program.server) || !program.server.complete) return false
  if (program.by !== null || isStartedByInit(program)) return true
  const emperors = emperorsFor(deployment, program)
  return (
    emperors.length > 0 &&
    emperors.every(
      ({ server }) =>
        isUwsgi(server) &&
        server.complete &&
        !server.options.some(({ name }) => /^vassals?-(?:set|inherit|include)|^emperor-wrapper/.test(name)),
    )
  )
}

/**
 * True for a file of `/etc/uwsgi/vassals` and its like whose emperor is not in the audit: few of them hand any options
 * over.
 */
export function isOfUnseenEmperor(deployment: Deployment, program: AppServerProgram): boolean {
  return (
    isUwsgi(program.server) &&
    program.server.complete &&
    program.by === null &&
    emperorsFor(deployment, program).length === 0
  )
}
