import { isUnknownWord, placeText } from '../../../../parsers/text/source.ts'
import type { NginxConfiguration, NginxDirective } from '../configuration.ts'

/** A block, or null for what stands at the top of the configuration. */
export type NginxScope = NginxDirective | null

const NONE: readonly NginxDirective[] = []

/** Below this, comparing interned names one by one is quicker than an index and needs no memory. */
const SCANNED = 48

const indexOf = new WeakMap<readonly NginxDirective[], ReadonlyMap<string, readonly NginxDirective[]>>()

/** The directives of one name that stand directly in a block, in reading order. */
export function childrenNamed(scope: NginxDirective, name: string): readonly NginxDirective[] {
  return named(scope.children, name)
}

/** The directives of one name at the top of the configuration, in reading order. */
export function topNamed(configuration: NginxConfiguration, name: string): readonly NginxDirective[] {
  return named(configuration.top, name)
}

/** The directives of one name in a list of siblings. */
export function named(directives: readonly NginxDirective[], name: string): readonly NginxDirective[] {
  if (directives.length > SCANNED) return index(directives).get(name) ?? NONE
  let found: NginxDirective[] | null = null
  for (const directive of directives) {
    if (directive.name !== name) continue
    if (found === null) found = [directive]
    else found.push(directive)
  }
  return found ?? NONE
}

function index(directives: readonly NginxDirective[]): ReadonlyMap<string, readonly NginxDirective[]> {
  const known = indexOf.get(directives)
  if (known !== undefined) return known
  const built = new Map<string, NginxDirective[]>()
  for (const directive of directives) {
    const list = built.get(directive.name)
    if (list === undefined) built.set(directive.name, [directive])
    else list.push(directive)
  }
  indexOf.set(directives, built)
  return built
}

const unreadOf = new WeakMap<NginxConfiguration, ReadonlySet<string>>()

/** The arguments of every `include` whose files nobody here has read: they may set anything. */
function unreadArguments(configuration: NginxConfiguration): ReadonlySet<string> {
  const known = unreadOf.get(configuration)
  if (known !== undefined) return known
  const unread = new Set<string>()
  for (const { code, at } of configuration.problems) {
    if (!code.startsWith('include-') || code === 'include-cycle') continue
    const text = placeText(at)
    unread.add(/^(["']).*\1$/s.test(text) ? text.slice(1, -1) : text)
  }
  unreadOf.set(configuration, unread)
  return unread
}

/** True where an `include` directly in this block (at the top for null) brought what nobody here has read. */
export function hasUnreadInclude(configuration: NginxConfiguration, scope: NginxScope): boolean {
  const includes = scope === null ? topNamed(configuration, 'include') : childrenNamed(scope, 'include')
  if (includes.length === 0) return false
  const unread = unreadArguments(configuration)
  return includes.some(({ args, source }) => {
    const path = args[0]?.value ?? ''
    // Of a template's includes nothing is said, so none of them is sure to have been read.
    return source.template || isUnknownWord(path) || unread.has(path)
  })
}

/** The `http` block; null in fragments, and where there is none. */
export function httpBlock(configuration: NginxConfiguration): NginxDirective | null {
  return topNamed(configuration, 'http').find(directive => directive.node.block !== null) ?? null
}
