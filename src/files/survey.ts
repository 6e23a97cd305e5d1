import { posix } from 'node:path'
import type { FileSystem } from './file-system.ts'
import { isMainName, judgePath, MAIN_FILES } from './known-places.ts'
import { type Program, recognise } from './recognise.ts'

/** The files of one root, sorted by what they are to the servers. */
export interface Survey {
  readonly mains: Readonly<Record<Program, readonly string[]>>
  /** Files that stand alone, without those that the server reached (paths without links). */
  readonly fragments: (reached: ReadonlySet<string>) => Readonly<Record<Program, readonly string[]>>
  /** True where something of Apache's is among the files. */
  readonly hasApache: boolean
  readonly htaccess: readonly string[]
}

export const PROGRAMS: readonly Program[] = ['nginx', 'apache']

/**
 * Sorts the files below a root: main files by the places where distributions put them, then by content;
 * the rest by content alone.
 *
 * @param paths files and links inside the root
 * @param isAsked true for a path inside the root that belongs to the audit
 * @param within the folder from which names of folders mean something
 */
export function survey(
  files: FileSystem,
  paths: readonly string[],
  isAsked: (path: string) => boolean,
  within = '/',
): Survey {
  const judge = (path: string) => judgePath(below(path, within))
  const mains: Record<Program, string[]> = { nginx: [], apache: [] }
  const seen = new Set<string>()
  for (const program of PROGRAMS) {
    for (const place of MAIN_FILES[program]) {
      const path = isAsked(place) ? files.realPath(place) : null
      if (path === null || seen.has(path) || files.read(path).kind !== 'source') continue
      seen.add(path)
      // The name by which the server opens it: what it includes is looked for beside that.
      mains[program].push(place)
    }
  }

  // Nearly all files beside a main file are those it includes: they are looked into when it has been read,
  // and only if it did not come by.
  const folders = PROGRAMS.flatMap(program => mains[program].map(main => `${posix.dirname(main)}/`))
  const later: string[] = []
  const fragments: Record<Program, string[]> = { nginx: [], apache: [] }
  const onDemand: Record<Program, string[]> = { nginx: [], apache: [] }
  for (const named of paths) {
    const verdict = judge(named)
    const path = verdict === null ? null : files.realPath(named)
    if (verdict === null || path === null || seen.has(path) || !isAsked(path)) continue
    seen.add(path)
    if (folders.some(folder => path.startsWith(folder))) {
      later.push(path)
      continue
    }
    const read = files.read(path)
    const recognised = read.kind === 'source' ? recognise(read.source) : null
    if (recognised === null) {
      // Nobody can tell what it holds, but its name says which server would be asked about it.
      if (read.kind === 'source' && posix.basename(named) === 'nginx.conf') mains.nginx.push(named)
      continue
    }
    const { program, part } = recognised
    if (part === 'whole' || (part === 'outer' && isMainName(path, program))) mains[program].push(named)
    else if (judge(path)?.onDemand === true) onDemand[program].push(path)
    else fragments[program].push(path)
  }
  // What stands where a distribution puts it is the main file, whoever includes it.
  const found = mains.apache.filter(main => !MAIN_FILES.apache.includes(main))
  for (const path of found.length === 0 ? [] : paths) {
    const included = found.includes(path) ? null : includedServer(files, path, found)
    if (included === null) continue
    mains.apache = mains.apache.map(main => (main === included ? path : main))
    fragments.apache = fragments.apache.filter(fragment => fragment !== files.realPath(path))
  }
  for (const program of PROGRAMS) {
    // Where a main file is there, it says which of the available files count.
    if (mains[program].length === 0) fragments[program].push(...onDemand[program])
  }
  return {
    mains,
    fragments: reached => {
      const all = { nginx: [...fragments.nginx], apache: [...fragments.apache] }
      for (const path of later) {
        if (reached.has(path) || judge(path)?.onDemand === true) continue
        const read = files.read(path)
        const recognised = read.kind === 'source' ? recognise(read.source) : null
        // Another main file beside the one in use is somebody's copy.
        if (recognised !== null && recognised.part !== 'whole') all[recognised.program].push(path)
      }
      return {
        nginx: all.nginx.filter(path => !reached.has(path)),
        apache: all.apache.filter(path => !reached.has(path)),
      }
    },
    hasApache: mains.apache.length + fragments.apache.length > 0,
    htaccess: paths.filter(path => path.endsWith('/.htaccess')),
  }
}

/** Sorts one file that the user named: its place and name decide where its content does not. */
export function surveyFile(files: FileSystem, path: string, within = '/'): Survey | null {
  const read = files.read(path)
  // What a .htaccess means hangs on the configuration that lets it speak.
  if (read.kind !== 'source' || path.endsWith('/.htaccess')) return null
  const recognised = recognise(read.source)
  const named = PROGRAMS.find(each => isMainName(path, each)) ?? null
  const program =
    recognised?.program ??
    judgePath(below(path, within))?.program ??
    named ??
    (includesServer(files, path, read.source.text) ? 'apache' : null)
  if (program === null) return null
  const real = files.realPath(path)
  const isKnown = MAIN_FILES[program].some(place => files.realPath(place) === real)
  const part = recognised?.part ?? (named === program ? 'whole' : 'inner')
  const isMain =
    isKnown ||
    part === 'whole' ||
    (part === 'outer' && isMainName(path, program)) ||
    (program === 'apache' && includesServer(files, path, read.source.text))
  const one = (chosen: boolean): Record<Program, readonly string[]> => ({
    nginx: chosen && program === 'nginx' ? [path] : [],
    apache: chosen && program === 'apache' ? [path] : [],
  })
  return {
    mains: one(isMain),
    fragments: () => one(!isMain),
    hasApache: program === 'apache',
    htaccess: [],
  }
}

/** The one of these main files that a file beside it includes by its name: then that file is the main one. */
function includedServer(files: FileSystem, path: string, mains: readonly string[]): string | null {
  const folder = posix.dirname(path)
  const beside = mains.filter(main => posix.dirname(main) === folder)
  if (beside.length === 0 || !path.endsWith('.conf')) return null
  const read = files.read(path)
  const target = read.kind === 'source' ? includeTarget(read.source.text) : undefined
  if (target === undefined) return null
  const included = posix.resolve(folder, target)
  return beside.find(main => main === included) ?? null
}

function includeTarget(text: string): string | undefined {
  return /^[ \t]*Include[ \t]+"?([^\s"*?[]+)/im.exec(text)?.[1]
}

/** True where a file of Apache begins with another that sets a server up: then it is the main one. */
function includesServer(files: FileSystem, path: string, text: string): boolean {
  const target = includeTarget(text)
  if (target === undefined) return false
  const read = files.read(posix.resolve(posix.dirname(path), target))
  const recognised = read.kind === 'source' ? recognise(read.source) : null
  return recognised?.program === 'apache' && recognised.part !== 'inner'
}

/** The path from the folder inside which names of folders mean something. */
export function below(path: string, within: string): string {
  return within !== '/' && path.startsWith(`${within}/`) ? path.slice(within.length) : path
}

/** Several surveys of one root as one, each file once. */
export function joinSurveys(surveys: readonly Survey[]): Survey {
  const join = (pick: (survey: Survey) => readonly string[]): readonly string[] => [
    ...new Set(surveys.flatMap(pick)),
  ]
  const mains = {
    nginx: join(({ mains }) => mains.nginx),
    apache: join(({ mains }) => mains.apache),
  }
  return {
    mains,
    fragments: reached => ({
      nginx: join(survey => survey.fragments(reached).nginx).filter(path => !mains.nginx.includes(path)),
      apache: join(survey => survey.fragments(reached).apache).filter(path => !mains.apache.includes(path)),
    }),
    hasApache: surveys.some(({ hasApache }) => hasApache),
    htaccess: join(({ htaccess }) => htaccess),
  }
}
