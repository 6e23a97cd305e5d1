import { nginxVariable } from '../directives.ts'
import { isWhole, knowsModules, type Program, type Reading, report } from './unit.ts'

/**
 * The variables that something reads and nothing defines: nginx looks when `http` ends, after every
 * `set`, `map` and named group has been read, wherever it stands.
 */
export function checkVariables(reading: Reading, program: Program): void {
  if (program.name === 'mail') return
  const isKnown = knowsModules(reading) && !reading.foreign && !reading.hasForeignNames
  const table = program.name
  for (const { name, directive, word } of program.uses.values()) {
    if (program.defined.has(name) || nginxVariable(table, name) !== null) continue
    if (!isKnown && !(OF_MAPS.test(name) && isWhole(reading))) continue
    if (directive.source.template || FOREIGN.test(name)) continue
    const message = `nothing defines the variable \`$${name}\``
    const near = nearest(name, program.defined)
    report(reading, 'unknown-variable', directive, word, message, {
      ...(near === null ? {} : { help: `Did you mean \`$${near}\`?` }),
    })
  }
}

/** What people call the `map` that the documentation of WebSocket has; no module has a variable of this name. */
const OF_MAPS = /^connection_upgrade$/

/** Names that modules outside nginx are known to give their variables. */
const FOREIGN =
  /^(?:geoip|brotli_|zstd_|vts_|lua_|js_|jwt_|otel_|opentelemetry_|opentracing_|acme_|modsecurity_|passenger_|oidc_|session_log_|upstream_check|echo_|encrypted_|cookie_set|set_|redis|memc_|srcache_|shib_|rtmp_|fancyindex_|nchan_|angie|keyval|protocol_|spdy|pagespeed|datadog_|stream_ssl_ja|ssl_ja|naxsi_|waf_|testcookie_|slowfs_|aws_)/

/** A defined name that differs in case or underscores alone. */
function nearest(name: string, defined: ReadonlySet<string>): string | null {
  const bare = name.replaceAll('_', '')
  for (const candidate of defined) if (candidate.replaceAll('_', '') === bare) return candidate
  return null
}
