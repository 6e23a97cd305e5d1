import { memo } from '../../../../parsers/collections/memo.ts'
import type { NginxDirective } from '../configuration.ts'
import { externalModuleOf, nginxDirective } from '../directives.ts'
import type { NginxUnit, Reading } from './unit.ts'

export const TENGINE = 'tengine'
const PLUS = 'nginx-plus'

/** The modules and builds outside of nginx itself to which its directives belong. */
export const foreignModules = memo(
  (occurrences: NginxUnit['occurrences']): ReadonlySet<string> =>
    new Set(
      [...occurrences.keys()].flatMap(name =>
        nginxDirective(name).length > 0 ? [] : (externalModuleOf(name)?.name ?? []),
      ),
    ),
)

/** Builds that have directives of their own in themselves: there is no module to load. */
export const BUILDS: ReadonlyMap<string, string> = new Map([
  [PLUS, 'NGINX Plus'],
  ['angie', 'Angie'],
  [TENGINE, 'Tengine'],
])

/**
 * What NGINX Plus alone takes in a directive that every nginx has: zones that machines share, which nobody writes by
 * mistake, and any text for `Server`, where something else says that this is Plus.
 */
export function valueOfPlus({ unit }: Reading, { name, args }: NginxDirective): string | null {
  const last = args.at(-1)?.value ?? ''
  if (name === 'limit_req_zone') return args.length === 4 && last === 'sync' ? last : null
  if (name !== 'server_tokens' || args.length !== 1) return null
  return !/^(?:on|off|build)$/i.test(last) && isOfPlus(unit) ? last : null
}

/** True where directives stand that NGINX Plus alone has. */
export function isOfPlus({ occurrences }: NginxUnit): boolean {
  return foreignModules(occurrences).has(PLUS)
}

/**
 * The directive without the words that Tengine alone takes, `id=` of a `server` and several keys of a `limit_req_zone`,
 * where another name tells that the file is for it; nginx itself then reads the rest.
 */
export function asNginxReads({ occurrences }: NginxUnit, directive: NginxDirective): NginxDirective {
  const own = OF_TENGINE.get(directive.name)
  if (own === undefined || !foreignModules(occurrences).has(TENGINE)) return directive
  const [first, ...rest] = directive.args
  const args = rest.filter(({ value }) => !own.test(value))
  return first === undefined ? directive : { ...directive, args: [first, ...args] }
}

const OF_TENGINE: ReadonlyMap<string, RegExp> = new Map([
  ['keepalive', /^slice_/],
  ['limit_req', /^(?:forbid_action|geo_var|geo_var_value)=/],
  ['limit_req_zone', /^\$/],
  ['server', /^id=/],
])

/** True for a socket of Tengine's HTTP/3, of which nginx knows nothing. */
export function isSocketOfTengine({ name, args }: NginxDirective): boolean {
  return name === 'listen' && args.some(({ value }) => value === 'xquic')
}
