import { posix } from 'node:path'
import type { Fact } from '../../parsers/text/fact.ts'
import { isUnknownWord } from '../../parsers/text/source.ts'

/** Directories that every system has, with more than one project in them. */
const OF_SYSTEM =
  /^\/(?:|bin|boot|dev|etc|home|lib\d*|media|mnt|opt|proc|root|run|sbin|srv|sys|tmp|usr|var|data|mount|volumes?|vagrant)$/

/** True for a directory in which a project may stand: one of the system's own holds several. */
export function mayHoldProject(directory: string): boolean {
  return isUnknownWord(directory) || !OF_SYSTEM.test(directory)
}

/**
 * A directory as the files of a machine have it, where what a repository keeps is mounted: one behind a placeholder is
 * called as the template writes it. Null where nobody knows it.
 */
export function placedDirectory(fact: Fact<string> | null): string | null {
  if (fact === null) return null
  if (fact.known) return fact.value
  if (fact.at === null) return null
  const { source, start, end } = fact.at
  const written = source.code.slice(start, end)
  return isUnknownWord(written) && !/\s/.test(written) ? posix.resolve('/', written) : null
}
