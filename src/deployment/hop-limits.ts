import type { Place } from '../../parsers/text/source.ts'
import type { NginxDirective } from '../servers/nginx/configuration.ts'
import { effective } from '../servers/nginx/queries/effective.ts'
import { parseSize, parseTime } from '../servers/nginx/validate/numbers.ts'
import type { Hop } from './deployment.ts'
import { argumentPlace } from './places.ts'

/** How long nginx waits between two reads from a hop's backend, where that is written. */
export function explicitReadTimeout(
  hop: Hop,
): { readonly seconds: number; readonly at: Place; readonly directive: NginxDirective } | null {
  const directive = written(hop, 'proxy_read_timeout')
  const waits = directive === null ? null : seconds(directive)
  if (directive === null || waits === null) return null
  return { seconds: waits, at: argumentPlace(directive, 0), directive }
}

/** Seconds that nginx waits between two reads from a hop's backend, a minute by itself; null where not known. */
export function readTimeout({ server, block }: Hop): number | null {
  const fact = effective(server.configuration, block, 'proxy_read_timeout')
  if (!fact.known) return null
  const directive = fact.value.directives[0]
  return directive === undefined ? 60 : seconds(directive)
}

function seconds({ args }: NginxDirective): number | null {
  const milliseconds = parseTime(args[0]?.value ?? '', false)
  return milliseconds === null ? null : milliseconds / 1000
}

/** The largest request body in bytes that nginx hands on, where that is written; 0 for any. */
export function explicitBodyLimit(
  hop: Hop,
): { readonly bytes: number; readonly at: Place; readonly directive: NginxDirective } | null {
  const directive = written(hop, 'client_max_body_size')
  const bytes = directive === null ? null : parseSize(directive.args[0]?.value ?? '', true)
  if (directive === null || bytes === null) return null
  return { bytes, at: argumentPlace(directive, 0), directive }
}

/** The same, with nginx's own megabyte where nothing is written (`at` is null then); null where not known. */
export function bodyLimitOf(hop: Hop): { readonly bytes: number; readonly at: Place | null } | null {
  const fact = effective(hop.server.configuration, hop.block, 'client_max_body_size')
  if (!fact.known) return null
  return fact.value.directives.length === 0 ? { bytes: 1024 ** 2, at: null } : explicitBodyLimit(hop)
}

function written({ server, block }: Hop, name: string): NginxDirective | null {
  const fact = effective(server.configuration, block, name)
  return fact.known ? (fact.value.directives[0] ?? null) : null
}
