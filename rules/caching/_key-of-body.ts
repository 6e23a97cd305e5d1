import type { NginxConnection } from '../../src/deployment/model.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import type { RuleFinding } from '../../src/engine/rule.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { effective, effectiveAtHand } from '../../src/servers/nginx/queries/effective.ts'
import { variableNames } from '../../src/servers/nginx/queries/interpolate.ts'

const KNOWN =
  /^(?:scheme|host|hostname|uri|document_uri|request_uri|args|query_string|is_args|arg_\w+|request_method|proxy_host|proxy_port|server_name|server_port|http_\w+|cookie_\w+|remote_user|https|request_body|slice_range|content_type)$/

/** False for a variable that may hold anything, such as one of a `map`. */
export function isKnownVariable(name: string): boolean {
  return KNOWN.test(name)
}

/** What else makes two answers differ: the body of a `POST`, and the part of a file. */
export function* withoutBodyOrPart(
  connection: NginxConnection,
  key: ReturnType<typeof effective>,
  value: string | undefined,
): Generator<RuleFinding> {
  const { server, block, pass } = connection
  if (!key.known || (value === undefined && !key.value.complete)) return
  const names = variableNames(value ?? '')
  if (!names.every(isKnownVariable)) return
  if (
    key.value.directives[0] !== undefined &&
    pass.name === 'fastcgi_pass' &&
    keepsEmptyPages(connection, names)
  )
    yield {
      at: argumentPlace(key.value.directives[0], 0),
      aspect: 'method',
      message: `\`${value}\` has no \`$request_method\`, so what PHP answers to \`HEAD\`, an empty page, is sent to everybody`,
      help: `Write \`fastcgi_cache_key "$request_method${value}";\``,
    }
  const written = value === undefined ? 'the key' : `\`${value}\``
  const { occurrences } = server.configuration
  const ofMethods = pass.name.replace('_pass', '_cache_methods')
  if (occurrences.has(ofMethods) && !names.includes('request_body')) {
    const methods = effective(server.configuration, block, ofMethods)
    const line = methods.known ? methods.value.directives.at(-1) : undefined
    const index = line?.args.findIndex(({ value: method }) => /^post$/i.test(method)) ?? -1
    if (line !== undefined && index !== -1)
      yield {
        at: argumentPlace(line, index),
        aspect: 'body',
        severity: 'error',
        message: `${written} has no \`$request_body\`, so a \`POST\` is answered with what another one got`,
        help: 'Add `$request_body` to the key, with a `client_body_buffer_size` that holds it, or leave `POST` out',
      }
  }
  if (occurrences.has('slice') && !names.includes('slice_range')) {
    const parts = effective(server.configuration, block, 'slice')
    const line = parts.known ? parts.value.directives.at(-1) : undefined
    if (line !== undefined && !/^0/.test(line.args[0]?.value ?? '0'))
      yield {
        at: argumentPlace(line, 0),
        aspect: 'part',
        severity: 'error',
        message: `${written} has no \`$slice_range\`, so the first part of a file is taken for each of them`,
        help: 'Add `$slice_range` to the key, and write `proxy_set_header Range $slice_range;`',
      }
  }
}

/** True where the answer to a `HEAD` is kept under the key of a `GET`. */
function keepsEmptyPages({ server, block, pass }: NginxConnection, names: readonly string[]): boolean {
  if (names.includes('request_method') || /cgi/i.test(pass.args[0]?.value ?? '')) return false
  const { configuration } = server
  const { occurrences } = configuration
  const params = effectiveAtHand(configuration, block, 'fastcgi_param')
  const isGet = (line: NginxDirective): boolean =>
    line.args[0]?.value === 'REQUEST_METHOD' && line.args[1]?.value !== '$request_method'
  if (params.known && params.value.directives.some(isGet)) return false
  // A question about the method may leave such requests out.
  const asks = (line: NginxDirective): boolean =>
    line.name === 'map'
      ? (line.args[0]?.value.includes('request_method') ?? false)
      : /\$\{?request_method\}?(?:!|.*HEAD)/.test(line.args.map(({ value }) => value).join(''))
  return !['if', 'map'].some(name => (occurrences.get(name) ?? []).some(asks))
}
