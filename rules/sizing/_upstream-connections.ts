import type { Place } from '../../parsers/text/source.ts'
import { effectiveValue } from '../../src/servers/nginx/queries/effective.ts'
import { upstreams } from '../../src/servers/nginx/queries/upstreams.ts'
import { isAtLeast } from '../../src/servers/version.ts'
import type { NginxConnection } from '../../src/deployment/model.ts'

/** The idle connections that nginx keeps to a hop's upstream. */
export interface UpstreamConnections {
  /** Kept by each worker process. */
  readonly perProcess: number
  /** How many worker processes there are; null where the machine decides (`auto`). */
  readonly processes: number | null
  /** True where the hop speaks HTTP/1.1 without `Connection: close`, so that they are used again. */
  readonly reused: boolean
  /** Where `keepalive` is written. */
  readonly at: Place
}

/** Null where no `keepalive` is written. */
export function upstreamConnections(connection: NginxConnection): UpstreamConnections | null {
  const { configuration } = connection.server
  const name = connection.upstream?.args[0]?.value.toLowerCase()
  const keepalive = name === undefined ? undefined : upstreams(configuration).get(name)?.keepalive
  if (keepalive === undefined || keepalive === null) return null
  const processes = effectiveValue(configuration, null, 'worker_processes', '1')
  const count = processes.known ? Number(processes.value) : Number.NaN
  return {
    perProcess: keepalive.connections,
    processes: Number.isInteger(count) && count > 0 ? count : null,
    reused: isReused(connection),
    at: keepalive.at,
  }
}

/** nginx spoke HTTP/1.0 and closed each connection unless told otherwise, until 1.29.7. */
function isReused({ server, block, headers }: NginxConnection): boolean {
  const { configuration } = server
  const isNew = configuration.version.from !== 'assumed' && isAtLeast(configuration.version, '1.29.7')
  const version = effectiveValue(configuration, block, 'proxy_http_version', isNew ? '1.1' : '1.0')
  const connection = headers.written.find(({ name }) => name === 'connection')
  if (!version.known || headers.open) return false
  return version.value !== '1.0' && (connection === undefined ? isNew : connection.value !== 'close')
}
