import { memo } from '../../parsers/collections/memo.ts'
import { groupBy } from '../../parsers/collections/group-by.ts'
import { isSlip } from '../../parsers/text/slip.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { hasUnreadInclude } from '../../src/servers/nginx/queries/scope.ts'
import { type Upstream, upstreams } from '../../src/servers/nginx/queries/upstreams.ts'
import { PASSES } from '../../src/servers/nginx/queries/locations.ts'

/** A `proxy_pass` to a name that is no upstream and nearly one. */
export interface MisspeltUpstream {
  readonly pass: NginxDirective
  /** As written in the `proxy_pass`. */
  readonly name: string
  readonly meant: Upstream
}

/**
 * Every `proxy_pass` whose name, without a dot or a port, is one or two letters off that of an upstream
 * which no other directive uses, or differs from one in its `-` and `_` alone. None where parts of the configuration are missing: they may define it.
 */
export const misspeltUpstreams = memo(find)

/** Unused upstreams with which each name is compared: more would take time by the square of their number. */
const MOST_COMPARED = 200

function find(configuration: NginxConfiguration): readonly MisspeltUpstream[] {
  const { main, occurrences } = configuration
  const defined = upstreams(configuration)
  if (main === null || defined.size === 0) return []
  const http = occurrences.get('http') ?? []
  if ([null, ...http].some(scope => hasUnreadInclude(configuration, scope, 'upstream'))) return []
  const passes = occurrences.get('proxy_pass') ?? []
  const astray = passes.filter(pass => {
    const key = nameIn(pass)?.toLowerCase()
    return key !== undefined && key !== 'localhost' && !defined.has(key)
  })
  if (astray.length === 0) return []
  const others = PASSES.flatMap(name => (name === 'proxy_pass' ? [] : (occurrences.get(name) ?? [])))
  const used = new Set([
    ...passes.map(pass => nameIn(pass)?.toLowerCase()),
    ...others.map(({ args }) => (args[0]?.value ?? '').toLowerCase().replace(/^\w+:\/\//, '')),
  ])
  const unused = [...defined].filter(([key]) => !used.has(key)).slice(0, MOST_COMPARED)
  const bySeparators = groupBy([...defined], ([name]) => bare(name))
  // A server of an upstream is a host that somebody knows, as are the containers of a network.
  const hosts = new Set(
    [...defined.values()].flatMap(({ servers }) =>
      servers.map(({ directive }) => (directive.args[0]?.value ?? '').replace(/:\d+$/, '').toLowerCase()),
    ),
  )
  return astray.flatMap(pass => {
    const name = nameIn(pass) ?? ''
    const key = name.toLowerCase()
    // Of a short name two letters are half of it.
    const allowed = key.length > 5 ? 2 : 1
    const alike = hosts.has(key) ? [] : [...(bySeparators.get(bare(key)) ?? [])]
    const near = alike.length > 0 ? alike : unused.filter(([other]) => isSlip(other, key, allowed))
    const [only] = near
    return only === undefined || near.length !== 1 ? [] : [{ pass, name, meant: only[1] }]
  })
}

/** A name without what people take for each other: `api-backend` and `api_backend`. */
function bare(name: string): string {
  return name.replace(/[-_]/g, '')
}

/** What a `proxy_pass` names, where that has no dot and no port. */
function nameIn({ args }: NginxDirective): string | undefined {
  return /^https?:\/\/([A-Za-z0-9_-]+)(?:\/|$)/i.exec(args[0]?.value ?? '')?.[1]
}
