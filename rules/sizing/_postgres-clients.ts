import type { Place } from '../../parsers/text/source.ts'
import { placeOf } from '../../parsers/text/written-text.ts'
import type { DjangoSettings } from '../../src/deployment/django/settings.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import type { Deployment, Machine, PostgresProgram } from '../../src/deployment/model.ts'
import { isLoopback, parseHost } from '../../src/servers/address.ts'
import { type Database, databasesOf } from '../containers/_databases.ts'

/** A PostgreSQL server, and how many connections of applications it takes. */
export interface PostgresLimit {
  /** The one value of a server by which its clients find each other. */
  readonly server: PostgresProgram | Database
  readonly free: number
  /** How many more it keeps for administrators. */
  readonly kept: number
  /** Where the number is written; null where it is the server's own. */
  readonly at: Place | null
}

/**
 * The PostgreSQL server that the default database of some settings is on, of the same machine or of the same compose
 * file; null where it is elsewhere, behind a pool, or not known.
 */
export function postgresOf(
  deployment: Deployment,
  settings: DjangoSettings,
  { container }: Machine,
): PostgresLimit | null {
  const address = addressOf(settings)
  if (address === null) return null
  const { host, port } = address
  if (container !== null) {
    const database = databasesOf(container).get(host.toLowerCase())
    return database?.kind === 'PostgreSQL' && database.port === port ? limitOfService(database) : null
  }
  const server = isOfThisMachine(host)
    ? programsOfKind(deployment, 'postgres').find(each => numberOf(each, 'port', 5432) === port)
    : undefined
  return server === undefined ? null : limitOf(server)
}

function addressOf(settings: DjangoSettings): { readonly host: string; readonly port: number } | null {
  const databases = settings.get('DATABASES')
  if (databases?.known !== true) return null
  const database = databases.value instanceof Map ? databases.value.get('default') : undefined
  if (!(database instanceof Map)) return null
  const engine = database.get('ENGINE')
  if (typeof engine !== 'string' || !/\.(?:postgresql|postgresql_psycopg2|postgis)$/.test(engine)) return null
  // Django's own pool, or another option that nobody here can read.
  if (database.has('OPTIONS')) {
    const options = database.get('OPTIONS')
    if (!(options instanceof Map) || options.has('pool')) return null
  }
  const host = database.has('HOST') ? database.get('HOST') : ''
  if (typeof host !== 'string') return null
  const port = database.has('PORT') ? database.get('PORT') : ''
  if (typeof port !== 'string' && typeof port !== 'number') return null
  return { host, port: port === '' ? 5432 : Number(port) }
}

function limitOf(server: PostgresProgram): PostgresLimit | null {
  const maximum = numberOf(server, 'max_connections', 100)
  const forSuperusers = numberOf(server, 'superuser_reserved_connections', 3)
  const forOthers = numberOf(server, 'reserved_connections', 0)
  if (maximum === null || forSuperusers === null || forOthers === null) return null
  const kept = forSuperusers + forOthers
  return { server, free: maximum - kept, kept, at: server.setting('max_connections')?.at ?? null }
}

/** The image has no other configuration than that of `initdb`, and its command may change it: `-c max_connections=200`. */
function limitOfService(database: Database): PostgresLimit | null {
  const words = database.service.command?.words ?? []
  const texts = words.map(({ text }) => text)
  if (texts.some(text => /reserved_connections|[$\0\uFFFD]/.test(text))) return null
  const index = texts.findLastIndex((text, at) =>
    text.startsWith('-')
      ? /max_connections|^-N\d/.test(text)
      : /^(?:-c|-N)$/.test(texts[at - 1] ?? '') && /max_connections|^\d+$/.test(text),
  )
  const [word] = index === -1 ? [] : words.slice(index)
  if (word === undefined) return { server: database, free: 97, kept: 3, at: null }
  const maximum = Number(/(\d+)$/.exec(word.text)?.[1] ?? Number.NaN)
  return Number.isNaN(maximum) ? null : { server: database, free: maximum - 3, kept: 3, at: placeOf(word) }
}

/** A number of postgresql.conf, or the given default; null where it is none. */
function numberOf(server: PostgresProgram, name: string, fallback: number): number | null {
  const fact = server.setting(name)
  if (fact === null) return fallback
  if (!fact.known || !/^\d+$/.test(fact.value)) return null
  return Number(fact.value)
}

/** libpq takes what begins with a slash for the directory of the socket. */
function isOfThisMachine(host: string): boolean {
  return host === '' || host.startsWith('/') || isLoopback(parseHost(host)) === true
}
