import { parsePostgresSettings } from '../../../../parsers/postgres/parse-settings.ts'
import type { Place } from '../../../../parsers/text/source.ts'
import type { FileSystem } from '../../../files/file-system.ts'
import { isLoopback } from '../../../servers/address.ts'
import { postgresAddresses } from '../../../servers/addresses/postgres.ts'
import { type Fact, known } from '../../../servers/fact.ts'
import type { BackendListener, Machine, PostgresProgram, Protocol } from '../../model.ts'

/** One PostgreSQL server whose configuration lies in the audited root. */
export interface PostgresServer {
  /** Path of its postgresql.conf. */
  readonly path: string
  /** The beginning of that file. */
  readonly at: Place
  /** The setting in force; null where the file does not set it and the server's default holds. */
  setting(name: string): Fact<string> | null
}

/** Debian's clusters, and the one of RHEL. */
const DEBIAN = '/etc/postgresql'
const RHEL = '/var/lib/pgsql/data/postgresql.conf'

export function postgresPrograms(machine: Machine): readonly PostgresProgram[] {
  return postgresServers(machine.files).map(server => ({
    kind: 'postgres',
    machine,
    listensKnown:
      server.setting('port')?.known !== false && server.setting('listen_addresses')?.known !== false,
    ...server,
  }))
}

const POSTGRES: Fact<Protocol> = known('postgres')

/** The TCP sockets of one server: `listen_addresses`, of which the default is `localhost`, and `port`. */
export function postgresListeners(program: PostgresProgram): readonly BackendListener[] {
  const port = program.setting('port') ?? known('5432')
  const addresses = program.setting('listen_addresses') ?? known('localhost')
  if (!port.known || !addresses.known) return []
  return addresses.value.split(',').flatMap(text => {
    const host = text.trim()
    if (host === '') return []
    return postgresAddresses(host).map(
      address =>
        ({
          kind: 'postgres',
          program,
          address,
          port: Number(port.value),
          protocol: POSTGRES,
          loopback: isLoopback(address),
          at: addresses.at ?? port.at ?? program.at,
          others: [],
        }) as const,
    )
  })
}

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
    return [{ path, at: { source, start: 0, end: 0 }, setting: (name: string) => values.get(name) ?? null }]
  })
}
