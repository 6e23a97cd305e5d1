import { cleanPath } from '../../parsers/text/clean-path.ts'
import { posix } from 'node:path'
import { matchesAprName } from '../../parsers/wildcard/apr-fnmatch.ts'
import { isUnknownWord, type Source } from '../../parsers/text/source.ts'
import type { FileSystem } from './file-system.ts'
import { HOMES } from './known-places.ts'
import type { Mount } from './mounts.ts'
import type { Program } from './program.ts'

/** Where a main file of a repository stands on the machine it was written for. */
export interface PlacedMain {
  readonly program: Program
  /** The file in the repository. */
  readonly path: string
  /** The file on its machine. */
  readonly placed: string
  /** What of the repository stands where on that machine. */
  readonly mounts: readonly Mount[]
}

/**
 * The directory of a main file stands for the one from which it includes: `deploy/nginx` for `/etc/nginx`, where
 * `deploy/nginx/nginx.conf` includes `/etc/nginx/conf.d/*.conf`; `httpd` for the ServerRoot that
 * `httpd/conf/httpd.conf` names.
 *
 * @param files the repository, whose paths are those of this machine
 */
export function placeMain(program: Program, path: string, source: Source, files: FileSystem): PlacedMain {
  return program === 'nginx' ? placeNginx(path, source, files) : placeApache(path, source, files)
}

function placeNginx(path: string, source: Source, files: FileSystem): PlacedMain {
  const directory = posix.dirname(path)
  const includes = includesOf(source, /(?:^|[;{}\n])[ \t]*include[ \t]+["']?([^\s;"']+)/g)
  const home = homeIn('nginx', includes) ?? '/etc/nginx'
  const mounts: Mount[] = [{ at: home, disk: directory }]
  // `nginx/conf/nginx.conf` and `nginx/conf.d`: what the main file's directory lacks may stand beside it.
  for (const name of firstNames(includes, home)) {
    const beside = posix.join(posix.dirname(directory), name)
    if (files.kind(posix.join(directory, name)) !== null || files.kind(beside) === null) continue
    mounts.push({ at: posix.join(home, name), disk: beside })
  }
  return { program: 'nginx', path, placed: posix.join(home, posix.basename(path)), mounts }
}

function placeApache(path: string, source: Source, files: FileSystem): PlacedMain {
  const directory = posix.dirname(path)
  const includes = includesOf(source, /^[ \t]*Include(?:Optional)?[ \t]+"?([^\s"]+)/gim)
  const [, written = ''] = /^[ \t]*ServerRoot[ \t]+"?([^\s"]+)/im.exec(source.code) ?? []
  const usual = posix.basename(path).startsWith('apache') ? '/etc/apache2' : '/etc/httpd'
  const isKnown = written.startsWith('/') && !isUnclear(written)
  const root = isKnown ? cleanPath(written) : (homeIn('apache', includes) ?? usual)
  const relative = includes
    .filter(include => !include.startsWith('/'))
    .map(include => include.split('/')[0] ?? '')
  const found = (directory: string): number =>
    new Set(relative.filter(name => files.kind(posix.join(directory, name)) !== null)).size
  const above = posix.dirname(directory)
  const isBelow =
    posix.basename(directory) === 'conf' ? found(above) >= found(directory) : found(above) > found(directory)
  const disk = isBelow && directory !== '/' ? above : directory
  const mounts: Mount[] = [{ at: root, disk }]
  const other = homeIn('apache', includes)
  if (other !== null && other !== root) mounts.push({ at: other, disk })
  // A directory without `conf` in it holds what the machine has in that.
  const isInner = disk === directory && standsForConf(files, directory, root, includes)
  const own = isInner ? posix.join(root, 'conf') : root
  if (isInner) mounts.push({ at: own, disk })
  return { program: 'apache', path, placed: posix.join(own, posix.relative(disk, path)), mounts }
}

/** True where what a main file includes from `conf/` of the ServerRoot lies beside the main file. */
function standsForConf(
  files: FileSystem,
  directory: string,
  root: string,
  includes: readonly string[],
): boolean {
  if (files.kind(posix.join(directory, 'conf')) !== null) return false
  return includes.some(include => {
    const inside = include.startsWith(`${root}/`) ? include.slice(root.length + 1) : include
    const [first = '', ...rest] = inside.split('/')
    const [name = ''] = rest
    if (first !== 'conf' || name === '') return false
    if (!/[*?[]/.test(name)) return files.kind(posix.join(directory, name)) !== null
    return (files.list(directory) ?? []).some(({ name: other }) => matchesAprName(name, other))
  })
}

function includesOf({ code }: Source, pattern: RegExp): readonly string[] {
  return [...code.matchAll(pattern)].map(([, path = '']) => path).filter(path => !isUnclear(path))
}

function isUnclear(path: string): boolean {
  return isUnknownWord(path) || path.includes('${')
}

/** The home from which most of the includes lead; null where none leads from one. */
function homeIn(program: Program, includes: readonly string[]): string | null {
  let best: string | null = null
  let most = 0
  for (const home of HOMES) {
    if (home.program !== program) continue
    const count = includes.filter(include => include.startsWith(`${home.path}/`)).length
    if (count <= most) continue
    best = home.path
    most = count
  }
  return best
}

/** `conf.d` of `/etc/nginx/conf.d/*.conf` and of `conf.d/*.conf`. */
function firstNames(includes: readonly string[], home: string): ReadonlySet<string> {
  const names = new Set<string>()
  for (const include of includes) {
    const inside = include.startsWith(`${home}/`) ? include.slice(home.length + 1) : include
    const [name = '', ...rest] = inside.split('/')
    if (name !== '' && rest.length > 0 && !/[*?[]/.test(name) && !name.startsWith('.')) names.add(name)
  }
  return names
}
