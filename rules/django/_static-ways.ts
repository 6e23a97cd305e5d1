import type { Container, ContainerMount } from '../../src/deployment/containers/container.ts'
import { certainHosts } from '../../src/deployment/hosts-of-connection.ts'
import type { Application, Deployment, Machine, NginxConnection } from '../../src/deployment/model.ts'
import { serverBehind } from '../../src/deployment/server-behind.ts'
import { directivesIn } from '../../src/servers/apache/queries/directives-in.ts'
import { isPrefixOf } from '../../src/servers/apache/queries/wsgi-script-aliases.ts'
import type { Runner } from './_connections.ts'

/** True where a connection brings a URL to Django itself. */
export function leadsTo(
  deployment: Deployment,
  connection: NginxConnection,
  runner: Runner,
  url: string,
): boolean {
  if (runner.kind === 'app-server')
    return connection.targets.some(target => serverBehind(target) === runner.program)
  return certainHosts(deployment, connection).includes(runner.host) && !apacheServes(runner.application, url)
}

function apacheServes({ configuration, host }: Application, url: string): boolean {
  const { occurrences } = configuration
  if (['aliasmatch', 'rewriterule', 'scriptalias'].some(name => occurrences.has(name))) return true
  return [host?.directive ?? null, null].some(section =>
    directivesIn(configuration, section, 'alias').some(({ args }) => isPrefixOf(args[0]?.value ?? '', url)),
  )
}

/** True for containers of one compose file, whose nginx has nothing of the other one. */
export function isOfOneProject({ container: own }: Machine, { container: other }: Machine): boolean {
  return own !== null && other !== null && own !== other && own.project === other.project
}

/** A directory of one machine as the other sees it; null where nobody knows. */
export function directorySeen(directory: string, from: Machine, to: Machine): string | null {
  if (from === to) return directory
  if (from.container === null || to.container === null) return null
  const own = mountOver(from.container, directory)
  if (own?.volume == null) return null
  const there = to.container.mounts.find(({ volume }) => volume === own.volume)
  return there === undefined ? null : there.target + directory.slice(own.target.length)
}

function mountOver({ mounts }: Container, path: string): ContainerMount | null {
  return (
    mounts
      .filter(({ target }) => path === target || path.startsWith(`${target}/`))
      .sort((a, b) => b.target.length - a.target.length)[0] ?? null
  )
}
