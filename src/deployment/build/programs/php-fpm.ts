import { posix } from 'node:path'
import { groupBy } from '../../../../parsers/collections/group-by.ts'
import { memo } from '../../../../parsers/collections/memo.ts'
import { once } from '../../../../parsers/collections/once.ts'
import { stepText } from '../../../../parsers/dockerfile/command-text.ts'
import type { FpmAddress, FpmConfiguration, FpmFiles, FpmPool } from '../../../../parsers/php/fpm.ts'
import { readPhpSettings } from '../../../../parsers/php/php-settings.ts'
import { readFpm } from '../../../../parsers/php/read-fpm.ts'
import type { Place, Source } from '../../../../parsers/text/source.ts'
import { isStandIn } from '../../../../parsers/text/stand-in.ts'
import { factOf, type WrittenText } from '../../../../parsers/text/written-text.ts'
import { type FileSystem, sourceAt } from '../../../files/file-system.ts'
import { LOOSE_PHP } from '../../../files/starters.ts'
import { ANY_V6, type Endpoint, isLoopback, parseHost } from '../../../servers/address.ts'
import { type Fact, known, unknown } from '../../../servers/fact.ts'
import type { Container } from '../../containers/container.ts'
import { endOfStart } from '../../containers/end-of-start.ts'
import { phpImageFiles } from '../../containers/php-image.ts'
import { placesIn } from '../../containers/places-in.ts'
import type { BackendListener, Machine, PhpFpmProgram, Protocol } from '../../model.ts'
import { fpmOfPackages, mayChangePool, type PackagedFpm } from './fpm-packages.ts'

/** Where distributions and images keep one FPM: its main file, and its pools where that is not in the audit. */
interface FpmPlace {
  readonly main: string
  readonly pools: string
  /** Its `php.ini`, and the directory of what is laid over it. */
  readonly ini: string
  readonly scan: string
}

const DEBIAN = '/etc/php'
const REMI = '/etc/opt/remi'
const PLACES: readonly FpmPlace[] = [
  { main: '/etc/php-fpm.conf', pools: '/etc/php-fpm.d', ini: '/etc/php.ini', scan: '/etc/php.d' },
  {
    main: '/usr/local/etc/php-fpm.conf',
    pools: '/usr/local/etc/php-fpm.d',
    ini: '/usr/local/etc/php/php.ini',
    scan: '/usr/local/etc/php/conf.d',
  },
  {
    main: '/etc/php5/fpm/php-fpm.conf',
    pools: '/etc/php5/fpm/pool.d',
    ini: '/etc/php5/fpm/php.ini',
    scan: '/etc/php5/fpm/conf.d',
  },
]

/**
 * Every pool of every PHP-FPM of the machine, by the places of Debian, of RHEL, and of the official images; where none
 * of these is in the audit, those that a repository keeps.
 */
export function phpFpmPrograms(machine: Machine): readonly PhpFpmProgram[] {
  const placed = placedPools(machine)
  return placed.length > 0 || machine.container !== null ? placed : loosePools(machine)
}

function placedPools(machine: Machine): readonly PhpFpmProgram[] {
  const { container } = machine
  const image = container === null ? null : fpmOfImage(container)
  const files = image?.files ?? machine.files
  if (container !== null && image === null) return packagedPools(machine, container)
  return fpmPlaces(files).flatMap(place => {
    const isOfImage = image !== null && place.main === IMAGE_MAIN
    if (container !== null && !isOfImage) return []
    const read = readPlace(place, files)
    if (read === null && !isOfImage) return []
    const pools =
      isOfImage && container !== null
        ? image.files === null
          ? withImagePool(read?.pools ?? [], image.at, container)
          : (read?.pools ?? []).map(pool => shownAt(pool, image.at))
        : (read?.pools ?? [])
    const settings = once(() => readPhpSettings(iniFiles(place, files)))
    return pools.flatMap(pool => {
      const [at] = pool.headers
      if (at === undefined) return []
      const written = read?.pools.find(({ name }) => name === pool.name)?.listen ?? null
      return [
        {
          kind: 'php-fpm',
          machine,
          pool,
          replacedListen: written === pool.listen ? null : written,
          at,
          listensKnown: read?.complete !== false && isListenKnown(pool),
          settingsKnown: isOfImage && image.settingsKnown && pool.complete,
          phpSetting: (name: string) => settingOf(pool, name, settings),
          iniSetting: (name: string) => iniSettingOf(name, settings),
        } as const,
      ]
    })
  })
}

/** Those of the FPM of a distribution's packages that a container starts. */
function packagedPools(machine: Machine, container: Container): readonly PhpFpmProgram[] {
  const fpm = fpmOfPackages(container)
  if (fpm === null) return []
  const { files } = machine
  const sources = poolFiles(fpm, files)
  const noFiles: FpmFiles = { read: () => null, list: () => null }
  const read = sources.length === 0 ? null : readFpm(sources, noFiles)
  const pools = read?.pools ?? []
  return (fpm.own === null ? pools : withPackagePool(pools, container, fpm, fpm.own)).flatMap(pool => {
    const [at] = pool.headers
    if (at === undefined) return []
    const phpSetting = (name: string): Fact<string> | null => settingOf(pool, name, () => NO_SETTINGS)
    return [
      {
        kind: 'php-fpm',
        machine,
        pool,
        replacedListen: null,
        at,
        listensKnown: read?.complete !== false && isListenKnown(pool),
        settingsKnown: false,
        phpSetting,
        iniSetting: () => null,
      } as const,
    ]
  })
}

/** With `[www]` of the package, whose `www.conf` is read in the order of the names: the last `listen` holds. */
function withPackagePool(
  pools: readonly FpmPool[],
  container: Container,
  { at, pools: directory }: PackagedFpm,
  { listen: address, user, owner }: NonNullable<PackagedFpm['own']>,
): readonly FpmPool[] {
  const www = posix.join(directory, 'www.conf')
  const listen = { at, address: known(address, at) }
  const own = pools.find(({ name }) => name === 'www')
  if (own !== undefined) {
    const written = own.listen?.at.source.path
    const isLast = written !== undefined && placesIn(container, written).some(each => each > www)
    return isLast ? pools : [...pools.filter(pool => pool !== own), { ...own, listen }]
  }
  const account = known(user)
  const socket =
    owner === null
      ? { listenAclUsers: known(['apache', 'nginx']) }
      : { listenOwner: known(owner), listenGroup: known(owner) }
  return [...pools, { ...NO_POOL, ...socket, headers: [at], listen, user: account, group: account }]
}

/** Nobody knows which pools of a repository are installed: one is there if its socket is opened by it alone. */
function loosePools(machine: Machine): readonly PhpFpmProgram[] {
  const noFiles: FpmFiles = { read: () => null, list: () => null }
  const pools = looseFiles(machine.files, '.conf').flatMap(source => readFpm([source], noFiles).pools)
  const inis = looseFiles(machine.files, '.ini')
  const bySocket = groupBy(
    pools.filter(({ listen }) => listen?.address.known === true),
    ({ listen }) => JSON.stringify(listen?.address.known === true && listen.address.value),
  )
  return [...bySocket.values()].flatMap(([pool, ...others]) => {
    const at = pool?.headers[0]
    if (pool === undefined || at === undefined || others.length > 0) return []
    const directory = posix.dirname(at.source.path)
    const beside = once(() => {
      const near = inis.filter(({ path }) => posix.dirname(path) === directory)
      return readPhpSettings(ofOneRelease(near, at.source))
    })
    const phpSetting = (name: string): Fact<string> | null => settingOf(pool, name, beside)
    const iniSetting = (name: string): Fact<string> | null => iniSettingOf(name, beside)
    const unseen = { replacedListen: null, listensKnown: false, settingsKnown: false }
    return [{ kind: 'php-fpm', machine, pool, at, ...unseen, phpSetting, iniSetting } as const]
  })
}

const NO_SETTINGS: ReadonlyMap<string, WrittenText> = new Map()

/** What a pool says of PHP, else its `php.ini`, if no file that the pool includes may say otherwise. */
function settingOf(
  { phpSettings, complete, headers: [at] }: FpmPool,
  name: string,
  ini: () => ReadonlyMap<string, WrittenText>,
): Fact<string> | null {
  const own = phpSettings.get(name)?.value
  if (own !== undefined) return factOf(own)
  if (!complete) return unknown('the pool includes a file that is not in the audit', at)
  return iniSettingOf(name, ini)
}

function iniSettingOf(name: string, ini: () => ReadonlyMap<string, WrittenText>): Fact<string> | null {
  const written = ini().get(name)
  return written === undefined ? null : factOf(written)
}

/** Those of several `php.ini` beside a pool that are of its release, where they are named after releases. */
function ofOneRelease(inis: readonly Source[], pool: Source): readonly Source[] {
  const own = releaseIn(pool) ?? ''
  const others = new Set(inis.map(releaseIn))
  return inis.filter(ini => {
    const release = releaseIn(ini)
    if (release === null) return true
    return own === '' ? others.size === 1 : own.startsWith(release) || release.startsWith(own)
  })
}

/** `74` of `php74.ini` and `php7.4-fpm.conf`; null where a name has no release. */
function releaseIn({ path }: Source): string | null {
  const [, major, minor = ''] = /(?:php|fpm)[-_.]?(\d)\.?(\d?)/i.exec(posix.basename(path)) ?? []
  return major === undefined ? null : major + minor
}

const IMAGE_MAIN = '/usr/local/etc/php-fpm.conf'
const IMAGE_POOLS = '/usr/local/etc/php-fpm.d'
/** Official images that start FPM, by their names and tags. */
const FPM_IMAGES = /^(?:php|wordpress|nextcloud|drupal|matomo|phpmyadmin|friendica|monica|backdrop):\S*fpm/

interface FpmOfImage {
  readonly at: Place
  readonly settingsKnown: boolean
  /** With what steps make of the files of the image; null where none touches those of FPM. */
  readonly files: FileSystem | null
}

/** The FPM that an official image starts with the pool that it brings; null where something else may hold. */
function fpmOfImage(container: Container): FpmOfImage | null {
  const { reference, service, image, mounts } = container
  if (!FPM_IMAGES.test(reference ?? '') || !service.complete || service.volumesFrom.length > 0) return null
  if (service.build !== null && image === null) return null
  const end = endOfStart(container)
  if (end === null || !isFpmAlone(end.words)) return null
  // What is read behind the last file of the image, or takes its place, decides.
  const isReplaced = mounts.some(
    ({ target, path }) =>
      IMAGE_POOLS.startsWith(target) || target === IMAGE_MAIN || (path === null && isReadLast(target)),
  )
  const steps = (image?.steps ?? []).flatMap(step => ('sources' in step ? [] : [stepText(step.command)]))
  const copiesUnknown = (image?.steps ?? []).some(
    step =>
      'sources' in step &&
      (!step.target.known || /^\/(?:usr(?:\/local(?:\/etc)?)?)?$/.test(step.target.value)),
  )
  if (isReplaced || copiesUnknown) return null
  const mayChangePools = mayChangePool(end) || steps.some(step => FPM_FILES.test(step))
  const isTouched = mayChangePools || steps.some(step => /conf\.d/.test(step))
  const files = isTouched && reference?.startsWith('php:') === true ? phpImageFiles(container) : null
  if (files === null && mayChangePools) return null
  return {
    files,
    at: image?.stage.at ?? service.image?.at ?? service.at,
    settingsKnown:
      reference?.startsWith('php:') === true &&
      ![...steps, end.script?.before ?? ''].some(step => /\.ini|ini-|upload_max|post_max|conf\.d/.test(step)),
  }
}

/** What a step may change of the pools. */
const FPM_FILES = /fpm\.(?:d|conf)|zz-docker|\.sh\b/

/** True for a file of pools that is read behind the last one of the image, or is put in its place. */
function isReadLast(path: string): boolean {
  return posix.dirname(path) === IMAGE_POOLS && posix.basename(path) >= 'zz-docker.conf'
}

function isFpmAlone(words: readonly string[]): boolean {
  return words.every(word =>
    /^(?:docker-php-entrypoint|php-fpm|-F|-R|--nodaemonize|--allow-to-run-as-root)$/.test(word),
  )
}

/** `[www]` listens on port 9000 of every address, whatever a file says that is read before the image's last one. */
function withImagePool(pools: readonly FpmPool[], at: Place, container: Container): readonly FpmPool[] {
  const listen = { at, address: known({ kind: 'ip', host: null, port: 9000 } as const, at) }
  const own = pools.find(({ name }) => name === 'www') ?? { ...NO_POOL, headers: [at] }
  const written = own.listen?.at.source.path
  const isLast = written !== undefined && placesIn(container, written).some(isReadLast)
  const last = own.listen !== null && isLast ? own.listen : listen
  return [...pools.filter(pool => pool !== own), { ...own, listen: last }]
}

/** With what stands in a file of the image shown where the image is named. */
function shownAt(pool: FpmPool, at: Place): FpmPool {
  const own = pool.headers.filter(each => !isStandIn(each.source))
  const { listen } = pool
  return {
    ...pool,
    headers: own.length > 0 ? own : [at],
    listen: listen !== null && isStandIn(listen.at.source) ? { ...listen, at } : listen,
  }
}

/** What the image says of it besides is what FPM takes by itself. */
const NO_POOL: FpmPool = {
  name: 'www',
  headers: [],
  listen: null,
  listenOwner: null,
  listenGroup: null,
  listenMode: null,
  listenAclUsers: null,
  listenAclGroups: null,
  listenAllowedClients: null,
  user: known('www-data'),
  group: known('www-data'),
  prefix: null,
  chroot: null,
  chdir: null,
  processManager: known('dynamic'),
  maxChildren: known(5),
  requestTerminateTimeout: null,
  statusPath: null,
  pingPath: null,
  limitExtensions: null,
  clearEnvironment: null,
  environment: new Map(),
  phpSettings: new Map(),
  settings: new Map(),
  complete: true,
}

/** One FPM for each version of PHP, wherever it may lie. */
const fpmPlaces = memo((files: FileSystem): readonly FpmPlace[] => [
  ...namesIn(DEBIAN, /^[\d.]+$/, files).map(name => ({
    main: `${DEBIAN}/${name}/fpm/php-fpm.conf`,
    pools: `${DEBIAN}/${name}/fpm/pool.d`,
    ini: `${DEBIAN}/${name}/fpm/php.ini`,
    scan: `${DEBIAN}/${name}/fpm/conf.d`,
  })),
  ...namesIn('/etc', /^php\d+$/, files).map(name => rootPlace(`/etc/${name}`, 'conf.d')),
  ...namesIn(REMI, /^php\d+$/, files).map(name => rootPlace(`${REMI}/${name}`, 'php.d')),
  ...PLACES,
])

function namesIn(directory: string, pattern: RegExp, files: FileSystem): readonly string[] {
  return (files.list(directory) ?? []).map(({ name }) => name).filter(name => pattern.test(name))
}

/** A directory with all of one PHP: of Alpine, of Remi's packages for RHEL. */
function rootPlace(root: string, scan: string): FpmPlace {
  return {
    main: `${root}/php-fpm.conf`,
    pools: `${root}/php-fpm.d`,
    ini: `${root}/php.ini`,
    scan: `${root}/${scan}`,
  }
}

/** Every `php.ini` of a machine that answers requests, with what is laid over it: of FPM, and of Apache's module. */
export const phpIniSources = memo((files: FileSystem): readonly Source[] => {
  return [...new Set([...fpmIniSources(files), ...modPhpIniSources(files), ...looseFiles(files, '.ini')])]
})

/** Every `php.ini` that Apache's module reads as Debian, RHEL or the official images have it, with what is laid over it. */
export const modPhpIniSources = memo((files: FileSystem): readonly Source[] => {
  const ofDebian = namesIn(DEBIAN, /^[\d.]+$/, files).map(name => {
    const home = `${DEBIAN}/${name}/apache2`
    return { ini: `${home}/php.ini`, scan: `${home}/conf.d` }
  })
  // One PHP for all there, whoever runs it.
  const others = PLACES.filter(({ main }) => !main.startsWith('/etc/php5/'))
  return [...ofDebian, ...others].flatMap(place => iniFiles(place, files))
})

/** Every `php.ini` that an FPM of the machine reads, with what is laid over it. */
export const fpmIniSources = memo((files: FileSystem): readonly Source[] => [
  ...new Set(fpmPlaces(files).flatMap(place => iniFiles(place, files))),
])

/** Of a repository, wherever they lie in it. */
function looseFiles(files: FileSystem, ending: string): readonly Source[] {
  return (files.list(LOOSE_PHP) ?? [])
    .filter(({ name }) => name.endsWith(ending))
    .flatMap(({ name }) => sourceAt(files, posix.join(LOOSE_PHP, name)) ?? [])
}

/** Every file of FPM that lies where FPM reads it, also those that are laid over an image's own, or in a repository. */
export const fpmSources = memo((files: FileSystem): readonly Source[] => [
  ...new Set([
    ...fpmPlaces(files).flatMap(place => [sourceAt(files, place.main) ?? [], poolFiles(place, files)].flat()),
    ...looseFiles(files, '.conf'),
  ]),
])

function readPlace({ main, pools }: FpmPlace, files: FileSystem): FpmConfiguration | null {
  const reader: FpmFiles = {
    read: path => sourceAt(files, path),
    list: directory => files.list(directory)?.map(({ name }) => name) ?? null,
  }
  const source = sourceAt(files, main)
  if (source !== null) return readFpm([source], reader)
  const sources = poolFiles({ pools }, files)
  return sources.length === 0 ? null : readFpm(sources, reader)
}

function poolFiles({ pools }: Pick<FpmPlace, 'pools'>, files: FileSystem): readonly Source[] {
  return (files.list(pools) ?? [])
    .filter(({ name, kind }) => kind === 'file' && name.endsWith('.conf'))
    .flatMap(({ name }) => sourceAt(files, posix.join(pools, name)) ?? [])
}

/** `php.ini`, then what lies in the directory beside it, by name. */
function iniFiles({ ini, scan }: Pick<FpmPlace, 'ini' | 'scan'>, files: FileSystem): readonly Source[] {
  const names = (files.list(scan) ?? []).filter(({ name }) => name.endsWith('.ini'))
  const paths = [ini, ...names.map(({ name }) => posix.join(scan, name))]
  return paths.map(path => sourceAt(files, path)).filter(each => each !== null)
}

function isListenKnown({ listen }: FpmPool): boolean {
  return listen === null || listen.address.known
}

const FASTCGI: Fact<Protocol> = known('fastcgi')

export function phpFpmListeners(program: PhpFpmProgram): readonly BackendListener[] {
  const { listen } = program.pool
  if (listen === null || !listen.address.known) return []
  const endpoint = endpointOf(listen.address.value)
  return [
    {
      kind: 'php-fpm',
      program,
      ...endpoint,
      protocol: FASTCGI,
      loopback: isLoopback(endpoint.address),
      at: listen.at,
      others: [],
    },
  ]
}

/** A bare port is every address of both versions. */
function endpointOf(address: FpmAddress): Endpoint {
  if (address.kind === 'unix') return { address: { kind: 'unix', path: address.path }, port: null }
  if (address.host === null) return { address: ANY_V6, port: address.port, ipv6only: false }
  return { address: parseHost(address.host), port: address.port }
}
