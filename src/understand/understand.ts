import { scriptsOf } from '../deployment/build/programs/script-commands.ts'
import { withInstalledFiles } from '../deployment/build/programs/with-installed-files.ts'
import { withPhpProjects } from '../deployment/build/programs/with-php-projects.ts'
import { withLyingProjects, withPhpFiles, withStarters } from '../deployment/build/programs/with-starters.ts'
import { withWsgiScripts } from '../deployment/build/programs/with-wsgi-scripts.ts'
import { looseFiles } from '../deployment/containers/loose-files.ts'
import { everyContainer } from '../deployment/containers/brought-files.ts'
import type { Container } from '../deployment/containers/container.ts'
import { type Configurations, machineOf, type Servers } from '../deployment/containers/join-containers.ts'
import type { Deployment } from '../deployment/model.ts'
import type { FileSystem } from '../files/file-system.ts'
import type { Machine, Repository } from '../files/machine.ts'
import type { Notice } from '../files/notice.ts'
import type { ApacheConfiguration } from '../servers/apache/configuration.ts'
import { hostsForHtaccess } from '../servers/apache/htaccess-alone.ts'
import { htaccessFiles } from '../servers/apache/queries/htaccess.ts'
import type { NginxConfiguration } from '../servers/nginx/configuration.ts'
import { firstWorld, type World } from '../servers/presence.ts'
import { type KeptSets, type ReadSet, readSets } from './read-sets.ts'
import { type ServerJoiner, serverJoiner } from './server-joiner.ts'
import { type ServerReader, serverReader } from './server-reader.ts'
import { serversBeside } from './servers-beside.ts'
import { unreadProjects } from './unread-projects.ts'
import type { AuditSettings } from './settings.ts'

/** The servers of one machine as the audit understood them, and what rules ask. */
export interface UnderstoodMachine {
  readonly machine: Machine
  readonly nginx: readonly NginxConfiguration[]
  readonly apache: readonly ApacheConfiguration[]
  /** The `.htaccess` files that are read though no configuration here serves their directories. */
  readonly htaccess: readonly string[]
  readonly deployments: readonly Deployment[]
  /** The containers of its repository, whichever deployment has them. */
  readonly containers: () => readonly Container[]
  /** What failed while it was understood. */
  readonly failures: readonly Notice[]
  /** Those of sets of fragments that are alike in every world, by a name that each has there too. */
  readonly steady: ReadonlyMap<Deployment, string>
}

/** What the first world keeps for the others; null where something else may make a difference. */
export interface SteadySets {
  kept: KeptSets | 'not-asked' | null
}

const NOTHING: readonly string[] = []

/**
 * Reads the servers of one machine: every main file with what it includes. Files that no main file reaches
 * stand for the missing main file of their program; where there is one, they are a deployment of their own.
 *
 * @param world how the conditions come out that no file decides
 * @param reached the files that some main file reaches in any world, to which those of this one are added
 * @param steady the sets of fragments that need not be read anew; the first world fills it
 */
export function understand(
  machine: Machine,
  settings: AuditSettings,
  world: World = firstWorld(),
  reached: Set<string> = new Set(),
  steady: SteadySets = { kept: 'not-asked' },
): UnderstoodMachine {
  const isFirst = steady.kept === 'not-asked'
  const known = steady.kept === 'not-asked' ? null : steady.kept
  const kept: KeptSets | null = isFirst ? new Map() : null
  const begin = world.turns
  const { repository } = machine
  const projects = repository === undefined ? [] : (settings.compose?.(repository) ?? [])
  const reader = serverReader(machine, settings, projects, world)
  const files = reader.filesIn(machine)

  const mains: Configurations = {
    nginx: machine.nginxMains.flatMap(main => reader.readMain(machine, main, 'nginx').nginx),
    apache: machine.apacheMains.flatMap(main => reader.readMain(machine, main, 'apache').apache),
  }
  for (const { sources } of [...mains.nginx, ...mains.apache])
    for (const { path } of sources) reached.add(path)
  const sets = readSets(reader, mains, reached, known, kept)
  const images = imagesWithApache(reader, machine)
  const alone = htaccessAlone(reader, machine, sets, images)
  const hosts = hostsForHtaccess(alone).flatMap(source => reader.readHost(machine, source))

  // Where containers run the applications, units beside them are for another way to run them.
  const servers = {
    nginx: [mains, ...sets].flatMap(each => each.nginx),
    apache: [mains, ...sets].flatMap(each => each.apache),
  }
  const ownFiles = repository === undefined ? files : withRepository(reader, repository, servers)
  const startedFiles = withLyingProjects(ownFiles, machine.lying ?? NOTHING)
  const apart =
    repository === undefined
      ? () => []
      : serversBeside(
          reader,
          repository,
          [mains, ...sets].map(({ nginx, apache }) => ({
            nginx,
            apache,
            files: startedFiles,
            locate: repository.locate,
          })),
          reached,
        )
  const joiner = serverJoiner(reader, settings, startedFiles, apart)
  const { ofMains, ofSets, names } = joinedServers(joiner, mains, sets)
  const of = { files: startedFiles, nginx: [], applications: repository?.applications ?? null }
  // The containers of a project are deployed without it: nobody knows that one of them serves its directory.
  const ofHosts = hosts.flatMap(host => joiner.joined([{ ...of, apache: [host] }]))
  const deployments = [
    ...ofMains,
    ...ofSets,
    ...ofHosts,
    ...(machine.startsAlone === true
      ? joiner.joined([{ ...of, apache: [], scripts: scriptsOf(repository) }])
      : []),
    ...(repository === undefined || repository.rest !== undefined
      ? []
      : [
          ...joiner.containersLeft(),
          ...images.flatMap(({ container, ...servers }) =>
            container.isAlone ? joiner.joined([machineOf(container, servers)]) : [],
          ),
          ...looseFiles(repository, projects).flatMap(joiner.joined),
        ]),
  ]
  // Projects of which nothing here is seen to start have settings all the same.
  const isAsked = repository !== undefined && machine.nginxMains.length + machine.apacheMains.length === 0
  // Of a lone `.htaccess` the rules about settings are not asked.
  const others = deployments.filter(each => !ofHosts.includes(each))
  const unread = isAsked
    ? reader.attempt('reading settings', null, () => unreadProjects(repository, others)).flat()
    : []
  const lying = unread.length === 0 ? [] : joiner.joined([{ ...of, files, apache: [], applications: unread }])
  if (isFirst) steady.kept = world.turns - begin === reader.ownTurns() ? kept : null
  return {
    machine,
    steady: names,
    nginx: [...mains.nginx, ...sets.flatMap(set => set.nginx)],
    apache: [...mains.apache, ...sets.flatMap(set => set.apache), ...hosts],
    htaccess: alone,
    deployments: [...deployments, ...lying],
    containers: () => (repository === undefined ? [] : everyContainer(repository, projects)),
    failures: reader.failures,
  }
}

/** The files of a machine with what its repository has for it, each where its programs look for it. */
function withRepository(
  { machine, projects, filesIn, counted }: ServerReader,
  repository: Repository,
  { nginx, apache }: Configurations,
): FileSystem {
  const files = filesIn(machine)
  const hasProjects = projects.some(({ startedBy }) => startedBy !== 'pods')
  // What starts in one world alone starts nothing.
  const started = hasProjects ? files : counted(() => withStarters(files, repository))
  const scripted = withWsgiScripts(started, repository, apache)
  if (hasProjects) return withPhpFiles(scripted, repository)
  const held = withPhpProjects(scripted, repository, nginx, apache)
  return withPhpFiles(withInstalledFiles(held, repository, machine.setups?.() ?? []), repository)
}

/** The deployments of main files and of fragments, and the names of those that are alike in every world. */
function joinedServers({ together }: ServerJoiner, mains: Configurations, sets: readonly ReadSet[]) {
  // Where a program has no main file, the fragments that could be all of it stand for one.
  const standIn = (program: 'nginx' | 'apache'): ReadSet | undefined => {
    const joint = sets.filter(set => set.joint && set[program].length > 0)
    return joint.length === 1 ? joint[0] : undefined
  }
  const { nginx, apache } = mains
  const hasMain = nginx.length + apache.length > 0
  const nginxBeside = hasMain && nginx.length === 0 ? standIn('nginx') : undefined
  const apacheBeside = hasMain && apache.length === 0 ? standIn('apache') : undefined
  const ofMains = together({
    nginx: nginxBeside?.nginx ?? nginx,
    apache: apacheBeside?.apache ?? apache,
  })
  const names = new Map<Deployment, string>()
  const ofSets = sets.flatMap(set => {
    const joined = together({
      nginx: set === nginxBeside ? [] : set.nginx,
      apache: set === apacheBeside ? [] : set.apache,
    })
    // What one holds besides may be another in another world.
    const own: readonly unknown[] = [...set.nginx, ...set.apache]
    const isOwn = ({ nginx, apache }: Deployment): boolean =>
      [...nginx, ...apache].every(each => own.includes(each))
    if (set !== nginxBeside && set !== apacheBeside && set.isSteady)
      for (const [index, deployment] of joined.entries())
        if (isOwn(deployment)) names.set(deployment, `${set.key}\0${index}`)
    return joined
  })
  return { ofMains, ofSets, names }
}

/** The servers of images of which no file of Apache's own is in the repository. */
function imagesWithApache(
  { projects, readImage }: ServerReader,
  { repository, htaccess }: Machine,
): readonly (Servers & { readonly container: Container })[] {
  if (repository === undefined || (repository.rest !== undefined && htaccess.length === 0)) return []
  const containers = everyContainer(repository, projects)
  const built = new Set(
    containers.flatMap(({ isAlone, image }) => (isAlone ? [] : (image?.stage.at.source ?? []))),
  )
  return containers.flatMap(container => {
    const source = container.image?.stage.at.source
    const servers =
      container.isAlone && source !== undefined && built.has(source) ? undefined : readImage(container)
    return servers === undefined ? [] : { ...servers, container }
  })
}

/** The `.htaccess` files of a machine without a main file of Apache that no virtual host of it serves. */
function htaccessAlone(
  { filesOf }: ServerReader,
  machine: Machine,
  sets: readonly Configurations[],
  images: readonly Servers[],
): readonly string[] {
  const { htaccess, files, apacheMains, repository } = machine
  if (htaccess.length === 0 || apacheMains.length > 0) return []
  const servedBy = (configuration: ApacheConfiguration, inside: FileSystem): readonly string[] =>
    htaccessFiles(configuration, inside).map(({ file }) => file.source.path)
  const ofSets = sets.flatMap(({ apache }) => apache.flatMap(each => servedBy(each, filesOf(machine, each))))
  const ofImages = images.flatMap(({ apache, files }) => apache.flatMap(each => servedBy(each, files)))
  const served = new Set([...ofSets, ...ofImages])
  return htaccess.filter(
    path =>
      !served.has(path) &&
      !served.has(repository?.locate(path) ?? path) &&
      files.read(path).kind === 'source',
  )
}
