import type { Place } from '../../parsers/text/source.ts'
import type { Deployment, NginxServer } from '../../src/deployment/model.ts'
import { namePlace } from '../../src/deployment/places.ts'
import { type AskedHost, askedHosts } from '../../src/deployment/requests/ask-host.ts'
import type { ApacheConfiguration, ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { effectiveDirective, serverLevels } from '../../src/servers/apache/queries/effective.ts'
import { htaccessReader } from '../../src/servers/apache/queries/htaccess.ts'
import { type Level, sectionsFor } from '../../src/servers/apache/queries/sections-for.ts'
import { sslEngine } from '../../src/servers/apache/queries/server-settings.ts'
import { documentRoot } from '../../src/servers/apache/requests/document-root.ts'
import { fromBytes } from '../../src/servers/regex.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { effective } from '../../src/servers/nginx/queries/effective.ts'
import { httpBlock } from '../../src/servers/nginx/queries/scope.ts'

/** The servers of nginx that others than their own machine reach. */
export function reachedServers({ servers }: Deployment): readonly NginxServer[] {
  return servers.filter(({ listens }) => listens.some(({ loopback }) => loopback !== true))
}

/** The virtual hosts, or main servers without any, of each httpd that others than its own machine reach. */
export function reachedHosts(deployment: Deployment): readonly AskedHost[] {
  return askedHosts(deployment).filter(({ configuration }) => isReached(deployment, configuration))
}

/** False for a backend: nginx in front of it sends headers of its own, and takes no `TRACE`. */
export function isReached({ listeners }: Deployment, configuration: ApacheConfiguration): boolean {
  const own = listeners.filter(
    ({ program }) => program.kind === 'apache' && program.configuration === configuration,
  )
  return own.length === 0 || own.some(({ loopback }) => loopback !== true)
}

/** The line of nginx that is in force in a server, null for the default; undefined where nobody can tell. */
export function nginxLine(
  { configuration, directive }: NginxServer,
  name: string,
): NginxDirective | null | undefined {
  const fact = effective(configuration, directive, name)
  return fact.known ? (fact.value.directives.at(-1) ?? null) : undefined
}

/** The same of Apache. */
export function apacheLine(
  { configuration, host }: AskedHost,
  name: string,
): ApacheDirective | null | undefined {
  return effectiveDirective(configuration, serverLevels(host), name)
}

/** Where what all servers lack is missing: `http`, or the server of a fragment. */
export function httpPlace({ configuration, directive }: NginxServer): Place {
  return namePlace(httpBlock(configuration) ?? directive)
}

/** Where something is missing in a virtual host; a main server has no keyword, so it is that of its first line. */
export function hostPlace({ configuration, host }: AskedHost): Place | null {
  if (host !== null) return namePlace(host.directive)
  return mainPlace(configuration)
}

export function mainPlace({ occurrences, top }: ApacheConfiguration): Place | null {
  const first = occurrences.get('listen')?.[0] ?? top[0]
  return first === undefined ? null : namePlace(first)
}

/** True for a virtual host that speaks TLS. */
export function speaksTls({ configuration, host }: AskedHost): boolean {
  const engine = sslEngine(configuration, host)
  return engine.known && engine.value
}

/** True for a value that no template and no variable fills in. */
export function isWritten(value: string): boolean {
  return /^[\x21-\x7E]+$/.test(value) && !value.includes('$')
}

/** The sections that hold for the files of a virtual host; null where nobody knows where these are. */
export function levelsOfFiles(deployment: Deployment, asked: AskedHost): readonly Level[] | null {
  const { configuration, host } = asked
  if (configuration.main === null) return null
  const root = documentRoot(asked)
  if (!root.known) return null
  const levels = sectionsFor(
    configuration,
    host,
    { uri: '/', file: fromBytes(root.value), directory: true },
    htaccessReader(configuration, deployment.filesOf(configuration), host),
  )
  return levels.filter(({ kind, applies }) => kind !== 'htaccess' || applies === true)
}
