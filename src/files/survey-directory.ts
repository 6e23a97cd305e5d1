import { posix } from 'node:path'
import { once } from '../../parsers/collections/once.ts'
import { parseApache } from '../../parsers/apache/parse.ts'
import { parseNginx } from '../../parsers/nginx/parse.ts'
import type { NestedText } from '../../parsers/text/nested-text.ts'
import { hasServersWord } from '../../parsers/text/nested-texts.ts'
import type { Source } from '../../parsers/text/source.ts'
import type { FileSystem } from './file-system.ts'
import type { FoundMachine } from './found-machine.ts'
import { type Fragment, type FragmentSet, contradict, fragmentSets, groupOf } from './fragment-sets.ts'
import { isDockerfile } from './dockerfiles.ts'
import { placeMain } from './home-of-main.ts'
import { type Candidate, judgePaths, lookInto, type LookOptions, skipped, type SkippedPath } from './look.ts'
import { machinesOfTexts } from './machines-of-texts.ts'
import type { Mount } from './mounts.ts'
import {
  beginningOfHolder,
  isScript,
  isShell,
  mayBeScript,
  mayPlaceTexts,
  BEGINNING,
  nestedSource,
  textsIn,
  writersAmong,
  writesServers,
} from './nested-files.ts'
import { nestedPath, splitNested } from './nested-path.ts'
import { placedCopies } from './placed-copies.ts'
import { type PlacedTexts, placedTexts } from './placed-texts.ts'
import { PROGRAMS, type Program } from './program.ts'
import { recognise } from './recognise.ts'
import {
  isMain,
  settleOnDemand,
  toFragment,
  type UnsettledPath,
  withoutIncluded,
  withRefusedOnDemand,
} from './survey.ts'

/** The files of a directory that is no machine's root, such as a repository. */
export interface DirectorySurvey {
  readonly machines: readonly FoundMachine[]
  /** What is put where beside the fragments, where one role, play or script alone has files of servers. */
  readonly mounts: readonly Mount[]
  /** Fragments, but for those that some machine reached; paths of the repository. */
  readonly fragments: (reached: ReadonlySet<string>) => readonly FragmentSet[]
  readonly hasApache: boolean
  readonly htaccess: readonly string[]
  readonly skipped: readonly SkippedPath[]
  /** What is read as fragments though nothing says whether it is enabled, but for what some machine reached. */
  readonly unsettled: (reached: ReadonlySet<string>) => readonly UnsettledPath[]
}

/**
 * Sorts the files of a directory of which nobody says where it lies: every main file is a machine of its own,
 * but for an nginx and an Apache whose directories stand side by side; what no main file reads are fragments.
 *
 * @param within the directory; names of directories above it mean nothing
 */
export function surveyDirectory(
  files: FileSystem,
  paths: readonly string[],
  within: string,
  options: LookOptions,
): DirectorySurvey {
  const seen = new Set<string>()
  const candidates: Candidate[] = []
  const htaccess: string[] = []
  const left: SkippedPath[] = []
  for (const judged of judgePaths(paths, within)) {
    const path = files.realPath(judged.named)
    if (path !== null && seen.has(path)) continue
    if (path !== null) seen.add(path)
    const looked = lookInto(files, judged, options)
    if (looked?.kind === 'candidate') candidates.push(looked)
    else if (looked?.kind === 'skipped') left.push(looked)
    else if (looked?.kind === 'htaccess') htaccess.push(looked.path)
  }
  const mains = PROGRAMS.flatMap(program => {
    const own = candidates.filter(candidate => candidate.program === program)
    return withoutIncluded(files, own.filter(isMain), own)
  })
  const { texts, homes, copying, unread } = lookForNested(files, paths, options)
  left.push(...unread)
  for (const { candidate, isHtaccess } of texts)
    if (isHtaccess && candidate.program === 'apache') htaccess.push(candidate.path)
  for (const path of writersAmong(paths, within))
    if (writesServers(path, options.peek?.(path, BEGINNING) ?? ''))
      left.push(
        skipped(path, 'inside-program', 'a program that writes lines of a server, which are not read'),
      )
  const all = texts.flatMap(({ candidate, isHtaccess }) => (isHtaccess ? [] : [candidate]))
  const placed = machinesOfTexts(homes, all)
  const nested = all.filter(({ path }) => !placed.taken.has(path))
  const nestedMains = nested.filter(isMain)
  const enabled = settleOnDemand(
    files,
    candidates.filter(candidate => !mains.includes(candidate)),
  )
  const copied = placedCopies(
    files,
    candidates.map(({ path }) => path),
    copying,
  )
  const { machines, stoodIn } = machinesOf(files, mains, enabled.candidates, copied)
  // What somebody writes into other files is for machines of which nobody knows what else they have.
  const lone = nestedMains.map(main => machineOf(files, posix.dirname(main.named), [main]))
  const written = nested.filter(candidate => !nestedMains.includes(candidate))
  const fragments = [...enabled.candidates, ...written]
  const scripts = scriptsOfBoth(written)
  return {
    machines: [...machines, ...lone, ...placed.machines],
    mounts: mountsBeside(copied, enabled.candidates),
    fragments: reached => {
      const rest = fragments.filter(each => !reached.has(each.path) && !stoodIn.has(each.path))
      return fragmentSets(rest.map(each => writtenBy(scripts, each) ?? toFragment(each)))
    },
    hasApache: [...candidates, ...all].some(({ program }) => program === 'apache'),
    htaccess,
    skipped: [...withRefusedOnDemand(files, left), ...enabled.skipped],
    unsettled: reached => enabled.unsettled.filter(({ path }) => !reached.has(path)),
  }
}

/** The scripts that write files of nginx and of Apache: a machine on which one runs has both. */
function scriptsOfBoth(written: readonly Candidate[]): ReadonlySet<string> {
  const outerOf = (wanted: Program): readonly string[] =>
    written.flatMap(({ named, program }) => (program === wanted ? (splitNested(named)?.outer ?? []) : []))
  const ofApache = new Set(outerOf('apache'))
  return new Set(outerOf('nginx').filter(outer => ofApache.has(outer) && isShell(outer)))
}

/** A text of one of these scripts: it stands beside the others as the files of one directory do. Null for all else. */
function writtenBy(scripts: ReadonlySet<string>, candidate: Candidate): Fragment | null {
  const nested = splitNested(candidate.named)
  if (nested === null || !scripts.has(nested.outer)) return null
  return { ...toFragment(candidate), group: `${nested.outer}/${nested.index}`, sample: false }
}

const FIRST_LINE = 64

/** False for a piece of a file, whose blocks begin or end in another. */
export function isBalanced(source: Source, program: Program): boolean {
  if (program === 'nginx') return parseNginx(source).problems.length === 0
  let depth = 0
  for (const { kind } of parseApache(source)) {
    if (kind === 'open') depth++
    else if (kind === 'close' && --depth < 0) return false
  }
  return depth === 0
}

/** Configurations that stand as texts in files of YAML, scripts and Dockerfiles: each surely a server's, and alone. */
function lookForNested(
  files: FileSystem,
  paths: readonly string[],
  { peek }: LookOptions,
): {
  readonly texts: readonly { readonly candidate: Candidate; readonly isHtaccess: boolean }[]
  readonly homes: readonly PlacedTexts[]
  /** Scripts that may copy files to where servers read them. */
  readonly copying: readonly string[]
  readonly unread: readonly SkippedPath[]
} {
  const unread: SkippedPath[] = []
  const homes: PlacedTexts[] = []
  const copying: string[] = []
  const look = (path: string, bytes: number): string | null => peek?.(path, bytes) ?? null
  const images = once(() => paths.filter(isDockerfile).map(path => look(path, BEGINNING) ?? ''))
  /** What a script writes that an image brings, its containers have. */
  const isOfImage = (path: string): boolean => images().some(text => text.includes(posix.basename(path)))
  const texts = paths.flatMap(outer => {
    const isBareScript = mayBeScript(outer) && isScript(look(outer, FIRST_LINE) ?? '')
    const beginning = (isBareScript ? look(outer, BEGINNING) : beginningOfHolder(outer, look)) ?? ''
    let isUnread = false
    if (COPIES.test(beginning) && (isBareScript || isShell(outer)) && !isOfImage(outer)) copying.push(outer)
    const inside = textsIn(outer, beginning)
    const found = inside.flatMap((text, index) => {
      const isAnnounced = text.isSnippet === true || text.owner !== undefined
      if (!isAnnounced && !hasServersWord(beginning.slice(text.start, text.end))) return []
      const named = nestedPath(outer, index)
      const inner = nestedSource(named, beginning, text, 'utf8')
      const candidate = nestedCandidate(files, named, inner, text)
      if (candidate === null && text.owner !== undefined && hasServersWord(inner.code)) isUnread = true
      return candidate === null ? [] : [{ text, candidate }]
    })
    if (isUnread && found.length === 0)
      unread.push(skipped(outer, 'inside-program', 'a text in it that is a server’s by its name is not read'))
    if (found.length > 0 && mayPlaceTexts(outer, isBareScript) && !isOfImage(outer))
      homes.push(...placedTexts(outer, beginning, isBareScript || isShell(outer), inside))
    // The script around a here-document is no configuration, though most of its lines are.
    const isAround = ({ start, end }: NestedText): boolean =>
      found.some(({ text }) => text.start >= start && text.end <= end && text.end - text.start < end - start)
    return found.flatMap(({ text, candidate }) =>
      isAround(text) ? [] : [{ candidate, isHtaccess: text.isHtaccess === true }],
    )
  })
  return { texts, homes, copying, unread }
}

/** A command that copies one file to where a server reads it. */
const COPIES =
  /^[^#\n]*\b(?:cp|install)[ \t][^\n]*[ \t]["']?\/(?:etc|usr\/local)\/(?:[\w.-]+\/)*(?:nginx|apache2|httpd|openresty)\//m

/** What the one role, play or script that has fragments puts elsewhere; of several nobody knows which has what. */
function mountsBeside(
  copied: readonly (readonly Mount[])[],
  fragments: readonly Candidate[],
): readonly Mount[] {
  const paths = new Set(fragments.map(({ path }) => path))
  const [home = [], ...others] = copied.filter(mounts => mounts.some(({ disk }) => paths.has(disk)))
  return others.length > 0 ? [] : home.filter(({ disk }) => !paths.has(disk))
}

/** @param beginning as far as it was looked into */
function nestedCandidate(
  files: FileSystem,
  named: string,
  beginning: Source,
  { isSnippet = false, isWhole = false, owner = isSnippet ? 'nginx' : undefined }: NestedText,
): Candidate | null {
  const recognised = recognise(beginning)
  // What is around it may say which server reads it.
  const isSure = recognised?.sure === true || recognised?.program === owner
  if (recognised === null || !isSure || !(isWhole || isBalanced(beginning, recognised.program))) return null
  const read = files.read(named)
  if (read.kind !== 'source') return null
  const { program, part } = recognised
  const { path } = read.source
  return {
    kind: 'candidate',
    path,
    named,
    source: read.source,
    program,
    part,
    onDemand: null,
    sample: true,
  }
}

function machinesOf(
  files: FileSystem,
  mains: readonly Candidate[],
  fragments: readonly Candidate[],
  copied: readonly (readonly Mount[])[],
): { readonly machines: readonly FoundMachine[]; readonly stoodIn: ReadonlySet<string> } {
  const byDirectory = new Map<string, Candidate[]>()
  for (const main of mains) {
    const directory = groupOf(main.named)
    const group = byDirectory.get(directory)
    if (group === undefined) byDirectory.set(directory, [main])
    else group.push(main)
  }
  const machines: FoundMachine[] = []
  const stoodIn = new Set<string>()
  for (const [directory, group] of byDirectory) {
    const nginx = only(group, 'nginx')
    const apache = only(group, 'apache')
    const together = nginx !== null && apache !== null ? [nginx, apache] : []
    for (const main of group)
      if (!together.includes(main)) machines.push(machineOf(files, directory, [main], copied))
    if (together.length > 0) machines.push(machineOf(files, directory, together, copied))
    else {
      const [main] = group
      if (group.length > 1 || main === undefined) continue
      const beside = standInFor(main, directory, fragments)
      if (beside === null) continue
      for (const path of [...beside.nginx, ...beside.apache]) stoodIn.add(path)
      machines.pop()
      machines.push({ ...machineOf(files, directory, [main], copied), standIn: beside })
    }
  }
  return { machines, stoodIn }
}

/** The one main file of a program, by its usual name where there are several; null where nobody knows which. */
function only(group: readonly Candidate[], program: Program): Candidate | null {
  const own = group.filter(main => main.program === program)
  const usual = own.filter(({ named }) => /^(?:nginx|httpd|apache2)\.conf$/.test(posix.basename(named)))
  const [first, ...others] = own.length === 1 ? own : usual
  return first !== undefined && others.length === 0 ? first : null
}

function machineOf(
  files: FileSystem,
  directory: string,
  mains: readonly Candidate[],
  copied: readonly (readonly Mount[])[] = [],
): FoundMachine {
  const placed = mains.map(({ program, path, source }) => placeMain(program, path, source, files))
  const [home = [], ...others] = copied.filter(mounts =>
    mains.every(({ path }) => mounts.some(({ disk }) => disk === path)),
  )
  // Of several that put them somewhere nobody knows which else is there.
  const put = others.length > 0 ? [] : home
  const of = (program: Program): string | null => {
    const main = placed.find(each => each.program === program)
    return put.find(({ disk }) => disk === main?.path)?.at ?? main?.placed ?? null
  }
  return {
    directory,
    mounts: [...put, ...placed.flatMap(({ mounts }) => mounts)],
    mains: { nginx: of('nginx'), apache: of('apache') },
    standIn: null,
  }
}

/** The fragments of the other program beside a main file, where they could be all of it. */
function standInFor(main: Candidate, directory: string, fragments: readonly Candidate[]): FragmentSet | null {
  const beside = fragments
    .filter(({ program, named }) => program !== main.program && groupOf(named) === directory)
    .map(toFragment)
  const [set, ...others] = fragmentSets(beside).filter(({ joint }) => joint)
  if (set === undefined || others.length > 0) return null
  const read = beside.filter(({ path }) => set.nginx.includes(path) || set.apache.includes(path))
  return contradict([toFragment(main)], read) ? null : set
}
