import { posix } from 'node:path'
import {
  type LogrotateFile,
  type LogrotateLine,
  readLogrotate,
} from '../../parsers/logrotate/read-logrotate.ts'
import { isUnknownWord } from '../../parsers/text/source.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'

/** Names that logrotate passes over. */
const TABOO = /~$|,v$|\.(?:dpkg-\w+|rpm\w+|ucf-\w+|bak|swp|disabled|new|orig|cfsaved)$/

interface RotatedFile {
  readonly file: LogrotateFile
  /** Keywords of `/etc/logrotate.conf`. */
  readonly globals: readonly LogrotateLine[]
}

/** What logrotate of a machine reads in `/etc/logrotate.d`. */
export function* logrotateFiles(files: FileSystem): Iterable<RotatedFile> {
  const entries = files.list('/etc/logrotate.d') ?? []
  if (entries.length === 0) return
  const main = sourceAt(files, '/etc/logrotate.conf')
  const globals = main === null ? [] : readLogrotate(main).globals
  for (const { name, kind } of entries) {
    if (TABOO.test(name)) continue
    const source = kind === 'file' ? sourceAt(files, posix.join('/etc/logrotate.d', name)) : null
    if (source === null || isUnknownWord(source.code) || /\{[{%]/.test(source.text)) continue
    yield { file: readLogrotate(source), globals }
  }
}
