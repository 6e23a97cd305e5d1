import { existsSync, realpathSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { decodeText } from '../files/disk-file-system.ts'
import { inferRoot } from '../files/infer-root.ts'
import { splitNginxDump } from '../servers/nginx/dump.ts'
import type { Arguments } from './arguments.ts'
import { AUDITRC } from './auditrc/find-auditrc.ts'
import type { Terminal } from './terminal.ts'

/** Bytes of standard input that are read: an `nginx -T` dump of ten thousand sites has half of it. */
const MAXIMUM_INPUT = 20_000_000

/** Standard input as the audit takes it. */
export interface StandardInput {
  readonly text: string
  /** The file that it stands for; null where none was named. */
  readonly name: string | null
  /** Up to where it was read; null where that is its end. */
  readonly limit: string | null
}

export async function readStandardInput(
  words: readonly string[],
  { standardInputName: name }: Arguments,
  { readInput }: Terminal,
): Promise<StandardInput | null> {
  if (!words.includes('-')) return null
  const { bytes, isWhole } = await readInput(MAXIMUM_INPUT)
  return {
    text: decodeText(bytes).text,
    name,
    limit: isWhole ? null : `${MAXIMUM_INPUT / 1_000_000} MB`,
  }
}

/** A text that lies over a file of the disk: what an editor holds that is not saved. */
export interface LaidText {
  /** Absolute, links resolved. */
  readonly path: string
  readonly text: string
  /** What is audited with it, as words of the command line. */
  readonly tree: readonly string[]
  /** True where the command line names nothing else, and what is found in this file alone is reported. */
  readonly isAlone: boolean
}

/**
 * Where standard input lies over a file in a directory of this machine; null where it is a dump, stands for no file,
 * or for one whose directory is not there.
 */
export function laidText(
  input: StandardInput | null,
  words: readonly string[],
  { root }: Arguments,
  { workingDirectory }: Terminal,
): LaidText | null {
  if (input === null || input.name === null || splitNginxDump(input.text) !== null) return null
  const named = resolve(workingDirectory, input.name)
  if (!existsSync(dirname(named))) return null
  const path = existsSync(named) ? realpathSync(named) : join(realpathSync(dirname(named)), basename(named))
  const others = words.filter(word => word !== '-')
  const tree = others.length > 0 ? others : [root ?? treeAround(path)]
  return { path, text: input.text, tree, isAlone: others.length === 0 }
}

/** What belongs together with a file: its project, its machine, or its directory. */
function treeAround(path: string): string {
  const directory = dirname(path)
  for (let above = directory; above !== dirname(above); above = dirname(above))
    if (existsSync(join(above, AUDITRC)) || existsSync(join(above, '.git'))) return above
  const { root, within } = inferRoot(directory)
  return within === '/' ? root : directory
}
