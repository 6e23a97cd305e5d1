import type { NginxConfiguration, NginxDirective } from '../../servers/nginx/configuration.ts'
import { effective } from '../../servers/nginx/queries/effective.ts'
import { parseSize, parseTime } from '../../servers/nginx/validate/numbers.ts'
import type { HopLimit } from '../model.ts'

const MINUTE: HopLimit = { value: 60, directive: null }
const MEGABYTE: HopLimit = { value: 1024 ** 2, directive: null }

/** Seconds that nginx waits between two reads from the backend; null where nobody knows. */
export function readTimeout(configuration: NginxConfiguration, block: NginxDirective): HopLimit | null {
  return inForce(configuration, block, 'proxy_read_timeout', MINUTE, parseSeconds)
}

/** Bytes of the largest request body that nginx hands on, 0 for any; null where nobody knows. */
export function bodyLimit(configuration: NginxConfiguration, block: NginxDirective): HopLimit | null {
  return inForce(configuration, block, 'client_max_body_size', MEGABYTE, parseBytes)
}

function parseSeconds(text: string): number | null {
  const milliseconds = parseTime(text, false)
  return milliseconds === null ? null : milliseconds / 1000
}

function parseBytes(text: string): number | null {
  return parseSize(text, true)
}

function inForce(
  configuration: NginxConfiguration,
  block: NginxDirective,
  name: string,
  fallback: HopLimit,
  parse: (text: string) => number | null,
): HopLimit | null {
  const fact = effective(configuration, block, name)
  if (!fact.known) return null
  const directive = fact.value.directives[0]
  if (directive === undefined) return fallback
  const value = parse(directive.args[0]?.value ?? '')
  return value === null ? null : { value, directive }
}
