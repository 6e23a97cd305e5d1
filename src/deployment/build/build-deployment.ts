import type { PythonParser } from '../../../parsers/python/python-module.ts'
import type { Source } from '../../../parsers/text/source.ts'
import type { FileSystem } from '../../files/file-system.ts'
import type { ApacheConfiguration } from '../../servers/apache/configuration.ts'
import { wsgiDaemons } from '../../servers/apache/queries/wsgi-daemons.ts'
import { groupBy } from '../../../parsers/collections/group-by.ts'
import type { NginxConfiguration } from '../../servers/nginx/configuration.ts'
import { apacheListeners, knowsEveryListen } from './apache-listeners.ts'
import { readApplications } from './applications.ts'
import { backendHosts } from './virtual-hosts.ts'
import type { Deployment, Hop, Listener, NginxServer } from '../model.ts'
import { pythonReader } from '../django/application-settings.ts'
import { gunicornServers } from './gunicorn.ts'
import { nginxHops, type ProxyHop } from './nginx-connections.ts'
import { readHostsFile } from './hosts-file.ts'
import { joinHops } from './reached-hosts.ts'
import { indexListeners, nginxListeners } from './listeners.ts'
import { nginxServers, serverIndex } from './servers.ts'
import { once } from '../../../parsers/collections/once.ts'
import { postgresServers } from './postgres.ts'
import { schemeTrusts } from './scheme-trusts.ts'
import type { SiteFacts } from '../site-facts.ts'
import { targetReader } from './destinations.ts'
import { readWorkers } from './workers.ts'

export interface DeploymentInput {
  readonly nginx: readonly NginxConfiguration[]
  readonly apache: readonly ApacheConfiguration[]
  readonly facts: SiteFacts
  readonly files: FileSystem
  /** Null, or left out, where no Python is read. */
  readonly python?: PythonParser | null
}

/** Joins the servers of one root. Nothing is computed before a rule asks for it. */
export function buildDeployment({ nginx, apache, facts, files, python = null }: DeploymentInput): Deployment {
  const hosts = once(() => readHostsFile(files))
  const listeners = once(() => [...nginx.flatMap(nginxListeners), ...apache.flatMap(apacheListeners)])
  const servers = once(() => nginx.flatMap(nginxServers))
  const hops = once((): readonly ProxyHop[] => {
    const readTarget = targetReader({
      listeners: indexListeners(listeners()),
      ownAddresses: boundAddresses(listeners()),
      hosts: hosts(),
    })
    const serverOf = serverIndex(servers())
    return nginx.flatMap(configuration => nginxHops(configuration, serverOf, readTarget, joined))
  })
  const hopsByServer = once(() => groupBy(hops(), hop => hop.server))
  const virtualHosts = once(() => backendHosts(apache, joined))
  const joined: () => void = once(() => joinHops(hops(), virtualHosts()))
  const trusts = once(() => apache.flatMap(schemeTrusts))
  const trustsByHost = once(() => groupBy(trusts(), trust => trust.virtualHost ?? trust.configuration))
  const daemons = once(() => apache.flatMap(wsgiDaemons))
  const applications = once(() => readApplications(apache, virtualHosts()))
  const postgres = once(() => postgresServers(files))
  const gunicorn = once(() => gunicornServers(files, python))
  const applicationsByHost = once(() => groupBy(applications(), ({ host }) => host))
  const workers = once(() => apache.flatMap(readWorkers))
  const knowsListens = once(() => apache.every(knowsEveryListen))
  const shared = once(
    () => (isInstalled(nginx) && isInstalled(apache)) || sharesMachine(servers(), listeners(), hops()),
  )
  return {
    nginx,
    apache,
    facts,
    files,
    get hosts() {
      return hosts()
    },
    get listeners() {
      return listeners()
    },
    get servers() {
      return servers()
    },
    get hops() {
      return hops()
    },
    hopsOf: server => hopsByServer().get(server) ?? NONE,
    get virtualHosts() {
      return virtualHosts()
    },
    trustsOf: ({ configuration, directive }) => {
      const ofAll = trustsByHost().get(configuration)
      const own = trustsByHost().get(directive)
      if (ofAll === undefined) return own ?? NONE
      return own === undefined ? ofAll : [...ofAll, ...own]
    },
    get trusts() {
      return trusts()
    },
    get applications() {
      return applications()
    },
    pythonOf: pythonReader(files, python),
    applicationsOf: host => applicationsByHost().get(host) ?? NONE,
    get daemons() {
      return daemons()
    },
    get postgres() {
      return postgres()
    },
    get gunicorn() {
      return gunicorn()
    },
    get workers() {
      return workers()
    },
    get knowsEveryListen() {
      return knowsListens()
    },
    get sharesMachine() {
      return shared()
    },
  }
}

const NONE: readonly never[] = []

/** The addresses of this machine that a server is bound to; the wildcard is every one, and names none. */
function boundAddresses(listeners: readonly Listener[]): ReadonlySet<string> {
  const bound = new Set<string>()
  for (const { address } of listeners) if (address.kind === 'ip' && !address.wildcard) bound.add(address.ip)
  return bound
}

/** Main files at the places of an installed system: the root is the `/` of one machine. */
function isInstalled(configurations: readonly { readonly main: Source | null }[]): boolean {
  return (
    configurations.length > 0 && configurations.every(({ main }) => main?.path.startsWith('/etc/') === true)
  )
}

/**
 * A connection to another address, or to a name that is not one of the sites', on a port that Apache
 * opens: then the Apache of this tree runs there, in a container or on a machine of its own.
 */
function sharesMachine(
  servers: readonly NginxServer[],
  listeners: readonly Listener[],
  hops: readonly Hop[],
): boolean {
  const ports = new Set(listeners.flatMap(({ program, port }) => (program === 'apache' ? [port] : [])))
  if (ports.size === 0) return true
  const names = new Set(servers.flatMap(({ names }) => names.map(({ name }) => name)))
  for (const { targets } of hops) {
    for (const { address, port, local } of targets) {
      if (local === true || !ports.has(port)) continue
      if (address.kind === 'ip' || (address.kind === 'name' && !names.has(address.name))) return false
    }
  }
  return true
}
