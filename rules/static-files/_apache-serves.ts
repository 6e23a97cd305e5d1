import { posix } from 'node:path'
import type { ApacheConfiguration, ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { directivesIn } from '../../src/servers/apache/queries/directives-in.ts'
import { effectiveAccess } from '../../src/servers/apache/queries/effective-access.ts'
import { htaccessReader } from '../../src/servers/apache/queries/htaccess.ts'
import { sectionsFor } from '../../src/servers/apache/queries/sections-for.ts'
import { effectiveHandler } from '../../src/servers/apache/queries/server-settings.ts'
import { isPrefixOf, wsgiScriptAliasFor } from '../../src/servers/apache/queries/wsgi-script-aliases.ts'
import type { ApacheHost, Deployment } from '../../src/deployment/model.ts'
import { connectionReachedBy } from '../../src/deployment/requests/connection-reached-by.ts'

/** Lines that may send a request elsewhere by an expression, or to a program. */
const DETOURS = [
  'rewriterule',
  'proxypass',
  'proxypassmatch',
  'aliasmatch',
  'scriptalias',
  'scriptaliasmatch',
  'redirect',
  'redirectmatch',
  'redirectpermanent',
  'redirecttemp',
]

/**
 * The path of the URL at which a `DocumentRoot` or `Alias` of a virtual host gives a file to clients as it is;
 * null where a program answers, access is denied, nginx hands no such request on, or nobody can tell.
 */
export function apacheServes(
  deployment: Deployment,
  host: ApacheHost,
  directory: ApacheDirective,
  file: string,
): string | null {
  const isAlias = directory.name.toLowerCase() === 'alias'
  const base = directory.args[isAlias ? 1 : 0]?.value.replace(/\/+$/, '') ?? ''
  if (!file.startsWith(`${base}/`)) return null
  const prefix = isAlias ? (directory.args[0]?.value.replace(/\/+$/, '') ?? '') : ''
  const url = prefix + file.slice(base.length)
  const { configuration, directive, virtualHost } = host
  // mod_alias comes before mod_wsgi, and a script alias before the document root.
  if (aliasFor(configuration, directive, url) !== (isAlias ? directory : undefined)) return null
  if (!isAlias && wsgiScriptAliasFor(configuration, virtualHost, url) !== null) return null
  for (const section of [directive, null]) {
    if (DETOURS.some(name => directivesIn(configuration, section, name).length > 0)) return null
  }
  const levels = sectionsFor(
    configuration,
    virtualHost,
    { uri: url, file },
    htaccessReader(configuration, deployment.filesOf(configuration), virtualHost),
  )
  // A `.htaccess` that nobody can see here may deny; in fragments the main file would have to ask for it.
  if (configuration.main !== null && levels.some(({ kind, applies }) => kind === 'htaccess' && !applies))
    return null
  if (effectiveAccess(configuration, levels, { method: 'GET', authenticated: false }).allowed !== true)
    return null
  // Of fragments the missing main file may set a handler for everything, and hardly ever does.
  const handler = effectiveHandler(configuration, levels, posix.basename(file))
  if (handler.known ? handler.value !== null : configuration.main !== null) return null
  const isReached =
    deployment.connections.reaching(host).length === 0 ||
    deployment.connections
      .reaching(host)
      .some(({ connection }) => connectionReachedBy(deployment, connection, url))
  return isReached ? url : null
}

/** The first `Alias` that takes a path: those of the virtual host, then the main server's. */
function aliasFor(
  configuration: ApacheConfiguration,
  host: ApacheDirective | null,
  url: string,
): ApacheDirective | undefined {
  for (const section of [host, null]) {
    const found = directivesIn(configuration, section, 'alias').find(({ args }) =>
      isPrefixOf(args[0]?.value ?? '', url),
    )
    if (found !== undefined) return found
  }
  return undefined
}
