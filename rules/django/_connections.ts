import { groupBy } from '../../parsers/collections/group-by.ts'
import { memo } from '../../parsers/collections/memo.ts'
import type { Source } from '../../parsers/text/source.ts'
import type { LoadedModule } from '../../src/deployment/django/loaded-module.ts'
import type { DjangoSettings } from '../../src/deployment/django/settings.ts'
import { certainHosts } from '../../src/deployment/hosts-of-connection.ts'
import type {
  ApacheHost,
  Application,
  AppServerProgram,
  Connection,
  Deployment,
  Machine,
  NginxConnection,
  Target,
} from '../../src/deployment/model.ts'
import type { FollowedRequest } from '../../src/deployment/requests/answer.ts'
import { PATHS, requestsToServer } from '../../src/deployment/requests/made-up-requests.ts'
import { pathsInto } from '../../src/deployment/requests/paths-into.ts'
import { probe } from '../../src/deployment/requests/probe.ts'
import { serverBehind } from '../../src/deployment/server-behind.ts'
import { sslEngine } from '../../src/servers/apache/queries/server-settings.ts'

/** A connection of nginx that leads to a project of Django. */
export interface DjangoConnection {
  readonly connection: NginxConnection
  readonly settings: DjangoSettings
  /** The file of the settings. */
  readonly settingsSource: Source | null
  /** The one that has the project. */
  readonly machine: Machine
  readonly runner: Runner
}

export type Runner = AppServer | ModWsgi

export interface AppServer {
  readonly kind: 'app-server'
  readonly program: AppServerProgram
  readonly target: Target
}

/** A virtual host of Apache in which mod_wsgi runs the project. */
export interface ModWsgi {
  readonly kind: 'mod_wsgi'
  readonly host: ApacheHost
  readonly application: Application
  /** What mod_wsgi tells of the scheme of a client that sends no header of its own; null where nobody can tell. */
  readonly scheme: 'http' | 'https' | null
  /** The names of the server of nginx whose requests arrive. */
  readonly names: ReadonlySet<string>
}

export interface DjangoInServer extends DjangoConnection {
  readonly runner: AppServer
}

/** The same of nginx or Apache, in an application server alone. */
export interface DjangoBehindFront extends Omit<DjangoInServer, 'connection'> {
  readonly connection: Connection
  readonly loaded: LoadedModule
}

/** Those that lead to an application server, then those that Apache answers by mod_wsgi. */
export const djangoConnections = memo((deployment: Deployment): readonly DjangoConnection[] => [
  ...djangoInServers(deployment),
  ...djangoInModWsgi(deployment),
])

export const djangoInServers = memo((deployment: Deployment): readonly DjangoInServer[] =>
  djangoBehindFronts(deployment).flatMap(each => {
    const { connection } = each
    return 'server' in connection ? [{ ...each, connection }] : []
  }),
)

export const djangoBehindFronts = memo((deployment: Deployment): readonly DjangoBehindFront[] => {
  if (deployment.programs.every(({ kind }) => kind !== 'app-server')) return []
  return deployment.connections.all.flatMap(connection =>
    connection.targets.flatMap((target): readonly DjangoBehindFront[] => {
      const program = serverBehind(target)
      const loaded = program === null ? null : deployment.moduleOf(program)
      if (program === null || loaded?.settings == null) return []
      const { settings, settingsSource } = loaded
      const runner = { kind: 'app-server', program, target } as const
      return [{ connection, settings, settingsSource, machine: program.machine, runner, loaded }]
    }),
  )
})

function djangoInModWsgi(deployment: Deployment): readonly DjangoConnection[] {
  if (deployment.applications.length === 0) return []
  return deployment.connections.http.flatMap(connection =>
    certainHosts(deployment, connection).flatMap(host =>
      deployment.applicationsOf(host).flatMap((application): readonly DjangoConnection[] => {
        const python = deployment.pythonOf(application)
        if (python === null || python.settings === null) return []
        const { path, settings } = python
        const reached = requestsReaching(deployment, connection, path)
        const [first] = reached
        if (first === undefined) return []
        const [own] = settings.files
        const source = settings.assigned.find(each => each.source.path === own)?.source ?? null
        const { machine } = deployment.programOf(host.configuration)
        const names = new Set(reached.map(({ name }) => name))
        const runner = { kind: 'mod_wsgi', host, application, scheme: first.scheme, names } as const
        return [{ connection, settings, settingsSource: source, machine, runner }]
      }),
    ),
  )
}

/** The requests of clients that a connection brings to a script of mod_wsgi, those over TLS first. */
function requestsReaching(
  deployment: Deployment,
  connection: NginxConnection,
  script: string,
): readonly { readonly name: string; readonly scheme: ModWsgi['scheme'] }[] {
  const { server, block } = connection
  const found = [...pathsInto(block), PATHS.missingPage].flatMap(path =>
    requestsToServer(deployment, server, path).flatMap(request => {
      const followed = probe(deployment, request)
      const { end } = followed
      if (end.kind !== 'application' || end.script !== script || !goesThrough(followed, connection)) return []
      return [{ name: request.host, scheme: end.scheme, isTls: request.scheme === 'https' }]
    }),
  )
  return found.sort((one, other) => Number(other.isTls) - Number(one.isTls))
}

/** True where nginx handed a request on by this very line. */
export function goesThrough({ steps }: FollowedRequest, { pass }: NginxConnection): boolean {
  return steps.some(
    ({ directive }) => directive !== null && 'node' in directive && directive.node === pass.node,
  )
}

/** The connections by what runs the project, where they are all the ways to it that are known. */
export function waysByRunner(deployment: Deployment): readonly (readonly DjangoConnection[])[] {
  const groups = groupBy(djangoConnections(deployment), ({ runner }) =>
    runner.kind === 'app-server' ? runner.program : runner.application,
  )
  return [...groups.values()].filter(ways => {
    const [first] = ways
    return (
      first !== undefined && (first.runner.kind === 'app-server' || hasNoOther(deployment, groups, first))
    )
  })
}

/** True of a project that no other virtual host answers with, and this one without TLS. */
function hasNoOther(
  { applications, pythonOf }: Deployment,
  groups: ReadonlyMap<unknown, unknown>,
  { settings, runner }: DjangoConnection,
): boolean {
  if (runner.kind !== 'mod_wsgi') return false
  const { configuration, virtualHost } = runner.host
  const engine = sslEngine(configuration, virtualHost)
  const [own] = settings.files
  return (
    engine.known &&
    !engine.value &&
    applications.every(each => groups.has(each) || pythonOf(each)?.settings?.files[0] !== own)
  )
}

/**
 * True where the project lies at its place on the machine, so that its paths and names are those of the deployment. A
 * repository whose start nobody sees has samples of them.
 */
export function isPlaced({ runner }: DjangoConnection): boolean {
  return runner.kind === 'mod_wsgi' || runner.program.isSeen || runner.program.directory?.known === true
}
