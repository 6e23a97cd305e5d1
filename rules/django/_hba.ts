import { posix } from 'node:path'
import { memo } from '../../parsers/collections/memo.ts'
import { type HbaRecord, parseHba } from '../../parsers/postgres/parse-hba.ts'
import type { PostgresProgram } from '../../src/deployment/model.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'

/** The records of pg_hba.conf; null where the file is not in the audit, or includes others. */
export function hbaOf(server: PostgresProgram): readonly HbaRecord[] | null {
  const { files } = server.machine
  const named = server.setting('hba_file')
  if (named !== null && !named.known) return null
  const path = named?.value ?? posix.join(posix.dirname(server.path), 'pg_hba.conf')
  const source = sourceAt(files, path)
  return source === null ? null : parseHba(source)
}

const DEBIAN = '/etc/postgresql'
const RHEL = '/var/lib/pgsql/data/pg_hba.conf'

/**
 * The records of the only pg_hba.conf of a machine of which nobody has the postgresql.conf, as repositories keep it that
 * change the one file alone; null where there are several.
 */
export const loneHba = memo((files: FileSystem): readonly HbaRecord[] | null => {
  const clusters = (files.list(DEBIAN) ?? []).flatMap(version =>
    (files.list(`${DEBIAN}/${version.name}`) ?? []).map(({ name }) => `${DEBIAN}/${version.name}/${name}`),
  )
  const found = [RHEL, ...clusters.map(cluster => `${cluster}/pg_hba.conf`)].filter(
    path => files.kind(path) === 'file',
  )
  const [path] = found
  const source = path === undefined || found.length > 1 ? null : sourceAt(files, path)
  return source === null ? null : parseHba(source)
})
