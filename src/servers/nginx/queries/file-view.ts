import { posix } from 'node:path'
import { memo } from '../../../../parsers/collections/memo.ts'
import { isUnknownWord } from '../../../../parsers/text/source.ts'
import type { FileKind, FileSystem } from '../../../files/file-system.ts'
import type { NginxConfiguration } from '../configuration.ts'
import { isComputed } from './interpolate.ts'

/** What a request's walk may ask of files; undefined stands for what nobody knows. */
export interface FileView {
  /** Null for nothing. */
  readonly kind: (path: string) => FileKind | null | undefined
  /** A file that nobody has seen, and that the way of the request hangs on; null for none. */
  readonly supposed: string | null
  /** The permission bits; null where they are not known. */
  readonly mode: (path: string) => number | null
}

/** Outside of what the audit covers: null for nothing, undefined where it is not known either. */
export type Assumption = (path: string) => FileKind | null | undefined

/**
 * The files as the audit holds them. Outside of them the caller may assume something, and a directory that
 * `root` or `alias` names is taken to be there.
 */
export function fileView(
  configuration: NginxConfiguration,
  files: FileSystem | null,
  assume: Assumption = () => undefined,
): FileView {
  return {
    kind(written) {
      const path = written.replace(/(?<=.)\/+$/, '')
      const kind = files?.kind(path) ?? null
      if (kind !== null) return kind
      // Where a placeholder leads, nobody covers.
      if (files?.covers(path) && !isUnknownWord(path)) return null
      return namedDirectories(configuration).has(path) ? 'directory' : assume(path)
    },
    supposed: null,
    mode: path => files?.mode(path) ?? null,
  }
}

/** The same files with one more, which is supposed to be there. */
export function withSupposed(view: FileView, path: string): FileView {
  return { ...view, supposed: path, kind: asked => (asked === path ? 'file' : view.kind(asked)) }
}

/** The directories that `root` and `alias` name, and all above them. */
const namedDirectories = memo(({ occurrences }: NginxConfiguration): ReadonlySet<string> => {
  const names = new Set<string>(['/'])
  for (const name of ['root', 'alias']) {
    for (const { args } of occurrences.get(name) ?? []) {
      const written = args[0]?.value ?? ''
      // An alias may name a file as well.
      const isFile = name === 'alias' && !written.endsWith('/') && /\.[^/]*$/.test(written)
      if (!written.startsWith('/') || isComputed(written)) continue
      let path = posix.join(isFile ? posix.dirname(written) : written, '/').replace(/(?<=.)\/$/, '')
      for (; !names.has(path); path = posix.dirname(path)) names.add(path)
    }
  }
  return names
})
