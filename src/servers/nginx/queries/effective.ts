import { type Fact, known, unknown } from '../../fact.ts'
import { isAtLeast } from '../../version.ts'
import type { NginxConfiguration, NginxDirective } from '../configuration.ts'
import { namePlace } from './places.ts'
import { isUnseenServer, serverAround } from './servers.ts'
import { hasUnreadInclude, mayHoldUnread, type NginxScope, named } from './scope.ts'

/** What is in force at a block for one directive (or for a group that nginx inherits as one). */
export interface EffectiveDirectives {
  /** In reading order; empty where nginx's own default holds. */
  readonly directives: readonly NginxDirective[]
  /** The block in which they are written; null for the top, and for a default. */
  readonly level: NginxScope
  /** True where they come from a level outside the block that was asked about. */
  readonly inherited: boolean
  /** False where an unread include at the same level may add to them. */
  readonly complete: boolean
}

/** Directives that nginx keeps in one value of the level: one of them written shadows all inherited. */
const GROUPS: readonly (readonly string[])[] = [
  ['allow', 'deny'],
  ['root', 'alias'],
]

const groupOf = new Map<string, readonly string[]>(
  GROUPS.flatMap(group => group.map(name => [name, group] as const)),
)

/** Content handlers: a location has its own or none. An `if` or `limit_except` in it takes it over. */
const HANDLERS: ReadonlySet<string> = new Set([
  'proxy_pass',
  'fastcgi_pass',
  'uwsgi_pass',
  'scgi_pass',
  'grpc_pass',
  'memcached_pass',
  'stub_status',
  'empty_gif',
  'flv',
  'mp4',
  'perl',
  'js_content',
  'content_by_lua_block',
  'content_by_lua_file',
  'content_by_lua',
])

/** What holds in its own block alone. */
const OWN: ReadonlySet<string> = new Set([
  'try_files',
  'rewrite',
  'return',
  'set',
  'if',
  'break',
  'location',
  'limit_except',
  'server_name',
  'listen',
  'server',
  'include',
])

const HEADER_RULES: ReadonlyMap<string, string> = new Map([
  ['add_header', 'add_header_inherit'],
  ['add_trailer', 'add_trailer_inherit'],
])

const NOTHING: Fact<EffectiveDirectives> = known({
  directives: [],
  level: null,
  inherited: false,
  complete: true,
})

/**
 * The directives of a name that nginx applies in a block, by its own inheritance: the nearest level that
 * has any replaces all outer ones (so one `proxy_set_header` in a location drops every inherited one);
 * `allow` with `deny` and `root` with `alias` count as one; handlers, `try_files` and the rewrite module's
 * directives are never inherited; `add_header` joins levels where `add_header_inherit merge` says so.
 *
 * Unknown where an unread include, or the missing outer part of fragments, may have set it.
 */
export function effective(
  configuration: NginxConfiguration,
  scope: NginxScope,
  name: string,
): Fact<EffectiveDirectives> {
  const group = groupOf.get(name)
  if (isNowhere(configuration, name, group)) return NOTHING
  const ruleName = HEADER_RULES.get(name)
  if (ruleName !== undefined) return effectiveHeaders(configuration, scope, name, ruleName)
  if (OWN.has(name)) return atLevel(configuration, scope, scope, name, group) ?? NOTHING
  if (HANDLERS.has(name)) {
    const own = atLevel(configuration, scope, scope, name, group)
    if (own !== null) return own
    const takesOver = scope !== null && (scope.name === 'if' || scope.name === 'limit_except')
    return takesOver ? (atLevel(configuration, scope.parent, scope, name, group) ?? NOTHING) : NOTHING
  }
  return nearest(configuration, scope, scope, name, group)
}

/**
 * The same, but where the outer part of fragments is not here and nothing at hand hides the directive: then nginx's
 * own default is taken to hold. For what hardly anybody writes for all servers.
 */
export function effectiveAtHand(
  configuration: NginxConfiguration,
  scope: NginxScope,
  name: string,
): Fact<EffectiveDirectives> {
  const fact = effective(configuration, scope, name)
  if (fact.known || configuration.main !== null) return fact
  if (OF_SERVERS.has(name) && isOfStandIn(scope)) return fact
  for (let level = scope; level !== null; level = level.parent)
    if (hasUnreadInclude(configuration, level, name)) return fact
  return hasUnreadInclude(configuration, null, name) ? fact : NOTHING
}

/** What may be written once for the server, so that its locations have none. */
const OF_SERVERS: ReadonlySet<string> = new Set([
  'resolver',
  'auth_basic_user_file',
  'proxy_intercept_errors',
  'fastcgi_intercept_errors',
  'uwsgi_intercept_errors',
  'fastcgi_param',
  'uwsgi_param',
  'scgi_param',
])

/** True for what a fragment of locations holds: the server around it is not here. */
function isOfStandIn(scope: NginxScope): boolean {
  const server = scope === null ? null : serverAround(scope)
  return server !== null && isUnseenServer(server)
}

/** True where no line of the whole configuration can hold it: most of what is asked is nginx's default. */
function isNowhere(
  configuration: NginxConfiguration,
  name: string,
  group: readonly string[] | undefined,
): boolean {
  const { occurrences, main } = configuration
  if (main === null || occurrences.has(name) || mayHoldUnread(configuration, name)) return false
  return group === undefined || !group.some(member => occurrences.has(member))
}

function nearest(
  configuration: NginxConfiguration,
  from: NginxScope,
  asked: NginxScope,
  name: string,
  group: readonly string[] | undefined,
): Fact<EffectiveDirectives> {
  let outermost: NginxScope = null
  for (let level = from; level !== null; level = level.parent) {
    const found = atLevel(configuration, level, asked, name, group)
    if (found !== null) return found
    outermost = level
  }
  return atTop(configuration, outermost, asked, name, group)
}

/** What a level says; null where it says nothing and nothing unread could. */
function atLevel(
  configuration: NginxConfiguration,
  level: NginxScope,
  asked: NginxScope,
  name: string,
  group: readonly string[] | undefined,
): Fact<EffectiveDirectives> | null {
  if (level === null) return null
  const directives = ofGroup(level.children, name, group)
  return judged(configuration, level, asked, name, directives)
}

/** The group's directives in reading order; a large block is walked only where several members occur. */
function ofGroup(
  directives: readonly NginxDirective[],
  name: string,
  group: readonly string[] | undefined,
): readonly NginxDirective[] {
  if (group === undefined) return named(directives, name)
  const present = group.map(member => named(directives, member)).filter(found => found.length > 0)
  if (present.length <= 1) return present[0] ?? []
  return directives.filter(directive => group.includes(directive.name))
}

function judged(
  configuration: NginxConfiguration,
  level: NginxScope,
  asked: NginxScope,
  name: string,
  directives: readonly NginxDirective[],
): Fact<EffectiveDirectives> | null {
  const unread = hasUnreadInclude(configuration, level, name)
  const first = directives[0]
  if (first !== undefined)
    return known({ directives, level, inherited: level !== asked, complete: !unread }, namePlace(first))
  return unread ? unknown('something here was not read') : null
}

/**
 * The level outside every block: main, or in fragments what stands beside the outermost block in the same
 * context, as all fragments are one program.
 */
function atTop(
  configuration: NginxConfiguration,
  outermost: NginxScope,
  asked: NginxScope,
  name: string,
  group: readonly string[] | undefined,
): Fact<EffectiveDirectives> {
  const context = outermost?.context ?? 'main'
  // Of what http knows, main has `error_log` alone: no unread file of modules leaves the rest in doubt.
  if (context === 'main' && asked !== null && name !== 'error_log' && configuration.main !== null)
    return NOTHING
  const isSibling = (directive: NginxDirective) =>
    directive.context === context && (context !== 'server' || directive.source === outermost?.source)
  const directives = ofGroup(configuration.top, name, group).filter(isSibling)
  const found = judged(configuration, null, asked, name, directives)
  if (found !== null) return found
  if (configuration.main !== null || (configuration.stockMain === true && !SET_BY_IMAGE.has(name)))
    return NOTHING
  return unknown('the outer part of the configuration is not here')
}

/** What the main file of nginx's own image sets in http. */
const SET_BY_IMAGE: ReadonlySet<string> = new Set([
  'types',
  'default_type',
  'log_format',
  'access_log',
  'error_log',
  'sendfile',
  'keepalive_timeout',
])

/** `add_header` and `add_trailer`, whose inheritance can be told since 1.29.3. */
function effectiveHeaders(
  configuration: NginxConfiguration,
  scope: NginxScope,
  name: string,
  ruleName: string,
): Fact<EffectiveDirectives> {
  const plain = nearest(configuration, scope, scope, name, undefined)
  if (!isAtLeast(configuration.version, '1.29.3') || !configuration.occurrences.has(ruleName)) return plain
  const rule = nearest(configuration, scope, scope, ruleName, undefined)
  if (!rule.known) return unknown(rule.reason)
  const mode = rule.value.directives[0]?.args[0]?.value ?? 'on'
  if (mode === 'on' || scope === null) return plain
  const own = atLevel(configuration, scope, scope, name, undefined)
  if (mode === 'off') return own ?? NOTHING
  const outer = effectiveHeaders(configuration, scope.parent, name, ruleName)
  if (own === null) return outer.known ? known({ ...outer.value, inherited: true }, outer.at) : outer
  if (!own.known) return own
  if (!outer.known) return unknown(outer.reason)
  return known(
    {
      directives: [...outer.value.directives, ...own.value.directives],
      level: scope,
      inherited: false,
      complete: own.value.complete && outer.value.complete,
    },
    own.at,
  )
}

/**
 * The last argument list in force of a directive that is written once a level, as plain words; the given
 * default where nothing is written.
 */
export function effectiveValue(
  configuration: NginxConfiguration,
  scope: NginxScope,
  name: string,
  fallback: string,
): Fact<string> {
  const fact = effective(configuration, scope, name)
  if (!fact.known) return fact
  const directive = fact.value.directives[0]
  if (directive === undefined) return known(fallback)
  return known(directive.args.map(word => word.value).join(' '), fact.at)
}

/** Whether an `on`/`off` directive is on. nginx takes the flag in any case. */
export function isOn(
  configuration: NginxConfiguration,
  scope: NginxScope,
  name: string,
  fallback: boolean,
): Fact<boolean> {
  const fact = effectiveValue(configuration, scope, name, fallback ? 'on' : 'off')
  return fact.known ? known(fact.value.toLowerCase() === 'on', fact.at) : fact
}

/** The same, where the outer part of fragments is taken to say nothing of it. */
export function isOnAtHand(
  configuration: NginxConfiguration,
  scope: NginxScope,
  name: string,
  fallback: boolean,
): Fact<boolean> {
  const fact = effectiveAtHand(configuration, scope, name)
  if (!fact.known) return fact
  const written = fact.value.directives[0]?.args[0]?.value
  return known(written === undefined ? fallback : written.toLowerCase() === 'on', fact.at)
}
