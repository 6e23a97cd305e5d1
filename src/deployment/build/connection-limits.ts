import { type Fact, known, unknown } from '../../servers/fact.ts'
import type { NginxConfiguration, NginxDirective } from '../../servers/nginx/configuration.ts'
import { effective } from '../../servers/nginx/queries/effective.ts'
import { parseSize, parseTime } from '../../servers/nginx/validate/numbers.ts'
import type { ConnectionLimit } from '../model.ts'

const MINUTE: Fact<ConnectionLimit> = known({ value: 60, directive: null })
const MEGABYTE: Fact<ConnectionLimit> = known({ value: 1024 ** 2, directive: null })

/** Seconds that nginx waits between two reads from the backend, by the family of the pass directive. */
export function readTimeout(
  configuration: NginxConfiguration,
  block: NginxDirective,
  pass: NginxDirective,
): Fact<ConnectionLimit> {
  const name = pass.name.replace('_pass', '_read_timeout')
  return inForce(configuration, block, name, MINUTE, parseSeconds)
}

/** Bytes of the largest request body that nginx passes on, 0 for any. */
export function bodyLimit(configuration: NginxConfiguration, block: NginxDirective): Fact<ConnectionLimit> {
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
  fallback: Fact<ConnectionLimit>,
  parse: (text: string) => number | null,
): Fact<ConnectionLimit> {
  const fact = effective(configuration, block, name)
  if (!fact.known) return fact
  const directive = fact.value.directives[0]
  if (directive === undefined) return fallback
  const value = parse(directive.args[0]?.value ?? '')
  return value === null ? unknown('the value is not a number') : known({ value, directive })
}
