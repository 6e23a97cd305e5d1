import { groupBy } from '../../parsers/collections/group-by.ts'
import { memo } from '../../parsers/collections/memo.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { isPass, readLocation } from '../../src/servers/nginx/queries/locations.ts'
import { childrenNamed, hasUnreadInclude } from '../../src/servers/nginx/queries/scope.ts'
import { selectLocation } from '../../src/servers/nginx/queries/select-location.ts'
import { enclosingServer, isUnseenServer, serverAround } from '../../src/servers/nginx/queries/servers.ts'
import { toBytes } from '../../src/servers/regex.ts'

/**
 * True for a location in which requests arrive as the client sends them, and which answers or passes them on itself:
 * no internal redirect and no subrequest leads there, behind the access phase of another one or of its own.
 */
export function isEnteredFirst(configuration: NginxConfiguration, location: NginxDirective): boolean {
  const server = serverAround(location)
  if (server === null || isUnseenServer(server)) return false
  const { modifier, name } = readLocation(location)
  if (modifier === '@') return false
  for (let at: NginxDirective | null = location; at !== null && at !== server; at = at.parent)
    if (childrenNamed(at, 'internal').length > 0) return false
  if (childrenNamed(location, 'try_files').length > 0) return false
  if (hasUnreadInclude(configuration, location, 'try_files')) return false
  // Pages of errors come to `/` where nothing else is there for them.
  if (modifier === '' && name === '/') return true
  return targetsIn(configuration, server).every(target => {
    const selected = selectLocation(configuration, server, toBytes(target))
    return selected.known && selected.value.location?.directive !== location
  })
}

/** True where every request of a server is passed on by the location that it first comes to. */
export function isPassedOnAtOnce(configuration: NginxConfiguration, server: NginxDirective): boolean {
  if (isUnseenServer(server) || hasUnreadInclude(configuration, server)) return false
  const locations = childrenNamed(server, 'location')
  return (
    targetsIn(configuration, server, REDIRECTING).length === 0 &&
    locations.some(({ args }) => args.length === 1 && args[0]?.value === '/') &&
    locations.every(location => passesOn(location) || readLocation(location).modifier === '@')
  )
}

/** True for a block that hands requests to another server, or has an `if` that does. */
export function passesOn(block: NginxDirective): boolean {
  return block.children.some(child => isPass(child.name) || (child.name === 'if' && passesOn(child)))
}

/** What leads a request, or a part of it, to a path of the same server; and the argument that names the path. */
const LEADING: readonly (readonly [string, number])[] = [
  ['error_page', -1],
  ['try_files', -1],
  ['index', -1],
  ['auth_request', 0],
  ['mirror', 0],
  ['add_before_body', 0],
  ['add_after_body', 0],
  ['post_action', 0],
]

const leads = memo(({ occurrences }: NginxConfiguration) =>
  groupBy(
    LEADING.flatMap(([name, index]) =>
      (occurrences.get(name) ?? []).map(directive => ({ directive, index })),
    ),
    ({ directive }) => enclosingServer(directive),
  ),
)

/** Of these, what leads the request itself on, so that the server's own lines are run once more for it. */
const REDIRECTING: ReadonlySet<string> = new Set(['error_page', 'try_files', 'index', 'post_action'])

/** The paths of a server that its lines, and those of `http`, lead to, up to their first variable. */
function targetsIn(
  configuration: NginxConfiguration,
  server: NginxDirective,
  only: ReadonlySet<string> | null = null,
): readonly string[] {
  const byServer = leads(configuration)
  return [...(byServer.get(server) ?? []), ...(byServer.get(null) ?? [])].flatMap(({ directive, index }) => {
    if (only !== null && !only.has(directive.name)) return []
    const written = directive.args.at(index)?.value ?? ''
    const path = directive.name === 'index' && !written.startsWith('/') ? `/${written}` : written
    return path.startsWith('/') ? [path.replace(/[$?].*$/s, '')] : []
  })
}
