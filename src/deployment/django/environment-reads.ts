import { withoutComments } from '../../../parsers/python/without-comments.ts'
import { memoByKey } from '../../../parsers/collections/memo.ts'
import type { Place } from '../../../parsers/text/source.ts'
import type { FileSystem } from '../../files/file-system.ts'

/** A variable of the process that a Python file reads while it is imported, or later. */
export interface EnvironmentRead {
  readonly name: string
  readonly at: Place
  /** True for `os.environ['NAME']`, which fails where the variable is not set. */
  readonly strict: boolean
}

/** What a Python file reads of `os.environ`, by names that are written out; comments are left out. */
export const environmentReads = memoByKey((files: FileSystem, path: string): readonly EnvironmentRead[] => {
  const read = files.kind(path) === 'file' ? files.read(path) : null
  if (read?.kind !== 'source') return []
  const { source } = read
  const code = withoutComments(source.text)
  return [...code.matchAll(READ)].map(match => {
    const { index } = match
    const name = match[2] ?? match[4] ?? ''
    return {
      name,
      strict: match[2] !== undefined,
      at: { source, start: index, end: index + match[0].length },
    }
  })
})

/** The variables that a Python file sets for its process. */
export const environmentSets = memoByKey((files: FileSystem, path: string): ReadonlySet<string> => {
  const read = files.kind(path) === 'file' ? files.read(path) : null
  if (read?.kind !== 'source') return new Set()
  const code = withoutComments(read.source.text)
  return new Set([...code.matchAll(SET)].map(match => match[2] ?? match[4] ?? ''))
})

const SET = /\bos\.environ\[(["'])(\w+)\1\]\s*=(?!=)|\bos\.(?:environ\.setdefault|putenv)\(\s*(["'])(\w+)\3/g

const READ = /\bos\.environ\[(["'])(\w+)\1\](?!\s*=[^=])|\bos\.(?:environ\.get|getenv)\(\s*(["'])(\w+)\3/g
