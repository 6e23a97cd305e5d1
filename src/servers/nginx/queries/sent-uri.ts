import { type Fact, known, unknown } from '../../fact.ts'
import { toBytes } from '../../regex.ts'
import { isAtLeast } from '../../version.ts'
import { readLocation } from './locations.ts'
import { escapeUri } from './normalise-uri.ts'
import type { ProxyTarget } from './proxy-target.ts'
import type { RequestState } from './request.ts'

/**
 * The path and query that `proxy_pass` sends. Without a URI of its own: the request line's as it came, or,
 * once something has changed it, the current one escaped anew. With one: that in place of the location's
 * name. With one made of variables: that alone.
 */
export function sentUri(state: RequestState, target: ProxyTarget): Fact<string> {
  const own = target.uri.startsWith('?') ? `/${target.uri}` : target.uri
  if (target.computed && own !== '') return known(own)
  if (own === '' && state.unchanged) return known(state.request.target)
  const replaces = state.validLocation && own !== ''
  const skipped = replaces ? replacedName(state) : ''
  if (!state.uri.startsWith(skipped)) return unknown('the URI no longer begins with the name of the location')
  const rest = state.uri.slice(skipped.length)
  const path =
    state.quoted || state.internal ? escapeUri(rest, isAtLeast(state.configuration.version, '1.21.1')) : rest
  const query = state.args === '' ? '' : `?${state.args}`
  return known((replaces ? own : '') + path + query)
}

/** The name of a location that a URI replaces; an expression or a named location has none to replace. */
function replacedName({ location }: RequestState): string {
  if (location === null) return ''
  const { modifier, name } = readLocation(location)
  return modifier === '' || modifier === '=' || modifier === '^~' ? toBytes(name) : ''
}
