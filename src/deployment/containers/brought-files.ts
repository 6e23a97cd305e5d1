import { posix } from 'node:path'
import { memoByKey } from '../../../parsers/collections/memo.ts'
import { parseNginx } from '../../../parsers/nginx/parse.ts'
import type { Source } from '../../../parsers/text/source.ts'
import type { ComposeProject } from '../../../parsers/compose/compose.ts'
import { type FileSystem, sourceAt } from '../../files/file-system.ts'
import { isReadByPlace, isReadWhole } from '../../files/known-places.ts'
import type { FragmentSet } from '../../files/fragment-sets.ts'
import type { Machine, Repository } from '../../files/machine.ts'
import type { Program } from '../../files/program.ts'
import type { ApacheEnvironment } from '../../servers/apache/environment.ts'
import type { NginxContext } from '../../servers/nginx/configuration.ts'
import { fragmentContexts } from '../../servers/nginx/fragments.ts'
import { isStandIn } from '../../../parsers/text/stand-in.ts'
import type { Container } from './container.ts'
import { imageContainer } from './images-alone.ts'
import { debianApache } from './debian-apache/debian-apache.ts'
import { HOME as APACHE_HOME } from './debian-apache/stock-files.ts'
import {
  hasStockMain,
  IMAGE_MAIN,
  INCLUDED,
  includedByStockMain,
  isFilledIn,
  MAIN,
  nginxImageTree,
  withNginxFiles,
} from './nginx-image.ts'
import { APACHE_HOME as APACHE_FILES } from './debian-apache/apache-home.ts'
import { placesInTree } from './image-files/image-tree.ts'
import { NGINX_HOME } from './nginx-packages/nginx-home.ts'
import { packagedNginx } from './nginx-packages/packaged-nginx.ts'
import { placesIn } from './places-in.ts'
import { readContainers } from './read-containers.ts'
import { writesFile } from './written-files.ts'

/** Where images of nginx and Apache keep their configuration. */
export const HOMES =
  /^\/(?:etc\/(?:nginx|apache2|httpd)|usr\/local\/(?:nginx|apache2|openresty)|opt\/bitnami\/(?:nginx|apache))(?:\/|$)/

/** True for a file of a container that its server reads by its place, and for a directory of such files. */
export function isReadInImage(place: string): boolean {
  if (!HOMES.test(place)) return false
  return isReadByPlace(place) || isReadWhole(place) || READ_ALL.test(place)
}

/** What holds the main file, and what nginx's own image fills in. */
const READ_ALL =
  /^\/etc\/(?:nginx(?:\/templates(?:\/.*)?)?|apache2|httpd(?:\/conf)?)$|^\/usr\/local\/apache2\/conf$/

/** So many Dockerfiles that no compose file builds are read for what they copy. */
export const MOST_DOCKERFILES = 60

/** True where a mount, the image or the compose file puts a file of the repository where a server reads it. */
export function brings(container: Container, file: string): boolean {
  return readPlaces(container, file).length > 0 || writesFile(container, file, target => HOMES.test(target))
}

/** Where it puts a file, of the places from which a server reads. */
function readPlaces(container: Container, file: string): readonly string[] {
  const places = placesIn(container, file)
  const nginx = packagedNginx(container)?.tree ?? nginxImageTree(container)
  const apache = debianApache(container)?.tree
  return [
    ...places.filter(place => HOMES.test(place)),
    ...(nginx == null ? [] : placesInTree(nginx, NGINX_HOME, file, places)),
    ...(apache === undefined ? [] : placesInTree(apache, APACHE_FILES, file, places)),
  ]
}

/** The containers of all projects of a repository. */
function containersOf({ files }: Repository, projects: readonly ComposeProject[]): readonly Container[] {
  return projects.flatMap(project => readContainers(project, files, projects))
}

/** And those of images, whether a compose file builds them or not. */
export function everyContainer(
  repository: Repository,
  projects: readonly ComposeProject[],
): readonly Container[] {
  const { files, dockerfiles } = repository
  return [
    ...containersOf(repository, projects),
    ...dockerfiles.slice(0, MOST_DOCKERFILES).flatMap(path => imageContainer(files, path) ?? []),
  ]
}

/**
 * The first container that brings every one of some files of a server to where one reads them, else the first that has
 * them anywhere: of a compose project, else of an image that none of them builds; null where none does.
 *
 * @param paths of a machine of the repository
 */
export function containerOf(
  paths: readonly string[],
  repository: Repository,
  projects: readonly ComposeProject[],
): Container | null {
  const located = locatedIn(repository, paths)
  if (located === null) return null
  const all = everyContainer(repository, projects)
  return (
    all.find(container => located.every(path => brings(container, path))) ??
    all.find(container => located.every(path => placesIn(container, path).length > 0)) ??
    null
  )
}

/** Where a container has a file of a machine of the repository; null where it only writes it. */
export function placeIn(container: Container, { repository }: Machine, path: string): string | null {
  const located = repository?.locate(path) ?? null
  return located === null ? null : (readPlaces(container, located)[0] ?? null)
}

/** Where files of a machine lie in the repository; null where one of them, or all, does not. */
function locatedIn({ locate }: Repository, paths: readonly string[]): readonly string[] | null {
  const located = paths.flatMap(path => locate(path) ?? [])
  return located.length === 0 || located.length < paths.length ? null : located
}

/** A server of a container's image of which all is known that its main file includes. */
interface ImageServer {
  readonly main: Source
  /** Of {@link ImageServer.main} in the container. */
  readonly mainPath: string
  /** The files of the container with those of its image. */
  readonly files: FileSystem
  /** What the main file includes, by its paths in the container. */
  readonly included: readonly string[]
  /** Of Apache. */
  readonly environment: ApacheEnvironment | null
}

/** Null where a container has none of a program, or another main file, or nobody knows what it includes. */
function imageServer(container: Container, program: Program): ImageServer | null {
  if (program === 'apache') {
    const apache = debianApache(container)
    if (apache === null || apache.main === null) return null
    return { ...apache, main: apache.main, mainPath: posix.join(APACHE_HOME, 'apache2.conf') }
  }
  const packaged = packagedNginx(container)
  if (packaged !== null)
    return packaged.main === null ? null : { ...packaged, main: packaged.main, environment: null }
  const included = includedByStockMain(container)
  return included === null
    ? null
    : { main: IMAGE_MAIN, mainPath: MAIN, files: withNginxFiles(container), included, environment: null }
}

/** The files of a container, with what its image brings for nginx or Apache, as far as that is known. */
function withImageFiles(container: Container): FileSystem {
  const nginx = packagedNginx(container)?.files ?? withNginxFiles(container)
  return debianApache(container)?.files ?? nginx
}

/** A container of which the whole configuration of a server is known: its image's own main file, and fragments. */
export interface StockHome extends ImageServer {
  readonly container: Container
  /** The fragments by the paths at which the main file includes them. */
  readonly fragments: ReadonlyMap<string, string>
}

/**
 * The container whose server has its image's own main file and includes nothing but these fragments. Null where no
 * container does, and where one brings them that has more of them, or another main file.
 *
 * @param paths of a machine of the repository
 */
export function stockHome(
  paths: readonly string[],
  program: Program,
  repository: Repository,
  projects: readonly ComposeProject[],
): StockHome | null {
  const located = new Map(paths.map(path => [repository.locate(path), path] as const))
  if (paths.length === 0 || located.size < paths.length || located.has(null)) return null
  const files = [...located.keys()].flatMap(file => file ?? [])
  let home: StockHome | null = null
  for (const container of everyContainer(repository, projects)) {
    if (!files.some(file => brings(container, file))) continue
    const server = imageServer(container, program)
    const fragments = server === null ? null : fragmentsIn(container, program, server, located)
    if (server === null || fragments === null) return null
    home ??= { ...server, container, fragments }
  }
  return home
}

/** The Apache of a container's image that reads no file of the repository; null where there is none, or it may. */
export function lonelyApache(container: Container): StockHome | null {
  const server = imageServer(container, 'apache')
  const isOwn = (path: string): boolean => {
    const source = server === null ? null : sourceAt(server.files, path)
    return source !== null && isStandIn(source)
  }
  return server?.included.every(isOwn) === true ? { ...server, container, fragments: new Map() } : null
}

/** The fragments by the paths at which the stock main file includes them; null where it does not include just these. */
function fragmentsIn(
  container: Container,
  program: Program,
  { files, included }: ImageServer,
  located: ReadonlyMap<string | null, string>,
): ReadonlyMap<string, string> | null {
  const found = new Map<string, string>()
  for (const path of included) {
    const source = sourceAt(files, path)
    if (source !== null && isStandIn(source)) continue
    const isUnclear =
      source === null || (program === 'nginx' && (!isForHttp(source) || isFilledIn(container, path, source)))
    const fragment = isUnclear ? undefined : located.get(source.path)
    if (fragment === undefined) return null
    found.set(path, fragment)
    const target = files.realPath(path)
    if (target !== null) found.set(target, fragment)
  }
  return new Set(found.values()).size === located.size ? found : null
}

/** False for what stands outside of `http`: a whole configuration in place of a site is another fault. */
function isForHttp(source: Source): boolean {
  const contextOf = fragmentContexts(source)
  return parseNginx(source).children.every(node => node.kind !== 'directive' || !OUTSIDE.has(contextOf(node)))
}

const OUTSIDE: ReadonlySet<NginxContext> = new Set(['main', 'stream', 'mail'])

/**
 * True where the containers that fragments are brought into all run nginx's own image with its own main file.
 *
 * @param paths files of the repository
 */
export function haveStockMain(
  paths: readonly string[],
  repository: Repository,
  projects: readonly ComposeProject[],
): boolean {
  const located = locatedIn(repository, paths)
  if (located === null) return false
  const bringing = containersOf(repository, projects).filter(container =>
    located.every(path => brings(container, path)),
  )
  return bringing.length > 0 && bringing.every(hasStockMain)
}

/**
 * The files of the container over those among which the configuration of its server was read: what a `root` holds is
 * mounted or copied there, and what nothing brings may still lie in the image.
 */
export const filesAround = memoByKey((own: FileSystem, container: Container): FileSystem => {
  const inside = withImageFiles(container)
  const isInside = (path: string): boolean => inside.kind(path) !== null
  return {
    ...own,
    covers: path => inside.covers(path) || own.covers(path),
    read: path => (isInside(path) ? inside : own).read(path),
    list: path => (isInside(path) ? inside : own).list(path),
    kind: path => inside.kind(path) ?? own.kind(path),
    realPath: path => (isInside(path) ? inside : own).realPath(path),
    mode: path => (isInside(path) ? inside : own).mode(path),
    refusal: path => (isInside(path) ? inside : own).refusal(path),
    display: path => (isInside(path) ? inside : own).display(path),
  }
})

/**
 * Sets of fragments as containers read them. Files that are brought into two containers are no files of one server;
 * and what one container brings to the directory that its main file includes is read together, wherever in the
 * repository it lies.
 */
export function setsOfContainers(
  sets: readonly FragmentSet[],
  repository: Repository,
  projects: readonly ComposeProject[],
): readonly FragmentSet[] {
  if (projects.length === 0) return sets
  const containers = containersOf(repository, projects)
  return readTogether(
    sets.flatMap(set => partByContainers(set, repository, containers)),
    repository,
    containers,
  )
}

function partByContainers(
  set: FragmentSet,
  { locate }: Repository,
  containers: readonly Container[],
): readonly FragmentSet[] {
  const paths = [...set.nginx, ...set.apache]
  if (paths.length < 2) return [set]
  const parts: { readonly homes: Set<Container>; readonly paths: Set<string> }[] = []
  for (const path of paths) {
    const located = locate(path)
    const homes = located === null ? [] : containers.filter(container => brings(container, located))
    if (homes.length === 0) continue
    const touched = parts.filter(part => homes.some(home => part.homes.has(home)))
    const merged = {
      homes: new Set([...homes, ...touched.flatMap(part => [...part.homes])]),
      paths: new Set([path, ...touched.flatMap(part => [...part.paths])]),
    }
    parts.splice(0, parts.length, ...parts.filter(part => !touched.includes(part)), merged)
  }
  const homeless = new Set(paths.filter(path => !parts.some(part => part.paths.has(path))))
  const [first, ...others] = parts
  // What the one container does not have may be meant for it, where nobody knows all that it reads.
  const isWhole =
    homeless.size > 0 &&
    [...(first?.homes ?? [])].every(
      home => imageServer(home, set.nginx.length > 0 ? 'nginx' : 'apache') !== null,
    )
  if (first === undefined || (others.length === 0 && !isWhole)) return [set]
  return [homeless, ...parts.map(part => part.paths)]
    .map(own => ({
      ...set,
      nginx: set.nginx.filter(path => own.has(path)),
      apache: set.apache.filter(path => own.has(path)),
    }))
    .filter(({ nginx, apache }) => nginx.length + apache.length > 0)
}

/** Joins the sets of which every file is brought to where the stock main file of one container includes it. */
function readTogether(
  sets: readonly FragmentSet[],
  repository: Repository,
  containers: readonly Container[],
): readonly FragmentSet[] {
  const joined = new Map<Container, FragmentSet>()
  const all: FragmentSet[] = []
  for (const set of sets) {
    const home =
      set.apache.length === 0
        ? (homeOf(set, repository, containers) ?? imageHomeOf(set, 'nginx', repository, containers))
        : set.nginx.length === 0
          ? imageHomeOf(set, 'apache', repository, containers)
          : undefined
    const other = home === undefined ? undefined : joined.get(home)
    const whole =
      other === undefined
        ? set
        : {
            ...other,
            nginx: [...other.nginx, ...set.nginx],
            apache: [...other.apache, ...set.apache],
            joint: true,
          }
    if (home !== undefined) joined.set(home, whole)
    if (other === undefined) all.push(whole)
    else all[all.indexOf(other)] = whole
  }
  return all
}

/** The one container whose server has the main file of its image, and every file of a set among what that includes. */
function imageHomeOf(
  set: FragmentSet,
  program: Program,
  repository: Repository,
  containers: readonly Container[],
): Container | undefined {
  const located = locatedIn(repository, set[program]) ?? []
  const [home, ...others] = containers.filter(container => {
    if (located.length === 0 || !located.every(path => brings(container, path))) return false
    const server = imageServer(container, program)
    const read = new Set(server?.included.map(path => sourceAt(server.files, path)?.path))
    return located.every(path => read.has(path))
  })
  return others.length === 0 ? home : undefined
}

/** The one container whose stock main file includes every file of a set; undefined where none or several do. */
function homeOf(
  { nginx, joint, isSnippet }: FragmentSet,
  repository: Repository,
  containers: readonly Container[],
): Container | undefined {
  const located = locatedIn(repository, nginx)
  const [home, ...others] = containers.filter(container =>
    located?.every(path =>
      // Of a directory of alternatives that is mounted whole, nobody knows which one is left there.
      container.mounts.some(mount => joint || isSnippet === true || mount.path === path)
        ? readPlaces(container, path).some(place => INCLUDED.test(place))
        : false,
    ),
  )
  return home !== undefined && others.length === 0 && hasStockMain(home) ? home : undefined
}
