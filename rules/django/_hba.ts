import { posix } from 'node:path'
import { type HbaRecord, parseHba } from '../../parsers/postgres/parse-hba.ts'
import type { PostgresProgram } from '../../src/deployment/model.ts'
import { sourceAt } from '../../src/files/file-system.ts'

/** The records of pg_hba.conf; null where the file is not in the audit, or includes others. */
export function hbaOf(server: PostgresProgram): readonly HbaRecord[] | null {
  const { files } = server.machine
  const named = server.setting('hba_file')
  if (named !== null && !named.known) return null
  const path = named?.value ?? posix.join(posix.dirname(server.path), 'pg_hba.conf')
  const source = sourceAt(files, path)
  return source === null ? null : parseHba(source)
}
