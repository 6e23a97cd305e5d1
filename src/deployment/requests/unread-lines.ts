import type { ApacheConfiguration, ApacheDirective } from '../../servers/apache/configuration.ts'
import { effectiveDirective, serverLevels } from '../../servers/apache/queries/effective.ts'
import type { VirtualHost } from '../../servers/apache/queries/virtual-hosts.ts'
import { isPrefixOf } from '../../servers/apache/queries/wsgi-script-aliases.ts'
import { compilePcre, toBytes } from '../../servers/regex.ts'
import { virtualHostSection } from '../../servers/apache/queries/virtual-hosts.ts'

/**
 * The first line of mod_rewrite, mod_proxy or mod_alias that matches a path and whose outcome no trace
 * tells; null where none does.
 *
 * @param uri the path, decoded and normalised
 */
export function unreadLine(
  configuration: ApacheConfiguration,
  host: VirtualHost | null,
  uri: string,
): ApacheDirective | null {
  const home = host?.directive ?? null
  const rewrites = effectiveDirective(configuration, serverLevels(host), 'RewriteEngine')
  const isRewriting = rewrites === undefined || rewrites?.args[0]?.value.toLowerCase() === 'on'
  for (const name of [
    'rewriterule',
    'proxypass',
    'proxypassmatch',
    'aliasmatch',
    'scriptaliasmatch',
    'redirectmatch',
  ]) {
    for (const directive of configuration.occurrences.get(name) ?? []) {
      const owner = virtualHostSection(directive)
      // Rules of mod_rewrite in the main server do not hold in virtual hosts.
      const holds = owner === home || (owner === null && name !== 'rewriterule')
      if (holds && mayMatch(directive, uri, isRewriting)) return directive
    }
  }
  return null
}

function mayMatch(directive: ApacheDirective, uri: string, isRewriting: boolean): boolean {
  const isOfServer = directive.parent === null || directive.parent.name === 'VirtualHost'
  // In `<Location>` and `<Directory>` the path is the section's, and mod_rewrite has an engine of its own there.
  if (!isOfServer) return true
  const words = directive.args.map(({ value }) => value)
  const [first = ''] = words
  switch (directive.name) {
    case 'ProxyPass':
      return isPrefixOf(first, uri)
    case 'RewriteRule':
      return (
        isRewriting &&
        (first.startsWith('!') ? !matches(first.slice(1), uri, false) : matches(first, uri, true))
      )
    case 'RedirectMatch':
      return matches(
        words.length > 2 || /^(?:\d{3}|gone)$/i.test(first) ? (words[1] ?? '') : first,
        uri,
        true,
      )
    default:
      return matches(first, uri, true)
  }
}

/** @param otherwise the answer for an expression that cannot be read */
function matches(pattern: string, uri: string, otherwise: boolean): boolean {
  const expression = compilePcre(pattern, { dotAll: true, dollarEndOnly: true })
  return expression?.test(toBytes(uri)) ?? otherwise
}
