import {
  closeSync,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import type { Source } from '../../../parsers/text/source.ts'
import { decodeText } from '../../files/disk-file-system.ts'
import { isBelow } from '../../../parsers/text/is-below.ts'
import { InputError } from '../../files/input-error.ts'
import { systemReason } from '../../files/system-reason.ts'

/** A file to be replaced. */
export interface Replacement {
  /** As messages name it. */
  readonly name: string
  /** Absolute; where it is a link, what that leads to is replaced. */
  readonly path: string
  /** What the audit read. */
  readonly source: Source
  readonly text: string
  /** Absolute directories of this machine, in one of which the real file has to lie. */
  readonly within: readonly string[]
}

interface Prepared {
  readonly name: string
  readonly target: string
  readonly beside: string
  readonly source: Source
}

/**
 * Replaces files, each whole or not at all, with their modes and owners kept. All are written beside their targets
 * before the first is renamed.
 *
 * Throws {@link InputError}, with nothing changed, where a file lies elsewhere, is not what the audit read any more,
 * or cannot be written as it was.
 */
export function writeFixed(replacements: readonly Replacement[]): void {
  const prepared: Prepared[] = []
  try {
    for (const replacement of replacements) prepared.push(prepare(replacement))
    for (const { name, target, source } of prepared) assertUnchanged(name, target, source)
    for (const { target, beside } of prepared) renameSync(beside, target)
  } catch (error) {
    for (const { beside } of prepared) rmSync(beside, { force: true })
    if (error instanceof InputError) throw error
    throw new InputError(`fixes cannot be written: ${systemReason(error)}`)
  }
}

function prepare({ name, path, source, text, within }: Replacement): Prepared {
  const fail = (reason: string): never => {
    throw new InputError(`${name}: ${reason}, and nothing is fixed`)
  }
  let target = ''
  try {
    target = realpathSync(path)
  } catch (error) {
    return fail(systemReason(error))
  }
  if (!within.some(root => isBelow(target, realpathSync(root)))) return fail('it lies outside of the root')
  const there = statSync(target)
  if (!there.isFile()) return fail('it is no regular file')
  if (there.nlink > 1) return fail('it has several hard links, of which one alone would be changed')
  assertUnchanged(name, target, source)
  const bytes = Buffer.from(text, source.encoding)
  if (bytes.toString(source.encoding) !== text)
    return fail('it is not UTF-8, and the fix cannot be written in its encoding')
  const beside = `${target}.${process.pid}.deploy-audit`
  try {
    const file = openSync(beside, 'wx', 0o600)
    try {
      writeFileSync(file, bytes)
      const { uid, gid } = fstatSync(file)
      if (uid !== there.uid || gid !== there.gid) fchownSync(file, there.uid, there.gid)
      // Behind the owner: changing that takes some of the bits away.
      fchmodSync(file, there.mode & 0o7777)
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
  } catch (error) {
    rmSync(beside, { force: true })
    return fail(`it cannot be replaced with its owner and mode kept: ${systemReason(error)}`)
  }
  return { name, target, beside, source }
}

function assertUnchanged(name: string, target: string, { text }: Source): void {
  let now = ''
  try {
    now = decodeText(readFileSync(target)).text
  } catch (error) {
    throw new InputError(`${name}: cannot be read: ${systemReason(error)}`)
  }
  if (now !== text) throw new InputError(`${name}: it has changed since it was read, and nothing is fixed`)
}
