import { posix } from 'node:path'
import { isBelow } from '../../parsers/text/is-below.ts'
import type { ContainerMount } from '../../src/deployment/containers/container.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'

/** The main file that a command names by an option; null where it names none, so that its usual one is read. */
export function namedMainFile(words: readonly string[], options: RegExp): string | null {
  const index = words.findIndex(word => options.test(word))
  if (index === -1) return null
  const [option = '', value] = words.slice(index)
  return option.includes('=') ? option.slice(option.indexOf('=') + 1) : (value ?? null)
}

interface Around {
  readonly mounts: readonly ContainerMount[]
  readonly files: FileSystem
  /** A file of the repository that starts the program; null where a container does. */
  readonly beside: string | null
}

/**
 * Whether a main file at a path of a container, or of a machine, has a line; null where nobody sees the file.
 * Who keeps a program and its main file in one repository installs both below one directory.
 */
export function hasLine(path: string, line: RegExp, { mounts, files, beside }: Around): boolean | null {
  if (!path.startsWith('/')) return null
  const mount = mounts.findLast(({ target }) => target === path || isBelow(path, target))
  const places =
    mount === undefined
      ? beside === null
        ? []
        : alike(path, beside)
      : mount.path === null
        ? []
        : [posix.join(mount.path, posix.relative(mount.target, path))]
  const found = places.find(each => files.kind(each) === 'file')
  const source = found === undefined ? null : sourceAt(files, found)
  return source === null ? null : line.test(source.text)
}

/** The path itself, and the ends of it below the directories above another file. */
function alike(path: string, beside: string): readonly string[] {
  const names = path.split('/').slice(1)
  const ends = names.map((_, index) => names.slice(index).join('/'))
  const above: string[] = []
  for (let home = posix.dirname(beside); !above.includes(home); home = posix.dirname(home)) above.push(home)
  return ends.flatMap(end => above.map(home => posix.join(home, end)))
}
