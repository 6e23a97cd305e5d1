import { memoByKey } from '../../../../parsers/collections/memo.ts'
import type { Place } from '../../../../parsers/text/source.ts'
import { type Fact, known, unknown } from '../../fact.ts'
import type { ApacheConfiguration } from '../configuration.ts'
import { effective, serverLevels } from './effective.ts'
import { argumentPlace, isSettled } from './places.ts'
import { type Level, sectionsFor } from './sections-for.ts'
import type { VirtualHost } from './virtual-hosts.ts'
import { scriptFile, type WsgiScriptAlias } from './wsgi-script-aliases.ts'

/** Where an application runs: in httpd's own processes, or in a daemon process group. */
export type ProcessGroup = { readonly kind: 'embedded' } | { readonly kind: 'daemon'; readonly name: string }

/** The interpreter that runs it; `server` and `resource` are made of the host's name and the mount point. */
export type ApplicationGroup =
  | { readonly kind: 'main-interpreter' | 'server' | 'resource' }
  | { readonly kind: 'name'; readonly name: string }

/**
 * The process group of an alias: its own `process-group=`, else the innermost `WSGIProcessGroup` of the
 * sections that apply to it, else the virtual host's, else the main server's, else none: embedded. A
 * `<Location>` below the alias counts only where `uri`, the decoded path of a request, lies in it.
 */
export function effectiveProcessGroup(
  configuration: ApacheConfiguration,
  host: VirtualHost | null,
  alias: WsgiScriptAlias,
  uri?: string,
): Fact<ProcessGroup> {
  const written = groupText({ configuration, host, alias, uri }, 'process-group', 'WSGIProcessGroup')
  if (!written.known) return unknown(written.reason, written.at)
  const { value, at } = written
  if (value === null || value === '' || value === '%{GLOBAL}') return known({ kind: 'embedded' }, at)
  return value.startsWith('%{')
    ? unknown('a variable of the request names the group', at)
    : known({ kind: 'daemon', name: value }, at)
}

/** The interpreter of an alias, found in the same way; `%{RESOURCE}` where nothing is written. */
export function effectiveApplicationGroup(
  configuration: ApacheConfiguration,
  host: VirtualHost | null,
  alias: WsgiScriptAlias,
  uri?: string,
): Fact<ApplicationGroup> {
  const written = groupText({ configuration, host, alias, uri }, 'application-group', 'WSGIApplicationGroup')
  if (!written.known) return unknown(written.reason, written.at)
  const { value, at } = written
  if (value === null || value === '%{RESOURCE}') return known({ kind: 'resource' }, at)
  if (value === '' || value === '%{GLOBAL}') return known({ kind: 'main-interpreter' }, at)
  if (value === '%{SERVER}') return known({ kind: 'server' }, at)
  return value.startsWith('%{')
    ? unknown('a variable of the request names the group', at)
    : known({ kind: 'name', name: value }, at)
}

/** A request to a script: `uri` is the decoded path of the URL, the alias's own where undefined. */
interface ScriptRequest {
  readonly configuration: ApacheConfiguration
  readonly host: VirtualHost | null
  readonly alias: WsgiScriptAlias
  readonly uri: string | undefined
}

/** The sections that hold for a request to a script; `uri` is the alias's own URL where it is left out. */
export function aliasLevels(
  configuration: ApacheConfiguration,
  host: VirtualHost | null,
  alias: WsgiScriptAlias,
  uri?: string,
): readonly Level[] {
  const own = alias.path.known && !alias.regex ? alias.path.value : ''
  return sectionsFor(configuration, host, { uri: uri ?? own, file: scriptFile(alias) })
}

function groupText(request: ScriptRequest, option: string, directive: string): Fact<string | null> {
  const { configuration, host, alias, uri } = request
  const own = alias.options.get(option)
  if (own !== undefined) return own.value
  // Without one such line anywhere there is nothing to look for.
  if (!configuration.occurrences.has(directive.toLowerCase()) && configuration.main !== null)
    return known(null)
  // Which of the URLs of an expression lie in a `<Location>` is nothing that the expression says.
  if (alias.regex && uri === undefined && isInLocations(configuration, directive))
    return unknown('a section that may apply sets it')
  const levels = isOnlyOfServers(configuration, directive)
    ? serverLevels(host)
    : aliasLevels(configuration, host, alias, uri)
  const { directives, open } = effective(configuration, levels, directive)
  if (open !== null) return unknown(open)
  const found = directives.at(-1)
  if (found === undefined) return known(null)
  const at: Place = argumentPlace(found, 0)
  const value = found.args[0]?.value ?? ''
  return isSettled(value) ? known(value, at) : unknown('the group is filled in elsewhere', at)
}

/** True where no section but virtual hosts has such a line: then there is no need to find those that apply. */
const isOnlyOfServers = memoByKey((configuration: ApacheConfiguration, directive: string): boolean => {
  const lines = configuration.occurrences.get(directive.toLowerCase()) ?? []
  return lines.every(({ parent }) => parent === null || parent.name === 'VirtualHost')
})

/** True where a section for some URLs has such a line. */
const isInLocations = memoByKey((configuration: ApacheConfiguration, directive: string): boolean => {
  const lines = configuration.occurrences.get(directive.toLowerCase()) ?? []
  return lines.some(
    ({ parent }) => parent !== null && /^(?:Location(?:Match)?|If|ElseIf|Else)$/i.test(parent.name),
  )
})
