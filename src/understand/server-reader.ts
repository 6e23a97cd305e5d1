import { posix } from 'node:path'
import type { ComposeProject } from '../../parsers/compose/compose.ts'
import { memo } from '../../parsers/collections/memo.ts'
import type { Source } from '../../parsers/text/source.ts'
import { isStandIn } from '../../parsers/text/stand-in.ts'
import {
  containerOf,
  filesAround,
  haveStockMain,
  HOMES,
  lonelyApache,
  placeIn,
  type StockHome,
  stockHome,
} from '../deployment/containers/brought-files.ts'
import type { Configurations, ReadImage, Servers } from '../deployment/containers/join-containers.ts'
import type { Container } from '../deployment/containers/container.ts'
import { releaseOfImage } from '../deployment/containers/image-release.ts'
import { ownedFiles } from '../files/file-owner.ts'
import { filesWithout } from '../files/files-without.ts'
import type { FileSystem } from '../files/file-system.ts'
import type { FragmentSet } from '../files/fragment-sets.ts'
import type { Machine } from '../files/machine.ts'
import { failureNotice, type Notice } from '../files/notice.ts'
import type { Program } from '../files/program.ts'
import type { ApacheConfiguration } from '../servers/apache/configuration.ts'
import { type ApacheEnvironment, EMPTY_ENVIRONMENT } from '../servers/apache/environment.ts'
import { evaluateApache } from '../servers/apache/evaluate.ts'
import { filesInWorld } from '../servers/files-in-world.ts'
import type { NginxConfiguration } from '../servers/nginx/configuration.ts'
import { evaluateNginx, type NginxInput } from '../servers/nginx/evaluate.ts'
import { packageFile } from '../servers/nginx/package-files.ts'
import { supposedProblems } from '../servers/nginx/supposed-problems.ts'
import { packageVersion } from '../servers/package-version.ts'
import type { ServerVersion } from '../servers/version.ts'
import type { World } from '../servers/presence.ts'
import { limitNotices } from '../unread-notices.ts'
import type { AuditSettings } from './settings.ts'

/** Reads the servers of a machine, and of machines beside it, in one world. */
export interface ServerReader {
  readonly machine: Machine
  /** Of the repository of the machine. */
  readonly projects: readonly ComposeProject[]
  readonly world: World
  /** What failed so far. */
  readonly failures: Notice[]
  /** The files of a machine as they are in this world. */
  readonly filesIn: (of: Machine) => FileSystem
  /** What fails costs only itself: the other servers of the machine are there all the same. */
  readonly attempt: <T>(part: string, path: string | null, read: () => T) => readonly T[]
  /** Counts the turns of the world that `read` takes as its own: they change nothing for what is read besides. */
  readonly counted: <T>(read: () => T) => T
  readonly ownTurns: () => number
  /** The server of a main file. */
  readonly readMain: (of: Machine, main: string, program: Program) => Configurations
  /** The servers of fragments, whose main files nobody knows. */
  readonly readSet: (of: Machine, set: FragmentSet) => Configurations
  readonly readImage: ReadImage
  /** The files among which a server of a machine was read. */
  readonly filesOf: (of: Machine, server: ApacheConfiguration) => FileSystem
  /** The server that stands for the one which reads a lone `.htaccess`. */
  readonly readHost: (of: Machine, main: Source) => readonly ApacheConfiguration[]
}

export function serverReader(
  machine: Machine,
  settings: AuditSettings,
  projects: readonly ComposeProject[],
  world: World,
): ServerReader {
  const failures: Notice[] = []
  let ownTurns = 0
  const counted = <T>(read: () => T): T => {
    const before = world.turns
    const value = read()
    ownTurns += world.turns - before
    return value
  }
  const inWorld = (of: Machine, files: FileSystem): FileSystem => {
    const own = filesInWorld(files, world)
    return of === machine ? own : ownedFiles(own, of)
  }
  const filesIn = memo((of: Machine) => inWorld(of, of.files))
  /** The container that brings the files of a server: what it includes stands where that has it. */
  const homeOf = (of: Machine, paths: readonly string[]): Container | null =>
    of.repository === undefined ? null : containerOf(paths, of.repository, projects)
  const filesOf = (of: Machine, home: Container | null): FileSystem =>
    home === null ? filesIn(of) : inWorld(of, filesAround(of.files, home))
  const besideImage = memo((of: Machine) => withoutServerHomes(of.files))
  /** The same of a container that has its image's own main file: nothing of the machine's server is in it. */
  const filesOfStock = (of: Machine, home: Container): FileSystem =>
    inWorld(of, filesAround(besideImage(of), home))
  const attempt = <T>(part: string, path: string | null, read: () => T): readonly T[] => {
    try {
      return [read()]
    } catch (error) {
      failures.push(failureNotice(part, path === null ? null : machine.fileName(path), error))
      return []
    }
  }

  const ofMachine = {
    nginx: settings.versions.nginx ?? packageVersion(filesIn(machine), 'nginx'),
    apache: settings.versions.apache ?? packageVersion(filesIn(machine), 'apache'),
  }
  const versionIn = (home: Container | null, program: Program): ServerVersion =>
    settings.versions[program] ?? (home && releaseOfImage(home, program)) ?? ofMachine[program]
  const environmentOf = (of: Machine, main: string | null): ApacheEnvironment => {
    const environment = settings.environment(of, main)
    failures.push(...limitNotices([environment.limit ?? null], of.fileName))
    return environment
  }
  const readNginx = (
    of: Machine,
    main: string | null,
    fragments: readonly string[],
    { isInLocation = false, together }: Partial<FragmentSet> = {},
  ): NginxConfiguration => {
    const own = filesIn(of)
    const { repository } = of
    const stock =
      main !== null || isInLocation || repository === undefined
        ? null
        : stockHome(fragments, 'nginx', repository, projects)
    if (stock !== null)
      return evaluateNginx({
        files: withFragments(filesOfStock(of, stock.container), own, stock.fragments),
        main: stock.main,
        mainPath: stock.mainPath,
        fragments: [],
        version: versionIn(stock.container, 'nginx'),
        includeMap: settings.includeMap,
        world,
      })
    const home = homeOf(of, main === null ? fragments : [main])
    const input: NginxInput = {
      files: filesOf(of, home),
      main: main === null ? null : sourceOf(own, main),
      ...(main !== null && { mainPath: (home && placeIn(home, of, main)) ?? main }),
      isDump: of.isDump,
      fragments: fragments.map(path => sourceOf(own, path)),
      stockMain: main === null && repository !== undefined && haveStockMain(fragments, repository, projects),
      ...(together !== undefined && { together }),
      ...(isInLocation && { fragmentContext: 'location' as const }),
      version: versionIn(home, 'nginx'),
      includeMap: settings.includeMap,
      ...(home === null && { ofPackage: value => packageFile(value, of.texts ?? (() => null)) }),
      world,
    }
    const configuration = evaluateNginx(input)
    // Of a container's main file nobody knows what its image puts there.
    const isOpen = main === null && !isInLocation && (home === null || input.stockMain === true)
    const supposed = isOpen ? supposedProblems(input, of.texts ?? (() => null)) : []
    return supposed.length === 0 ? configuration : { ...configuration, supposed }
  }
  const readImageApache = (of: Machine, { container, ...stock }: StockHome): ApacheConfiguration =>
    evaluateApache({
      files: withFragments(filesOf(of, container), filesIn(of), stock.fragments),
      main: stock.main,
      serverRoot: posix.dirname(stock.mainPath),
      fragments: [],
      environment: stock.environment ?? EMPTY_ENVIRONMENT,
      version: versionIn(container, 'apache'),
      world,
    })
  const readImage = memo((container: Container): Servers | null => {
    const home = lonelyApache(container)
    if (home === null) return null
    const apache = attempt('reading Apache', null, () => readImageApache(machine, home))
    return { nginx: [], apache, files: filesOf(machine, container) }
  })
  const readApache = (
    of: Machine,
    main: Source | null,
    environment: ApacheEnvironment,
    { apache: fragments = [], together }: Partial<FragmentSet> = {},
  ): ApacheConfiguration => {
    const own = filesIn(of)
    const { repository } = of
    const stock =
      main !== null || repository === undefined ? null : stockHome(fragments, 'apache', repository, projects)
    if (stock !== null) return readImageApache(of, stock)
    const home = homeOf(of, main === null ? fragments : [main.path])
    return evaluateApache({
      files: filesOf(of, home),
      main,
      fragments: fragments.map(path => sourceOf(own, path)),
      ...(together !== undefined && { together }),
      environment,
      version: versionIn(home, 'apache'),
      world,
    })
  }
  return {
    machine,
    projects,
    world,
    failures,
    filesIn,
    attempt,
    counted,
    ownTurns: () => ownTurns,
    readMain: (of, main, program) =>
      counted(() => {
        const path = of === machine ? main : null
        return program === 'nginx'
          ? { nginx: attempt('reading nginx', path, () => readNginx(of, main, [])), apache: [] }
          : {
              nginx: [],
              apache: attempt('reading Apache', path, () =>
                readApache(of, sourceOf(filesIn(of), main), environmentOf(of, main)),
              ),
            }
      }),
    readSet: (of, set) =>
      counted(() => ({
        nginx:
          set.nginx.length === 0
            ? []
            : attempt('reading nginx', null, () => readNginx(of, null, set.nginx, set)),
        apache:
          set.apache.length === 0
            ? []
            : attempt('reading Apache', null, () => readApache(of, null, environmentOf(of, null), set)),
      })),
    readImage: container => counted(() => readImage(container)) ?? undefined,
    filesOf: (of, { sources }) =>
      filesOf(
        of,
        homeOf(
          of,
          sources.flatMap(source => (isStandIn(source) ? [] : [source.path])),
        ),
      ),
    readHost: (of, main) =>
      attempt('reading .htaccess', null, () => readApache(of, main, settings.environment(of, null))),
  }
}

/** The files of a machine without the directories from which its own servers read. */
function withoutServerHomes(files: FileSystem): FileSystem {
  const isOfServer = (path: string): boolean => HOMES.test(path)
  return {
    ...filesWithout(files, isOfServer),
    covers: path => !isOfServer(path) && files.covers(path),
  }
}

/** The files of a container in which fragments of a machine stand as its own sources. */
function withFragments(
  files: FileSystem,
  own: FileSystem,
  fragments: ReadonlyMap<string, string>,
): FileSystem {
  return {
    ...files,
    read(path) {
      const fragment = fragments.get(path)
      return fragment === undefined ? files.read(path) : own.read(fragment)
    },
  }
}

function sourceOf(files: FileSystem, path: string): Source {
  const read = files.read(path)
  if (read.kind !== 'source') throw new Error(`${path}: ${read.reason}`)
  return read.source
}
