import { once } from '../../parsers/collections/once.ts'
import { isUnknownWord } from '../../parsers/text/source.ts'
import { packagedNginx } from '../deployment/containers/nginx-packages/packaged-nginx.ts'
import { isStandIn } from '../../parsers/text/stand-in.ts'
import { buildDeployment } from '../deployment/build/build-deployment.ts'
import type { MachineInput } from '../deployment/build/machines.ts'
import { containerOf, everyContainer } from '../deployment/containers/brought-files.ts'
import {
  type Configurations,
  containersAlone,
  type JoinedProjects,
  machineOf,
  type ReadServers,
  withContainers,
} from '../deployment/containers/join-containers.ts'
import { looseOf } from '../deployment/containers/loose-files.ts'
import type { Container } from '../deployment/containers/container.ts'
import type { Deployment, Machine as DeployedMachine } from '../deployment/model.ts'
import { shareSocket, socketOf } from '../files/claims.ts'
import type { FileSystem } from '../files/file-system.ts'
import type { ApacheConfiguration } from '../servers/apache/configuration.ts'
import type { NginxConfiguration } from '../servers/nginx/configuration.ts'
import type { ServerReader } from './server-reader.ts'
import type { AuditSettings } from './settings.ts'

type Configuration = NginxConfiguration | ApacheConfiguration

/** Makes deployments of servers. */
export interface ServerJoiner {
  /** Those of machines that are told. */
  readonly joined: (machines: readonly MachineInput[]) => readonly Deployment[]
  /** Those of servers that stand together, with the containers beside them. */
  readonly together: (servers: Configurations) => readonly Deployment[]
  /** Those of projects of which no deployment so far holds a container. */
  readonly containersLeft: () => readonly Deployment[]
}

/**
 * @param files those of the machine, with what starts programs there
 * @param apart reads the servers that containers bring besides
 */
export function serverJoiner(
  reader: ServerReader,
  settings: AuditSettings,
  files: FileSystem,
  apart: ReadServers,
): ServerJoiner {
  const { machine, projects } = reader
  const { repository } = machine
  const applications = repository?.applications ?? null
  const joinedProjects: JoinedProjects = new Map()
  const loose = once(() => (repository === undefined ? null : looseOf(repository, projects)))
  /** Of images that no compose file runs rules ask what else the repository has. */
  const withBeside = (input: MachineInput): MachineInput =>
    input.container?.project.startedBy === 'pods' ? { ...input, beside: loose() } : input
  const joined = (machines: readonly MachineInput[]): readonly Deployment[] =>
    reader.attempt('joining the servers', null, () =>
      buildDeployment({
        machines: machines.map(withBeside),
        facts: settings.facts,
        within: repository?.within,
        setups: machine.setups,
        setupsBeside: machine.setupsBeside,
        guides: machine.guides,
        containers: () => (repository === undefined ? [] : everyContainer(repository, projects)),
        python: settings.python ?? null,
        shell: settings.shell ?? null,
      }),
    )
  /** The image that no compose file runs and whose own main files the servers have. */
  const imageOf = (servers: readonly Configuration[]): Container | null => {
    if (repository === undefined || !servers.every(isOfImage)) return null
    const paths = servers.flatMap(({ sources }) =>
      sources.flatMap(source => (isStandIn(source) ? [] : [source.path])),
    )
    const home = containerOf(paths, repository, projects)
    if (home?.isAlone !== true) return null
    // Files that lie beside a Dockerfile say more of nginx than what its image has of them, but of what runs beside it.
    const isNginx = servers.some(({ program }) => program === 'nginx')
    return isNginx && packagedNginx(home)?.isSupervised !== true ? null : home
  }
  const build = ({ nginx, apache }: Configurations): readonly Deployment[] => {
    if (nginx.length + apache.length === 0) return []
    const image = imageOf([...nginx, ...apache])
    if (image !== null) return joined([machineOf(image, { files, nginx, apache })])
    const input = { files, nginx, apache, applications }
    return (
      repository === undefined || projects.length === 0
        ? [[input]]
        : withContainers(input, repository, projects, joinedProjects, apart, reader.readImage)
    ).flatMap(joined)
  }
  const together = (servers: Configurations): readonly Deployment[] => {
    const { nginx, apache } = servers
    const deployments = build(servers)
    // Those of two containers open one of each.
    const isOneMachine = deployments.some(({ machines }) => machines.some(runsBoth))
    if (!machine.supposed || !isOneMachine) return deployments
    if (!shareSocket(nginx.flatMap(openedByNginx), apache.flatMap(openedByApache))) return deployments
    // Two servers that open one port are a fault where one proxies to the other, and else two choices.
    if (deployments.some(deployment => proxiesToApache(deployment) || isMeantForApache(deployment)))
      return deployments
    return [...build({ nginx, apache: [] }), ...build({ nginx: [], apache })]
  }
  return {
    joined,
    together,
    containersLeft: () =>
      repository === undefined
        ? []
        : containersAlone(repository, projects, joinedProjects, apart, reader.readImage).flatMap(joined),
  }
}

function isOfImage({ main }: Configuration): boolean {
  return main !== null && isStandIn(main)
}

function runsBoth({ programs }: DeployedMachine): boolean {
  return ['nginx', 'apache'].every(program => programs.some(({ kind }) => kind === program))
}

function proxiesToApache({ connections, listeners }: Deployment): boolean {
  const ofNginx = new Set(listeners.flatMap(({ program, port }) => (program.kind === 'nginx' ? port : [])))
  return connections.http.some(
    connection =>
      connections.hostsReachedBy(connection).length > 0 ||
      // Whichever of its hosts answers there.
      connection.targets.some(
        ({ to }) =>
          to.kind === 'listener' && to.listener.program.kind === 'apache' && !ofNginx.has(to.listener.port),
      ),
  )
}

/** Directives by which Apache leads to an application, to which nginx may lead in its place. */
const TO_APPLICATIONS = [
  'proxypass',
  'proxypassmatch',
  'wsgiscriptalias',
  'wsgiscriptaliasmatch',
  'passengerenabled',
  'passengerapproot',
  'jkmount',
]

/**
 * True where nginx proxies a site to an address of its machine that nobody opens, and Apache has a site of that name
 * that leads to nothing else: it is what nginx proxies to.
 */
function isMeantForApache({ connections, apache, virtualHosts }: Deployment): boolean {
  if (apache.some(leadsToApplication)) return false
  const hosted = new Set(virtualHosts.flatMap(({ names }) => names))
  return connections.http.some(
    ({ server, targets }) =>
      server.names.some(({ name, exact }) => exact && hosted.has(name)) &&
      targets.some(
        ({ to, local }) =>
          local === true && ((to.kind === 'unclaimed' && to.supposed === null) || to.kind === 'refused'),
      ),
  )
}

function leadsToApplication({ occurrences }: ApacheConfiguration): boolean {
  if (TO_APPLICATIONS.some(name => occurrences.has(name))) return true
  return (occurrences.get('rewriterule') ?? []).some(
    ({ args }) =>
      /^(?:https?|wss?|unix):/.test(args[1]?.value ?? '') &&
      /[[,](?:P|proxy)[\],]/i.test(args[2]?.value ?? ''),
  )
}

function openedByNginx({ occurrences }: NginxConfiguration): readonly string[] {
  return socketsIn(occurrences.get('listen') ?? [])
}

function openedByApache({ occurrences }: ApacheConfiguration): readonly string[] {
  const listens = occurrences.get('listen')
  return listens === undefined ? socketsIn(occurrences.get('virtualhost') ?? [], '*') : socketsIn(listens)
}

function socketsIn(
  directives: readonly { readonly args: readonly { readonly value: string }[] }[],
  port = '80',
): readonly string[] {
  return directives.flatMap(({ args }) => {
    const written = args[0]?.value ?? ''
    const isSettled = written !== '' && !isUnknownWord(written) && !written.startsWith('unix:')
    return isSettled ? [socketOf(written, port)] : []
  })
}
