import { closeSync, openSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { systemReason } from '../files/system-reason.ts'
import type { Pieces } from '../report/reporter.ts'
import { InputError } from '../files/input-error.ts'

/**
 * Writes a whole file or nothing: beside its target, then renamed over it. What is no regular file, such
 * as /dev/stderr or a fifo, is written as it is.
 *
 * Throws {@link InputError} where that cannot be done.
 *
 * @param path absolute
 * @param pieces the text; each is written before the next is asked for
 * @param name how the user wrote it
 */
export function writeOutput(path: string, pieces: Pieces, name: string): void {
  try {
    const there = statSync(path, { throwIfNoEntry: false })
    if (there !== undefined && !there.isFile()) {
      writeAll(path, 'w', pieces)
      return
    }
    // A link stays one: what it leads to is replaced.
    const target = there === undefined ? path : realpathSync(path)
    const beside = `${target}.${process.pid}.tmp`
    try {
      writeAll(beside, 'wx', pieces, there === undefined ? undefined : there.mode & 0o777)
      renameSync(beside, target)
    } catch (error) {
      rmSync(beside, { force: true })
      throw error
    }
  } catch (error) {
    throw new InputError(`${name}: cannot be written: ${systemReason(error)}`)
  }
}

function writeAll(path: string, flags: string, pieces: Pieces, mode?: number): void {
  const file = openSync(path, flags, mode)
  try {
    for (const text of pieces) writeFileSync(file, text)
  } finally {
    closeSync(file)
  }
}
