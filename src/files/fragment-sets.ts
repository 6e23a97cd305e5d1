import { posix } from 'node:path'
import type { Source } from '../../parsers/text/source.ts'
import { type Claims, claimsOf, shareSocket } from './claims.ts'
import { programOfDirectory } from './known-places.ts'
import type { Program } from './program.ts'
import type { Recognised } from './recognise.ts'
import { environmentsAmong, hasVariant, stemOf } from './variants.ts'

/** Files without a main file that are read side by side, as if one main file included them all. */
export interface FragmentSet {
  readonly nginx: readonly string[]
  readonly apache: readonly string[]
  /** True for the files of one directory or of a server's own, which may be all that its main file includes. */
  readonly joint: boolean
  /** Those of them that one server reads side by side for sure, whatever its main file says besides. */
  readonly together?: ReadonlySet<string>
  /** True for a file that acts wherever somebody includes it, beside whatever others. */
  readonly isSnippet?: boolean
  /** True where somebody said that the lines of nginx stand in a `location`. */
  readonly isInLocation?: boolean
}

/** A file that no main file reads. */
export interface Fragment {
  /** Without links. */
  readonly path: string
  /** The path by which it was found, whose directory says what it belongs to. */
  readonly group: string
  readonly source: Source
  readonly program: Program
  readonly part: Recognised['part']
  /** True for one of several examples, of which its reader takes one. */
  readonly sample: boolean
}

/**
 * Sorts fragments into those that belong together. Files of one directory do, and those of the directories
 * that a server reads together (`nginx/conf.d`, `nginx/sites-enabled`, `apache2/sites-enabled`), where none
 * takes what another takes for itself: two that do are alternatives (`dev.conf`, `production.conf`), each
 * alone. So is every snippet, which acts wherever somebody includes it.
 */
export function fragmentSets(fragments: readonly Fragment[]): readonly FragmentSet[] {
  const groups = new Map<string, Fragment[]>()
  const alone: Fragment[] = []
  for (const fragment of fragments) {
    if (fragment.sample || fragment.part === 'snippet') {
      alone.push(fragment)
      continue
    }
    const key = groupOf(fragment.group)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [fragment])
    else group.push(fragment)
  }
  const sets: FragmentSet[] = []
  for (const group of groups.values()) {
    const alternatives = alternativesIn(group)
    alone.push(...alternatives)
    const together = group.filter(fragment => !alternatives.has(fragment))
    const nginx = together.filter(({ program }) => program === 'nginx')
    const apache = together.filter(({ program }) => program === 'apache')
    if (nginx.length === 0 || apache.length === 0 || !contradict(nginx, apache) || mayBeOneSystem(together))
      sets.push(setOf(together, true))
    else sets.push(setOf(nginx, true), setOf(apache, true))
  }
  const single = alone.map(fragment => ({
    ...setOf([fragment], false),
    ...(fragment.part === 'snippet' && !fragment.sample && { isSnippet: true }),
  }))
  return [...sets, ...single].filter(({ nginx, apache }) => nginx.length + apache.length > 0)
}

function setOf(fragments: readonly Fragment[], joint: boolean): FragmentSet {
  const pathsOf = (wanted: Program): readonly string[] =>
    fragments.flatMap(({ program, path }) => (program === wanted ? [path] : []))
  const together = joint ? readByOne(fragments) : NONE
  return { nginx: pathsOf('nginx'), apache: pathsOf('apache'), joint, ...(together.size > 1 && { together }) }
}

const NONE: ReadonlySet<string> = new Set()

/** The fragments that the package's own main file reads. */
function readByOne(fragments: readonly Fragment[]): ReadonlySet<string> {
  const homeOf = ({ group, source }: Fragment): string | null =>
    source.template ? null : homeOfReader(group)
  const home = fragments.map(homeOf).find(found => found !== null)
  if (home === undefined) return NONE
  return new Set(fragments.flatMap(fragment => (homeOf(fragment) === home ? fragment.path : [])))
}

/** Two servers that open one port were written for different machines. */
export function contradict(some: readonly Fragment[], others: readonly Fragment[]): boolean {
  return some.some(one => others.some(other => shareSocket(claims(one).sockets, claims(other).sockets)))
}

/** A place at which a server of a system reads its sites and its ports. */
const PLACE_OF_SYSTEM =
  /\/etc\/(?:nginx|apache2|httpd)\/(?:(?:sites-(?:enabled|available)|conf|conf\.d)\/)?[^/]+$/

/**
 * True for files of one `/etc` that have a site in common: where nginx stands before Apache, their port is the fault.
 * Whether it does, who joins them can tell.
 */
function mayBeOneSystem(fragments: readonly Fragment[]): boolean {
  if (!fragments.every(({ group }) => PLACE_OF_SYSTEM.test(group))) return false
  const namesOf = (wanted: Program): readonly string[] =>
    fragments.flatMap(fragment =>
      fragment.program === wanted ? [...claims(fragment).names].map(nameOfSite) : [],
    )
  const ofApache = new Set(namesOf('apache'))
  return namesOf('nginx').some(name => name.includes('.') && ofApache.has(name))
}

/** `example.org` of `server *:80 example.org`. */
function nameOfSite(claimed: string): string {
  return claimed.slice(claimed.lastIndexOf(' ') + 1)
}

function claims({ source, program }: Fragment): Claims {
  return claimsOf(source, program)
}

/** Directories inside a server's own that it reads together with their neighbours. */
const READ_TOGETHER =
  /^(?:(?:conf|mods|conf\.modules|http|https|stream|streams|sites?|vhosts?|hosts?|servers?|upstreams?|default|extra)[-_.](?:d|enabled|available)|conf|config|sites|vhosts|servers|extra|includes?|snippets)$/
/** Directories of things that are used one by one: two of them need not meet on one machine. */
const COLLECTIONS =
  /^(?:roles|cookbooks|modules|formulas?|playbooks|charts|packages|examples?|samples?|docs?|tests?|contrib|templates|services|apps|images)$/

/** The directory that stands for the server's own, or for `/etc` where it says whose it is. */
export function groupOf(path: string): string {
  let directory = posix.dirname(path)
  while (READ_TOGETHER.test(posix.basename(directory)) && directory !== '/')
    directory = posix.dirname(directory)
  const above = posix.dirname(directory)
  const isServers = programOfDirectory(posix.basename(directory)) !== null
  return isServers && !COLLECTIONS.test(posix.basename(above)) ? above : directory
}

/** A directory of which a server reads every file, whatever they take from each other. */
const READ_WHOLE = /[-_.]enabled$/

/**
 * The directory of the server that reads a file together with all others of that directory's, as the packages have
 * it: `/etc/apache2` for `/etc/apache2/sites-enabled/shop.conf` and `/etc/apache2/ports.conf`, `/etc/nginx` for
 * `/etc/nginx/sites-enabled/shop`. Null where two files of one directory may be of different machines.
 */
function homeOfReader(path: string): string | null {
  const directory = posix.dirname(path)
  if (READ_WHOLE.test(posix.basename(directory))) return posix.dirname(directory)
  return path.endsWith('/apache2/ports.conf') ? directory : null
}

/** A directory of which a server usually reads every file. */
const USUALLY_READ_WHOLE = /^(?:conf|http|stream|vhosts?|sites?)\.d$/

/** Those of a group that cannot be read beside another of it. */
function alternativesIn(group: readonly Fragment[]): ReadonlySet<Fragment> {
  const takenBy = new Map<string, Fragment[]>()
  for (const fragment of group) {
    for (const name of claims(fragment).names) {
      const key = `${fragment.program} ${name}`
      const takers = takenBy.get(key)
      if (takers === undefined) takenBy.set(key, [fragment])
      else takers.push(fragment)
    }
  }
  const environments = environmentsAmong(group.map(({ group }) => group))
  const alternatives = new Set(group.filter(({ group }) => environments.has(group)))
  for (const takers of takenBy.values()) {
    if (takers.length < 2 || areReadTogether(takers)) continue
    for (const taker of takers) alternatives.add(taker)
  }
  return alternatives
}

/** True where the directory says that a server reads them all, whatever they take from each other. */
function areReadTogether(fragments: readonly Fragment[]): boolean {
  const homes = new Set(fragments.map(({ group }) => homeOfReader(group)))
  if (homes.size === 1 && !homes.has(null)) return true
  const directories = new Set(fragments.map(({ group }) => posix.dirname(group)))
  const [directory = ''] = directories
  if (directories.size > 1 || !USUALLY_READ_WHOLE.test(posix.basename(directory))) return false
  const stems = new Set(fragments.map(({ group }) => stemOf(posix.basename(group))))
  return stems.size === fragments.length && !fragments.some(({ group }) => hasVariant(posix.basename(group)))
}
