import type { Place } from '../../parsers/text/source.ts'
import type { NginxConnection } from '../../src/deployment/model.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import type { RuleFinding } from '../../src/engine/rule.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { effective, effectiveAtHand } from '../../src/servers/nginx/queries/effective.ts'
import { variableNames } from '../../src/servers/nginx/queries/interpolate.ts'
import { parseSize } from '../../src/servers/nginx/validate/numbers.ts'

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
  if (occurrences.has(ofMethods)) {
    const methods = effective(server.configuration, block, ofMethods)
    const line = methods.known ? methods.value.directives.at(-1) : undefined
    const index = line?.args.findIndex(({ value: method }) => /^post$/i.test(method)) ?? -1
    const keyLine = key.value.directives[0]
    if (line !== undefined && index !== -1 && names.includes('request_body')) {
      if (keyLine !== undefined) yield* withoutLargeBodies(connection, keyLine, argumentPlace(line, index))
    } else if (line !== undefined && index !== -1)
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

/** Bodies that go to a file, of which the variable is empty, and so the same for all of them. */
function* withoutLargeBodies(
  { server: { configuration }, block, pass }: NginxConnection,
  key: NginxDirective,
  methods: Place,
): Generator<RuleFinding> {
  const isAsked = ['_no_cache', '_cache_bypass'].some(name => {
    const lines = effectiveAtHand(configuration, block, pass.name.replace('_pass', name))
    return (
      !lines.known ||
      lines.value.directives.some(({ args }) => args.some(({ value }) => mayAskForBody(value)))
    )
  })
  if (isAsked) return
  const buffer = sizeInForce(configuration, block, 'client_body_buffer_size', '16k')
  const most = sizeInForce(configuration, block, 'client_max_body_size', '1m')
  if (buffer === null || most === null || (most.bytes !== 0 && most.bytes <= buffer.bytes)) return
  yield {
    at: argumentPlace(key, 0),
    aspect: 'body',
    message: `bodies above ${buffer.written} go to a file, and \`$request_body\` is empty for each of them, so a large \`POST\` is answered with what another one got`,
    related: [{ at: methods, message: 'kept by it' }, ...most.related, ...buffer.related],
    help: `Write \`${pass.name.replace('_pass', '_no_cache')} $request_body_file;\` and \`${pass.name.replace('_pass', '_cache_bypass')} $request_body_file;\`, which leave such bodies out of the cache`,
  }
}

/** False for what a header, a cookie or the query says: of the size of a body it says nothing. */
function mayAskForBody(value: string): boolean {
  return variableNames(value).some(
    name =>
      name === 'http_content_length' ||
      !/^(?:http|cookie|arg)_|^request_(?:method|uri)$|^uri$|^args$/.test(name),
  )
}

interface SizeInForce {
  readonly bytes: number
  readonly written: string
  readonly related: readonly { readonly at: Place; readonly message: string }[]
}

function sizeInForce(
  configuration: NginxConfiguration,
  block: NginxDirective,
  name: string,
  byDefault: string,
): SizeInForce | null {
  const lines = effectiveAtHand(configuration, block, name)
  if (!lines.known) return null
  const line = lines.value.directives.at(-1)
  const written = line?.args[0]?.value ?? byDefault
  const bytes = parseSize(written, true)
  if (bytes === null) return null
  return {
    bytes,
    written,
    related: line === undefined ? [] : [{ at: argumentPlace(line, 0), message: name }],
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
