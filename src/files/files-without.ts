import { posix } from 'node:path'
import type { FileSystem } from './file-system.ts'

/** `files` without those that are not to be seen, and without what lies below one of them. */
export function filesWithout(files: FileSystem, isHidden: (path: string) => boolean): FileSystem {
  return {
    ...files,
    read: path => (isHidden(path) ? { kind: 'missing', reason: 'no such file' } : files.read(path)),
    list: path =>
      isHidden(path)
        ? null
        : (files.list(path)?.filter(({ name }) => !isHidden(posix.join(path, name))) ?? null),
    kind: path => (isHidden(path) ? null : files.kind(path)),
    realPath: path => (isHidden(path) ? null : files.realPath(path)),
    mode: path => (isHidden(path) ? null : files.mode(path)),
    refusal: path => (isHidden(path) ? null : files.refusal(path)),
  }
}
