import type { ComposeProject } from '../parsers/compose/compose.ts'
import type { PythonParser } from '../parsers/python/python-module.ts'
import type { ShellParser } from '../parsers/shell/shell-environment.ts'
import { memo } from '../parsers/collections/memo.ts'
import { once } from '../parsers/collections/once.ts'
import { isUnknownWord } from '../parsers/text/source.ts'
import type { SuppressionSettings } from './apply-suppressions.ts'
import { buildDeployment } from './deployment/build/build-deployment.ts'
import type { MachineInput } from './deployment/build/machines.ts'
import { scriptsOf } from './deployment/build/programs/script-commands.ts'
import { withPhpFiles, withStarters } from './deployment/build/programs/with-starters.ts'
import { looseFiles } from './deployment/containers/loose-files.ts'
import {
  type Configurations,
  containersAlone,
  haveStockMain,
  type JoinedProjects,
  partByContainers,
  type ReadServers,
  withContainers,
} from './deployment/containers/join-containers.ts'
import type { Machine as DeployedMachine, Deployment } from './deployment/model.ts'
import type { SiteFacts } from './deployment/site-facts.ts'
import type { ActiveRule } from './engine/run.ts'
import { beginsDjango } from './files/applications.ts'
import { shareSocket, socketOf } from './files/claims.ts'
import { ownedFiles } from './files/file-owner.ts'
import type { FileSystem } from './files/file-system.ts'
import type { FragmentSet } from './files/fragment-sets.ts'
import type { Machine, Repository } from './files/machine.ts'
import { failureNotice, type Notice } from './files/notice.ts'
import type { Program } from './files/program.ts'
import { type ApacheConfiguration, readsEveryInclude } from './servers/apache/configuration.ts'
import type { ApacheEnvironment } from './servers/apache/environment.ts'
import { evaluateApache } from './servers/apache/evaluate.ts'
import { hostsForHtaccess } from './servers/apache/htaccess-alone.ts'
import { htaccessFiles } from './servers/apache/queries/htaccess.ts'
import { filesInWorld } from './servers/files-in-world.ts'
import type { NginxConfiguration } from './servers/nginx/configuration.ts'
import { evaluateNginx } from './servers/nginx/evaluate.ts'
import { packageVersion } from './servers/package-version.ts'
import { CERTAIN, firstWorld, type World } from './servers/presence.ts'
import type { ServerVersion } from './servers/version.ts'
import { limitNotices } from './unread-notices.ts'

/** Everything an audit depends on but the files themselves. */
export interface AuditSettings {
  readonly toolVersion: string
  readonly rules: readonly ActiveRule[]
  readonly facts: SiteFacts
  /** Given versions win over the package database of the root. */
  readonly versions: { readonly nginx?: ServerVersion; readonly apache?: ServerVersion }
  /** Includes that point into a tree with another layout: the first matching prefix is replaced. */
  readonly includeMap: readonly { readonly from: string; readonly to: string }[]
  /** Reads WSGI scripts and settings; without it what they say is unknown. */
  readonly python?: PythonParser | null
  /** Follows scripts that start servers; without it what they start is unknown. */
  readonly shell?: ShellParser | null
  /** Reads the compose files of a repository; without it they say nothing. */
  readonly compose?: ((repository: Repository) => readonly ComposeProject[]) | null
  /** What suppression comments may name; the rules that run where absent. */
  readonly suppression?: SuppressionSettings
  /** How the service starts the httpd of a main file (null: of fragments). */
  readonly environment: (machine: Machine, main: string | null) => ApacheEnvironment
}

/** The servers of one machine as the audit understood them, and what rules ask. */
export interface UnderstoodMachine {
  readonly machine: Machine
  readonly nginx: readonly NginxConfiguration[]
  readonly apache: readonly ApacheConfiguration[]
  /** The `.htaccess` files that are read though no configuration here serves their directories. */
  readonly htaccess: readonly string[]
  readonly deployments: readonly Deployment[]
  /** What failed while it was understood. */
  readonly failures: readonly Notice[]
  /** Those of sets of fragments that are alike in every world, by a name that each has there too. */
  readonly steady: ReadonlyMap<Deployment, string>
}

/** Fragments as they were read in one world, where they are alike in every other one. */
export interface SteadySets {
  /** By the paths of a set; null where something else may make a difference. */
  kept: Map<string, Pick<UnderstoodMachine, 'nginx' | 'apache'>> | 'not-asked' | null
}

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
  const kept = new Map<string, Pick<UnderstoodMachine, 'nginx' | 'apache'>>()
  const begin = world.turns
  /** Those of the servers' own files, which change nothing for another set. */
  let ownTurns = 0
  const counted = <T>(read: () => T): T => {
    const before = world.turns
    const value = read()
    ownTurns += world.turns - before
    return value
  }
  const filesIn = memo((of: Machine) => {
    const files = filesInWorld(of.files, world)
    return of === machine ? files : ownedFiles(files, of)
  })
  const files = filesIn(machine)
  const { facts, includeMap } = settings
  const nginxVersion = settings.versions.nginx ?? packageVersion(files, 'nginx')
  const apacheVersion = settings.versions.apache ?? packageVersion(files, 'apache')

  const { repository } = machine
  const projects = repository === undefined ? [] : (settings.compose?.(repository) ?? [])
  const failures: Notice[] = []
  const environmentOf = (of: Machine, main: string | null): ApacheEnvironment => {
    const environment = settings.environment(of, main)
    failures.push(...limitNotices([environment.limit ?? null], of.fileName))
    return environment
  }
  const readNginx = (
    of: Machine,
    main: string | null,
    fragments: readonly string[],
    isInLocation = false,
  ): NginxConfiguration => {
    const files = filesIn(of)
    return evaluateNginx({
      files,
      main: main === null ? null : sourceOf(files, main),
      ...(main !== null && { mainPath: main }),
      isDump: of.isDump,
      fragments: fragments.map(path => sourceOf(files, path)),
      stockMain:
        main === null && of.repository !== undefined && haveStockMain(fragments, of.repository, projects),
      ...(isInLocation && { fragmentContext: 'location' as const }),
      version: nginxVersion,
      includeMap,
      world,
    })
  }
  const readApache = (
    of: Machine,
    main: string | null,
    fragments: readonly string[],
  ): ApacheConfiguration => {
    const files = filesIn(of)
    return evaluateApache({
      files,
      main: main === null ? null : sourceOf(files, main),
      fragments: fragments.map(path => sourceOf(files, path)),
      environment: environmentOf(of, main),
      version: apacheVersion,
      world,
    })
  }

  /** What fails costs only itself: the other servers of the machine are there all the same. */
  const attempt = <T>(part: string, path: string | null, read: () => T): readonly T[] => {
    try {
      return [read()]
    } catch (error) {
      failures.push(failureNotice(part, path === null ? null : machine.fileName(path), error))
      return []
    }
  }
  const readSet = (of: Machine, { nginx, apache, isInLocation }: FragmentSet): Configurations => ({
    nginx:
      nginx.length === 0
        ? []
        : attempt('reading nginx', null, () => readNginx(of, null, nginx, isInLocation)),
    apache: apache.length === 0 ? [] : attempt('reading Apache', null, () => readApache(of, null, apache)),
  })
  const nginx = counted(() =>
    machine.nginxMains.flatMap(main => attempt('reading nginx', main, () => readNginx(machine, main, []))),
  )
  const apache = counted(() =>
    machine.apacheMains.flatMap(main => attempt('reading Apache', main, () => readApache(machine, main, []))),
  )
  for (const { sources } of [...nginx, ...apache]) for (const { path } of sources) reached.add(path)
  const sets = machine
    .fragments(reached, { nginx: nginx.every(readsAllNginx), apache: apache.every(readsAllApache) })
    .flatMap(set => (repository === undefined ? set : partByContainers(set, repository, projects)))
    .map(set => {
      const { nginx, apache, joint } = set
      const key = [...nginx, '', ...apache].join('\0')
      const before = known?.get(key)
      if (before !== undefined) {
        for (const { sources } of [...before.nginx, ...before.apache])
          for (const source of sources) world.read(source, CERTAIN)
        return { joint, key, isSteady: true, ...before }
      }
      const turns = world.turns
      const failed = failures.length
      const read = counted(() => readSet(machine, set))
      const isSteady = isFirst && world.turns === turns && failures.length === failed
      if (isSteady) kept.set(key, read)
      return { joint, key, isSteady, ...read }
    })

  const alone =
    machine.apacheMains.length > 0
      ? []
      : htaccessAlone(
          machine,
          sets.flatMap(set => set.apache),
        )
  const hosts = hostsForHtaccess(alone).flatMap(source =>
    attempt('reading .htaccess', null, () =>
      evaluateApache({
        files,
        main: source,
        fragments: [],
        environment: settings.environment(machine, null),
        version: apacheVersion,
        world,
      }),
    ),
  )

  // Where containers run the applications, units beside them are for another way to run them.
  const startedFiles =
    repository === undefined
      ? files
      : withPhpFiles(
          // What starts in one world alone starts nothing.
          projects.length > 0 ? files : counted(() => withStarters(files, repository)),
          repository,
        )
  const applications = repository?.applications ?? null
  const build = (
    nginx: readonly NginxConfiguration[],
    apache: readonly ApacheConfiguration[],
  ): readonly Deployment[] =>
    nginx.length + apache.length === 0
      ? []
      : deployed({ files: startedFiles, nginx, apache, applications }).flatMap(joined)
  const joined = (machines: readonly MachineInput[]): readonly Deployment[] =>
    attempt('joining the servers', null, () =>
      buildDeployment({
        machines,
        facts,
        python: settings.python ?? null,
        shell: settings.shell ?? null,
      }),
    )
  const joinedProjects: JoinedProjects = new Map()
  /** The servers that containers may bring besides those of one deployment: fragments, and these main files. */
  const apart: ReadServers = isWanted => {
    if (repository === undefined) return []
    const own = [{ nginx, apache }, ...sets].map(each => ({ ...each, ...repository, files: startedFiles }))
    const mains = mainsBeside().filter(({ at }) => isWanted(at))
    const read = mains.map(main => main.read())
    const reached = new Set(
      read.flatMap(({ nginx, apache, locate }) =>
        [...nginx, ...apache].flatMap(({ sources }) => sources.flatMap(({ path }) => locate(path) ?? [])),
      ),
    )
    const wanted = setsOfRest().filter(({ set }) =>
      [...set.nginx, ...set.apache].every(path => isWanted(path) && !reached.has(path)),
    )
    return [...own, ...read, ...wanted.map(set => set.read())]
  }
  /** The main files of other machines, by their paths in the repository. */
  const mainsBeside = once(() => {
    const own = [...machine.nginxMains, ...machine.apacheMains].map(main => repository?.locate(main))
    return (repository?.placed?.() ?? []).flatMap(other => {
      const { locate } = other.repository ?? machine.repository!
      const mains = [
        ...other.nginxMains.map(main => [main, 'nginx'] as const),
        ...other.apacheMains.map(main => [main, 'apache'] as const),
      ]
      return mains.flatMap(([main, program]) => {
        const at = locate(main)
        return at === null || own.includes(at)
          ? []
          : [{ at, read: once(() => ({ ...readMain(other, main, program), files: filesIn(other), locate })) }]
      })
    })
  })
  const readMain = (of: Machine, main: string, program: Program): Configurations =>
    counted(() => ({
      nginx: program === 'nginx' ? attempt('reading nginx', null, () => readNginx(of, main, [])) : [],
      apache: program === 'apache' ? attempt('reading Apache', null, () => readApache(of, main, [])) : [],
    }))
  const setsOfRest = once(() => {
    const rest = repository?.rest?.()
    if (rest?.repository === undefined) return []
    const { files, locate } = rest.repository
    return rest
      .fragments(reached, { nginx: false, apache: false })
      .flatMap(set => partByContainers(set, rest.repository!, projects))
      .map(set => ({ set, read: once(() => ({ ...counted(() => readSet(rest, set)), files, locate })) }))
  })
  const deployed = (input: MachineInput): readonly (readonly MachineInput[])[] =>
    repository === undefined || projects.length === 0
      ? [[input]]
      : withContainers(input, repository, projects, joinedProjects, apart)
  const together = (
    nginx: readonly NginxConfiguration[],
    apache: readonly ApacheConfiguration[],
  ): readonly Deployment[] => {
    const joined = build(nginx, apache)
    // Those of two containers open one of each.
    const isOneMachine = joined.some(({ machines }) => machines.some(runsBoth))
    if (!machine.supposed || !isOneMachine) return joined
    if (!shareSocket(nginx.flatMap(openedByNginx), apache.flatMap(openedByApache))) return joined
    // Two servers that open one port are a fault where one proxies to the other, and else two choices.
    return joined.some(proxiesToApache) ? joined : [...build(nginx, []), ...build([], apache)]
  }
  // Where a program has no main file, the fragments that could be all of it stand for one.
  const standIn = (program: 'nginx' | 'apache') => {
    const joint = sets.filter(set => set.joint && set[program].length > 0)
    return joint.length === 1 ? joint[0] : undefined
  }
  const hasMain = nginx.length + apache.length > 0
  const nginxBeside = hasMain && nginx.length === 0 ? standIn('nginx') : undefined
  const apacheBeside = hasMain && apache.length === 0 ? standIn('apache') : undefined
  const names = new Map<Deployment, string>()
  const withServers = [
    ...together(nginxBeside?.nginx ?? nginx, apacheBeside?.apache ?? apache),
    ...sets.flatMap(set => {
      const isWhole = set !== nginxBeside && set !== apacheBeside
      const joined = together(set === nginxBeside ? [] : set.nginx, set === apacheBeside ? [] : set.apache)
      // What one holds besides may be another in another world.
      const own: readonly unknown[] = [...set.nginx, ...set.apache]
      const isOwn = ({ nginx, apache }: Deployment): boolean =>
        [...nginx, ...apache].every(each => own.includes(each))
      if (isWhole && set.isSteady)
        for (const [index, deployment] of joined.entries())
          if (isOwn(deployment)) names.set(deployment, `${set.key}\0${index}`)
      return joined
    }),
    // The containers of a project are deployed without it: nobody knows that one of them serves its directory.
    ...hosts.flatMap(host => joined([{ files: startedFiles, nginx: [], apache: [host], applications }])),
    ...(machine.startsAlone === true
      ? joined([{ files: startedFiles, nginx: [], apache: [], applications, scripts: scriptsOf(repository) }])
      : []),
  ]
  const deployments =
    repository === undefined || repository.rest !== undefined
      ? withServers
      : [
          ...withServers,
          ...containersAlone(repository, projects, joinedProjects, apart).flatMap(joined),
          ...looseFiles(repository, projects).flatMap(joined),
        ]
  // A project of which nothing here is seen to start the settings has them all the same.
  const isLying =
    repository !== undefined &&
    machine.nginxMains.length + machine.apacheMains.length === 0 &&
    hasDjango(repository)
  const read = isLying ? attempt('reading settings', null, () => deployments.some(readsSettings)) : []
  const lying = read[0] === false ? joined([{ files, nginx: [], apache: [], applications }]) : []
  if (isFirst) steady.kept = world.turns - begin === ownTurns ? kept : null
  return {
    machine,
    steady: names,
    nginx: [...nginx, ...sets.flatMap(set => set.nginx)],
    apache: [...apache, ...sets.flatMap(set => set.apache), ...hosts],
    htaccess: alone,
    deployments: [...deployments, ...lying],
    failures,
  }
}

/** True where a `wsgi.py` or `asgi.py` of the repository names settings of Django. */
function hasDjango({ files, applications }: Repository): boolean {
  return (applications ?? []).some(path => {
    const read = files.kind(path) === 'file' ? files.read(path) : null
    return read?.kind === 'source' && beginsDjango(read.source)
  })
}

/** True where the settings of some application are read that a server of the deployment runs. */
function readsSettings({ programs, applications, moduleOf, pythonOf }: Deployment): boolean {
  return (
    programs.some(program => program.kind === 'app-server' && moduleOf(program)?.settings != null) ||
    applications.some(application => pythonOf(application)?.settings != null)
  )
}

/** The `.htaccess` files of a machine that no virtual host of it serves. */
function htaccessAlone(
  { htaccess, files }: Machine,
  apache: readonly ApacheConfiguration[],
): readonly string[] {
  if (htaccess.length === 0) return []
  const served = new Set(
    apache.flatMap(configuration => htaccessFiles(configuration, files)).map(({ file }) => file.source.path),
  )
  return htaccess.filter(path => !served.has(path) && files.read(path).kind === 'source')
}

function runsBoth({ programs }: DeployedMachine): boolean {
  return ['nginx', 'apache'].every(program => programs.some(({ kind }) => kind === program))
}

function proxiesToApache({ connections }: Deployment): boolean {
  return connections.http.some(connection => connections.hostsReachedBy(connection).length > 0)
}

/** True where all was read that a main file includes, so that a file it did not include is not in use. */
function readsAllNginx({ unread = [], occurrences }: NginxConfiguration): boolean {
  const includes = occurrences.get('include') ?? []
  return unread.length === 0 && !includes.some(({ args }) => isUnknownWord(args[0]?.value ?? ''))
}

function readsAllApache(configuration: ApacheConfiguration): boolean {
  return readsEveryInclude(configuration) && configuration.modulesComplete
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

function sourceOf(files: FileSystem, path: string) {
  const read = files.read(path)
  if (read.kind !== 'source') throw new Error(`${path}: ${read.reason}`)
  return read.source
}
