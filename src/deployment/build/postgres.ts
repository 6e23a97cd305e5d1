import { parsePostgresSettings } from '../../../parsers/postgres/parse-settings.ts'
import type { Place } from '../../../parsers/text/source.ts'
import type { FileSystem } from '../../files/file-system.ts'
import type { Fact } from '../../servers/fact.ts'
import { known } from '../../servers/fact.ts'

/** One PostgreSQL server whose configuration lies in the audited root. */
export interface PostgresServer {
  /** Path of its postgresql.conf. */
  readonly path: string
  /** The setting in force; null where the file does not set it and the server's default holds. */
  setting(name: string): Fact<string> | null
}

/** Debian's clusters, and the one of RHEL. */
const DEBIAN = '/etc/postgresql'
const RHEL = '/var/lib/pgsql/data/postgresql.conf'

/** Every PostgreSQL server of the machine, by the places where its packages keep the configuration. */
export function postgresServers(files: FileSystem): readonly PostgresServer[] {
  const paths = [RHEL]
  for (const version of files.list(DEBIAN) ?? []) {
    for (const cluster of files.list(`${DEBIAN}/${version.name}`) ?? []) {
      paths.push(`${DEBIAN}/${version.name}/${cluster.name}/postgresql.conf`)
    }
  }
  return paths.flatMap(path => {
    const read = files.kind(path) === 'file' ? files.read(path) : null
    if (read?.kind !== 'source') return []
    const { source } = read
    const values = new Map<string, Fact<string>>()
    for (const { name, value, start, end } of parsePostgresSettings(source)) {
      const at: Place = { source, start, end }
      values.set(name, known(value, at))
    }
    return [{ path, setting: (name: string) => values.get(name) ?? null }]
  })
}
