import { posix } from 'node:path'
import { propertyOf } from '../../parsers/app-server/built-servers.ts'
import type { Place, Source } from '../../parsers/text/source.ts'
import { springProject, springProjectsAround } from '../../src/deployment/kubernetes/spring-projects.ts'
import type { Connection } from '../../src/deployment/model.ts'

/**
 * The path below which the project of the repository answers, where a line takes that very path away and leads to the
 * very port of it, on whichever machine its jar runs. Null where another project has the port, too.
 */
export function springPathBehind(
  { targets, from: { machine } }: Connection,
  near: string,
  taken: string,
): { readonly tool: string; readonly at: Place } | null {
  const ports = new Set(targets.map(({ port }) => port))
  if (ports.size !== 1 || targets.some(({ to }) => to.kind === 'listener')) return null
  for (const files of [machine.files, ...(machine.loose === null ? [] : [machine.loose.files])]) {
    const sources = springProjectsAround(files, posix.dirname(near)).filter(source =>
      ports.has(portOf(source)),
    )
    const [source, ...others] = sources
    if (source === undefined || others.length > 0) continue
    const project = springProject(files, source)
    if (project !== null && project.contextPath === taken.replace(/\/$/, ''))
      return { tool: 'Spring Boot', at: project.at }
  }
  return null
}

function portOf(source: Source): number {
  const port = propertyOf(source, 'server.port', () => null)
  return port?.known === true ? Number(port.value) : port === null ? 8080 : Number.NaN
}
