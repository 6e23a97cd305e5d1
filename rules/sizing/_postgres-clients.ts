import { isLoopback, parseHost } from '../../src/servers/address.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import type { Application, Deployment, PostgresProgram } from '../../src/deployment/model.ts'

/**
 * The PostgreSQL server of this machine that an application's default database is on; null where it is
 * elsewhere, behind a pool, or not known.
 */
export function postgresOf(deployment: Deployment, application: Application): PostgresProgram | null {
  const servers = programsOfKind(deployment, 'postgres')
  if (servers.length === 0) return null
  const databases = deployment.pythonOf(application)?.settings?.get('DATABASES')
  if (databases === undefined || databases === null || !databases.known) return null
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
  if (typeof host !== 'string' || !isOfThisMachine(host)) return null
  const port = database.has('PORT') ? database.get('PORT') : ''
  if (typeof port !== 'string' && typeof port !== 'number') return null
  const wanted = port === '' ? 5432 : Number(port)
  return servers.find(server => numberOf(server, 'port', 5432) === wanted) ?? null
}

/** A number of postgresql.conf, or the given default; null where it is none. */
export function numberOf(server: PostgresProgram, name: string, fallback: number): number | null {
  const fact = server.setting(name)
  if (fact === null) return fallback
  if (!fact.known || !/^\d+$/.test(fact.value)) return null
  return Number(fact.value)
}

/** libpq takes what begins with a slash for the directory of the socket. */
function isOfThisMachine(host: string): boolean {
  return host === '' || host.startsWith('/') || isLoopback(parseHost(host)) === true
}
