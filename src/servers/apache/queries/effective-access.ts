import type { Place } from '../../../../parsers/text/source.ts'
import type { ApacheConfiguration, ApacheDirective } from '../configuration.ts'
import { isInNetwork } from './client-address.ts'
import { isSettled, namePlace } from './places.ts'
import {
  authorize,
  type Client,
  concerns,
  limitOf,
  type Methods,
  type RequireTree,
  requireTree,
} from './require-tree.ts'
import { type Level, WALKS } from './sections-for.ts'

export type { Client } from './require-tree.ts'

/** What holds for one client in one scope. */
export interface Access {
  /** True: let in; false: turned away; undefined: it depends, see `open`. */
  readonly allowed: boolean | undefined
  /** Null where `allowed` is known. `client`: it depends on who asks; `outer`: on what is not in the audit or may apply. */
  readonly open: 'client' | 'outer' | null
  /** True where the client's address may be turned away before anybody is asked for a user. */
  readonly hostOpen: boolean
  /** The `Require` lines that hold, merged; null where none do and everyone is let in. */
  readonly requires: RequireTree | null
  /** The `Order`, `Allow`, `Deny` and `Satisfy` lines that hold, all of one scope. */
  readonly hostLines: readonly ApacheDirective[]
  /** Where the scope is written that decided: its `Require`, or its `Order`. */
  readonly at: Place | null
}

function isAny(satisfy: ApacheDirective | undefined): boolean {
  return satisfy?.args[0]?.value.toLowerCase() === 'any'
}

interface Merged {
  readonly requires: RequireTree | null
  readonly hostLines: readonly ApacheDirective[]
  /** True where a level that may apply, or the missing outer part, may change either. */
  readonly uncertain: boolean
}

/**
 * Whether httpd lets a client in: mod_authz_core's `Require`, where an inner scope's lines replace the
 * outer ones unless its `AuthMerging` joins them, and mod_access_compat's `Order`, `Allow` and `Deny`,
 * of which an inner scope replaces everything, `Order` included. Both have to pass, unless `Satisfy Any`.
 */
export function effectiveAccess(
  configuration: ApacheConfiguration,
  levels: readonly Level[],
  client: Client = {},
): Access {
  const { requires, hostLines, uncertain } = merge(configuration, levels)
  const authorization = requires === null ? 'granted' : authorize(requires, client)
  const byUser = authorization === 'open' ? undefined : authorization === 'granted'
  const byHost = hostLines.length === 0 ? true : checkHost(hostLines, client)
  const satisfy = ofMethod(hostLines, 'satisfy', client)
  const both = and(byHost, byUser)
  const one = or(byHost, byUser)
  const allowed =
    satisfy === undefined ? (both === one ? both : undefined) : isAny(satisfy.at(-1)) ? one : both
  const at = hostLines.length > 0 && byHost !== true ? namePlace(hostLines[0]!) : (requires?.at ?? null)
  const hostOpen = byHost === undefined
  if (uncertain) return { allowed: undefined, open: 'outer', hostOpen, requires, hostLines, at }
  return { allowed, open: allowed === undefined ? 'client' : null, hostOpen, requires, hostLines, at }
}

function merge(configuration: ApacheConfiguration, levels: readonly Level[]): Merged {
  const outer = configuration.main === null
  const hasHostLines = HOST_LINES.some(name => configuration.occurrences.has(name))
  const hasMerging = configuration.occurrences.has('authmerging')
  let merged: Scope = { tree: null, merging: 'off', uncertain: outer }
  let hostLines: readonly ApacheDirective[] = []
  let hostOpen = outer
  // httpd merges the sections of one walk among themselves before it lays them over the walk before.
  let walk = 0
  let own: Scope | null = null
  for (const { kind, section, htaccess, applies } of levels) {
    if (WALKS[kind] === 0) continue
    if (WALKS[kind] !== walk) {
      if (own !== null) merged = mergeScopes(merged, own)
      own = null
      walk = WALKS[kind]
    }
    const children = htaccess ?? section?.children ?? NONE
    const scope = scopeOf(children, applies === true, hasMerging || htaccess !== null)
    if (scope !== null) own = own === null ? scope : mergeScopes(own, scope)
    const lines = hasHostLines || htaccess !== null ? children.flatMap(hostLinesOf) : NONE
    if (lines.length === 0) continue
    if (applies === true) hostLines = lines
    hostOpen = applies !== true
  }
  if (own !== null) merged = mergeScopes(merged, own)
  return { requires: merged.tree, hostLines, uncertain: merged.uncertain || (hostOpen && !outer) }
}

/** What one scope says to mod_authz_core. */
interface Scope {
  readonly tree: RequireTree | null
  readonly merging: 'and' | 'or' | 'off'
  readonly uncertain: boolean
}

/** Null where none of mod_authz_core's lines stand among the children. */
function scopeOf(children: readonly ApacheDirective[], certain: boolean, mayMerge: boolean): Scope | null {
  const tree = requireTree(children)
  const written = mayMerge ? children.findLast(({ name }) => name === 'AuthMerging') : undefined
  if (tree === null && written === undefined) return null
  const word = written?.args[0]?.value.toLowerCase()
  return { tree, merging: word === 'and' || word === 'or' ? word : 'off', uncertain: !certain }
}

function mergeScopes(outer: Scope, inner: Scope): Scope {
  const uncertain = outer.uncertain || inner.uncertain
  if (inner.tree === null) {
    return { tree: outer.tree, merging: inner.merging === 'off' ? outer.merging : inner.merging, uncertain }
  }
  if (inner.merging === 'off') return inner
  if (outer.tree === null) return { ...inner, uncertain }
  const kind = inner.merging === 'and' ? 'all' : 'any'
  const tree: RequireTree = {
    kind,
    negated: false,
    children: [outer.tree, inner.tree],
    at: inner.tree.at,
    methods: null,
  }
  return { tree, merging: inner.merging, uncertain }
}

const HOST_LINES = ['order', 'allow', 'deny', 'satisfy']
const NONE: readonly ApacheDirective[] = []

function hostLinesOf(child: ApacheDirective): readonly ApacheDirective[] {
  switch (child.name.toLowerCase()) {
    case 'order':
    case 'allow':
    case 'deny':
    case 'satisfy':
      return [child]
    case 'limit':
    case 'limitexcept':
      return child.children.flatMap(hostLinesOf)
    default:
      return []
  }
}

function checkHost(lines: readonly ApacheDirective[], client: Client): boolean | undefined {
  const order = ofMethod(lines, 'order', client)
  if (order === undefined) return undefined
  const allows = fromLines(lines, 'allow', client)
  const denies = fromLines(lines, 'deny', client)
  switch (order.at(-1)?.args[0]?.value.toLowerCase() ?? 'deny,allow') {
    case 'deny,allow':
      return or(allows, not(denies))
    default:
      // `allow,deny` and `mutual-failure`: let in by one and not turned away by the other.
      return and(allows, not(denies))
  }
}

/** The lines of a name for the method of the request; undefined where that is not known and matters. */
function ofMethod(
  lines: readonly ApacheDirective[],
  name: string,
  client: Client,
): readonly ApacheDirective[] | undefined {
  const list: ApacheDirective[] = []
  for (const line of lines) {
    if (line.name.toLowerCase() !== name) continue
    const concerned = concerns(methodsAround(line), client)
    if (concerned === undefined) return undefined
    if (concerned) list.push(line)
  }
  return list
}

function methodsAround(line: ApacheDirective): Methods {
  const parent = line.parent
  return parent !== null && /^limit(?:except)?$/i.test(parent.name) ? limitOf(parent) : null
}

function fromLines(lines: readonly ApacheDirective[], name: string, client: Client): boolean | undefined {
  const own = ofMethod(lines, name, client)
  if (own === undefined) return undefined
  let result: boolean | undefined = false
  for (const line of own) {
    for (const { value } of line.args.slice(1)) {
      const matches = matchesFrom(value, client)
      if (matches === true) return true
      if (matches === undefined) result = undefined
    }
  }
  return result
}

function matchesFrom(word: string, client: Client): boolean | undefined {
  if (!isSettled(word)) return undefined
  if (word.toLowerCase() === 'all') return true
  return client.address === undefined ? undefined : isInNetwork(client.address, word)
}

function not(value: boolean | undefined): boolean | undefined {
  return value === undefined ? undefined : !value
}

function and(a: boolean | undefined, b: boolean | undefined): boolean | undefined {
  if (a === false || b === false) return false
  return a === undefined || b === undefined ? undefined : true
}

function or(a: boolean | undefined, b: boolean | undefined): boolean | undefined {
  if (a === true || b === true) return true
  return a === undefined || b === undefined ? undefined : false
}
