import { posix } from 'node:path'
import { type Source, textSource } from '../../../../parsers/text/source.ts'
import { STAND_IN } from '../../../../parsers/text/stand-in.ts'
import type { FileSystem } from '../../../files/file-system.ts'
import { overlaidFiles } from '../../../files/overlaid-files.ts'

/** A directory of an image from which a server reads, and what changes it. */
export interface ServerHome {
  /** Absolute in the image. */
  readonly directory: string
  /** True of a text that speaks of its files, or runs something that may change them without saying so. */
  readonly mentions: RegExp
  /** What the commands of a step know by themselves. */
  readonly variables: Readonly<Record<string, string>>
  /** Does what a program of the package does; null for any other program, false where nobody knows what it does. */
  readonly take: (build: Build, program: string, args: readonly string[], isSure: boolean) => boolean | null
  /** Does what the package manager does for one package. */
  readonly install: (build: Build, name: string) => void
}

/** Files and links below the directory of a {@link ServerHome}, by their paths from there. */
export interface ImageTree {
  /** What a package or a command has put there; a `Source` for a text that stands in a file of the repository. */
  readonly texts: Map<string, string | Source>
  /** Each leads to another path from that directory, or an absolute one, and never to a link. */
  readonly links: Map<string, string>
  /** Texts that are there under some condition alone, by the condition. */
  readonly possible: Map<string, string>
}

export function emptyTree(texts: Iterable<readonly [string, string]> = []): ImageTree {
  return { texts: new Map(texts), links: new Map(), possible: new Map() }
}

/** A server's files in an image while it is built. */
export interface Build {
  readonly home: ServerHome
  readonly tree: ImageTree
  /** Files of the repository that were copied so far, by their paths in the image. */
  readonly copied: Set<string>
  /** All that the image has from the repository in the end. */
  readonly files: FileSystem
  /** Those of the repository. */
  readonly hostFiles: FileSystem
  /** Where the commands of a step stand; null where nobody knows. */
  directory: string | null
}

/** The path of something below the home from there; null for any other. */
export function pathInHome({ directory }: ServerHome, path: string): string | null {
  return path.startsWith(`${directory}/`) ? path.slice(directory.length + 1) : null
}

/**
 * The files of a container, with what lies in a tree where the repository brings nothing.
 *
 * @param owner what the texts are shown as: `image of nginx`
 */
export function withTree(
  files: FileSystem,
  { texts, links, possible }: ImageTree,
  { directory }: ServerHome,
  owner: string,
): { readonly files: FileSystem; readonly sources: ReadonlyMap<string, Source> } {
  const sources = new Map(
    [...texts].map(([path, text]) => {
      const place = posix.join(directory, path)
      if (typeof text !== 'string') return [place, text] as const
      const source = textSource(`${STAND_IN}${owner}${place}`, text)
      const condition = possible.get(path)
      return [place, condition === undefined ? source : conditional(source, condition)] as const
    }),
  )
  const absolute = new Map(
    [...links].map(([from, to]) => [posix.join(directory, from), posix.resolve(directory, to)]),
  )
  // What a command makes is known here.
  const isMade = (path: string): boolean =>
    (sources.has(path) || absolute.has(path)) &&
    files.kind(path) === 'file' &&
    files.read(path).kind === 'unreadable'
  const base = { ...files, kind: (path: string) => (isMade(path) ? null : files.kind(path)) }
  return { files: overlaidFiles(base, { sources, links: absolute }), sources }
}

/** A text that is there, or is not, as a script decides when it is started. */
function conditional(source: Source, condition: string): Source {
  const whole = {
    start: 0,
    end: source.text.length,
    condition,
    answers: 2,
    answer: 0,
    negated: false,
  } as const
  return { ...source, template: true, branches: [whole] }
}

/**
 * Where a tree has a file of the repository: by a link to where that is copied, or as a text that stands in it.
 *
 * @param path of the repository
 * @param places those at which mounts and copies put it
 */
export function placesInTree(
  { texts, links }: ImageTree,
  { directory }: ServerHome,
  path: string,
  places: readonly string[],
): readonly string[] {
  const made = [...texts].flatMap(([place, text]) =>
    typeof text !== 'string' && text.path === path ? place : [],
  )
  const linked = [...links].flatMap(([place, target]) =>
    places.includes(posix.resolve(directory, target)) || made.includes(target) ? place : [],
  )
  return [...made, ...linked].map(place => posix.join(directory, place))
}
