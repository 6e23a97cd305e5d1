import { isUnknownWord } from '../../../../parsers/text/source.ts'
import type { NginxDirective } from '../configuration.ts'
import { nginxVariable } from '../directives.ts'
import { hasUnknownArgument, isWhole, knowsModules, type Program, type Reading, report } from './unit.ts'

/**
 * The variables that something reads and nothing defines: nginx looks when `http` ends, after every
 * `set`, `map` and named group has been read, wherever it stands.
 */
export function checkVariables(reading: Reading, program: Program): void {
  if (program.name === 'mail') return
  const filledIn = namesInTemplates(reading.unit)
  if ([...filledIn].some(isUnknownWord)) return
  const isKnown = knowsModules(reading) && !reading.foreign && !reading.hasForeignNames
  const table = program.name
  for (const { name, directive, word } of program.uses.values()) {
    if (program.defined.has(name) || nginxVariable(table, name) !== null) continue
    if (!isKnown && !(OF_MAPS.test(name) && isWhole(reading))) continue
    if (FOREIGN.test(name) || filledIn.has(name) || isNamedInTemplate(reading.unit, name)) continue
    // What fills in the main file may fill in what it includes.
    if (reading.unit.main?.template === true && isInCapitals(directive, name)) continue
    const message = `nothing defines the variable \`$${name}\``
    const near = nearest(name, program.defined)
    report(reading, 'unknown-variable', directive, word, message, {
      ...(near === null ? {} : { help: `Did you mean \`$${near}\`?` }),
    })
  }
}

function isInCapitals({ source, node }: NginxDirective, name: string): boolean {
  return source.text.slice(node.start, node.terminator).includes(name.toUpperCase())
}

/** What defines a variable, and the argument that names it; the last one where it is negative. */
const DEFINING: readonly (readonly [string, number])[] = [
  ['map', 1],
  ['geo', -1],
  ['split_clients', 1],
  ['set', 0],
  ['auth_request_set', 0],
  ['perl_set', 0],
  ['js_set', 0],
]

/** The variables, in lower case, of definitions in which a template fills in some word: these are not read further. */
function namesInTemplates({ occurrences }: Reading['unit']): ReadonlySet<string> {
  const names = new Set<string>()
  for (const [name, index] of DEFINING)
    for (const directive of occurrences.get(name) ?? [])
      if (hasUnknownArgument(directive))
        names.add(directive.args.at(index)?.value.slice(1).toLowerCase() ?? '')
  return names
}

/** What takes regular expressions, whose named groups are variables. */
const WITH_PATTERNS = ['location', 'server_name', 'if', 'rewrite', 'map', 'fastcgi_split_path_info']

/** True for a named group of a regular expression of which a template fills in a part. */
function isNamedInTemplate({ occurrences }: Reading['unit'], name: string): boolean {
  const group = new RegExp(`\\(\\?(?:P?<|')${name}[>']`, 'i')
  return WITH_PATTERNS.some(pattern =>
    occurrences
      .get(pattern)
      ?.some(
        ({ source, node }) =>
          source.template && group.test(source.text.slice(node.start, node.block?.end ?? node.terminator)),
      ),
  )
}

/** What people call the `map` that the documentation of WebSocket has; no module has a variable of this name. */
const OF_MAPS = /^connection_upgrade$/

/** Names that modules outside nginx are known to give their variables. */
const FOREIGN =
  /^(?:geoip|app_protect_|brotli_|zstd_|vts_|lua_|js_|jwt_|otel_|opentelemetry_|opentracing_|acme_|modsecurity_|passenger_|oidc_|session_log_|upstream_check|echo_|encrypted_|cookie_set|set_|redis|memc_|srcache_|shib_|rtmp_|fancyindex_|nchan_|angie|keyval|protocol_|spdy|pagespeed|datadog_|stream_ssl_ja|ssl_ja|naxsi_|waf_|testcookie_|slowfs_|aws_)/

/** A defined name that differs in case or underscores alone. */
function nearest(name: string, defined: ReadonlySet<string>): string | null {
  const bare = name.replaceAll('_', '')
  for (const candidate of defined) if (candidate.replaceAll('_', '') === bare) return candidate
  return null
}
