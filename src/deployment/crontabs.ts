import { posix } from 'node:path'
import type { Source } from '../../parsers/text/source.ts'
import { type FileSystem, sourceAt } from '../files/file-system.ts'

/** A table of cron. */
export interface CrontabFile {
  readonly source: Source
  /** Whose it is; null where each line says so. */
  readonly user: string | null
}

const SPOOLS = ['/var/spool/cron/crontabs', '/var/spool/cron']

/** The tables that cron of a machine reads, as far as they are in the audit. */
export function* crontabsOf(files: FileSystem): Iterable<CrontabFile> {
  const read = function* (directory: string, isSpool: boolean): Iterable<CrontabFile> {
    for (const { name, kind } of files.list(directory) ?? []) {
      const source = kind === 'file' ? sourceAt(files, posix.join(directory, name)) : null
      if (source !== null) yield { source, user: isSpool ? name : null }
    }
  }
  yield* read('/etc/cron.d', false)
  const main = files.kind('/etc/crontab') === 'file' ? sourceAt(files, '/etc/crontab') : null
  if (main !== null) yield { source: main, user: null }
  for (const directory of SPOOLS) yield* read(directory, true)
}
