import { posix } from 'node:path'
import { groupBy } from '../../../../parsers/collections/group-by.ts'
import { memo } from '../../../../parsers/collections/memo.ts'
import type { NginxBlock } from '../../../../parsers/nginx/syntax.ts'
import { isUnknownWord, placeText } from '../../../../parsers/text/source.ts'
import type { NginxConfiguration, NginxDirective } from '../configuration.ts'
import { loadsModulesAlone } from '../includes.ts'
import { isOfPackages, isToldByName, setByName } from '../set-by-name.ts'
import { branchesAt } from '../../presence.ts'
import { bringsLines } from '../template-problems.ts'

/** A block, or null for what stands at the top of the configuration. */
export type NginxScope = NginxDirective | null

const NONE: readonly NginxDirective[] = []

/** Below this, comparing interned names one by one is quicker than an index and needs no memory. */
const SCANNED = 48

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

const index = memo((directives: readonly NginxDirective[]) => groupBy(directives, ({ name }) => name))

/** What leaves a configuration in doubt; of most, nothing does, and then no block has to be searched for it. */
interface Unread {
  /** The arguments of every `include` whose files nobody here has read: they may set anything. */
  readonly includes: ReadonlySet<string>
  /** True where some file is a template: what order and number its blocks have is open. */
  readonly templates: boolean
}

const unreadIn = memo(
  (configuration: NginxConfiguration): Unread => ({
    includes: unreadArguments(configuration),
    templates: configuration.sources.some(source => source.template),
  }),
)

function unreadArguments(configuration: NginxConfiguration): ReadonlySet<string> {
  const unread = new Set<string>()
  const missing = configuration.problems.filter(
    ({ code }) => code === 'include-missing' || code === 'include-directory',
  )
  for (const { at } of [...(configuration.unread ?? []), ...missing]) {
    const text = placeText(at)
    unread.add(/^(["']).*\1$/s.test(text) ? text.slice(1, -1) : text)
  }
  return unread
}

/**
 * True where nobody knows every directive of the configuration, or every one of this name. Files that come with nginx
 * and were not read leave open the parameters alone that they are there for.
 */
export function mayHoldUnread(configuration: NginxConfiguration, name: string | null = null): boolean {
  const { includes, templates } = unreadIn(configuration)
  for (const path of includes) if (maySet(path, name)) return true
  if (!templates) return false
  if (hasLoosePlaceholder(configuration)) return true
  const lines = configuration.occurrences.get('include') ?? []
  return lines.some(include => include.source.template && isUnread(configuration, include, name))
}

/** True where some placeholder of a template brings whole lines: one in the value of a directive sets no other. */
const hasLoosePlaceholder = memo(
  ({ sources, occurrences }: NginxConfiguration): boolean =>
    sources.some(({ template, gaps }) => template && gaps.length > 0) ||
    [...occurrences.keys()].some(isUnknownWord),
)

/** Directories of the packages, empty as they come, into which sites and settings of the whole server are put. */
const STOCK_DIRECTORY =
  /(?:^|\/)(?:conf\.d|modules-enabled|sites-enabled|sites|vhosts?(?:\.d)?)\/[^/]*\*[^/]*$/

/** What is written where it holds, in a server or location, and hardly ever for the whole of http. */
const LOCAL: ReadonlySet<string> = new Set([
  ...['allow', 'deny', 'satisfy', 'auth_basic', 'auth_basic_user_file', 'auth_request', 'auth_jwt'],
  ...['root', 'alias', 'index', 'autoindex', 'internal', 'error_page', 'recursive_error_pages'],
  ...[
    'absolute_redirect',
    'port_in_redirect',
    'server_name_in_redirect',
    'merge_slashes',
    'types',
    'proxy_http_version',
  ],
  ...['proxy_ssl_server_name', 'grpc_ssl_server_name', 'proxy_ignore_headers', 'proxy_cache'],
])

/**
 * True where an `include` that brought nothing surely brings no server: the packages' modules, the files of parameters
 * that come with nginx, what a location includes, and Debian's `conf.d` beside a `sites-enabled` that is here, for a
 * tree that lacks it has nothing in it.
 */
export function bringsNoServer(configuration: NginxConfiguration, path: string): boolean {
  if (loadsModulesAlone(path) || isOfPackages(path)) return true
  if (/(?:^|\/)conf\.d\/[^/]*\*[^/]*$/.test(path) && hasSites(configuration)) return true
  const by = (includesByName(configuration).get(posix.basename(path)) ?? []).filter(({ args }) =>
    isSamePath(args[0]?.value ?? '', path),
  )
  return by.length > 0 && by.every(({ context }) => context === 'location' || context === 'location if')
}

/** By the last part of what they include. */
const includesByName = memo(({ occurrences }: NginxConfiguration) =>
  groupBy(occurrences.get('include') ?? [], ({ args }) => posix.basename(args[0]?.value ?? '')),
)

const hasSites = memo(({ sources }: NginxConfiguration): boolean =>
  sources.some(({ path }) => path.includes('/sites-enabled/')),
)

/** Where requests go is never left to a file of parameters, nor to what the packages' directories may hold. */
function maySet(path: string, name: string | null): boolean {
  if (loadsModulesAlone(path)) return name === 'load_module'
  if (name !== null && LOCAL.has(name) && STOCK_DIRECTORY.test(path)) return false
  if (name !== null && !isToldByName(path, name)) return false
  const set = setByName(path)
  if (set === null) return true
  return name !== null && name !== 'proxy_pass' && set.some(prefix => name.startsWith(prefix))
}

/**
 * True where a template's placeholder stands between the directives of a block, or in place of a directive's
 * name: what it renders to may set anything.
 */
export const hasPlaceholder = memo(
  (scope: NginxDirective): boolean =>
    scope.source.template && (hasGap(scope) || scope.children.some(({ name }) => isUnknownWord(name))),
)

/** True where one of the template's gaps lies in the block and in none of its children. */
function hasGap({ source, node }: NginxDirective): boolean {
  const { block } = node
  return block !== null && source.gaps.some(gap => isOwnGap(block, gap))
}

function isOwnGap({ start, end, children }: NginxBlock, gap: number): boolean {
  return gap >= start && gap < end && !children.some(child => gap >= child.start && gap < child.end)
}

/**
 * How many of a block's directives stand before the first thing in it that nobody here has read and that may rewrite
 * or answer: all of them where nothing is unread.
 */
export function readBefore(configuration: NginxConfiguration, scope: NginxDirective): number {
  const { children } = scope
  if (!hasUnreadInclude(configuration, scope)) return children.length
  const gap = firstGap(scope)
  const first = children.findIndex(
    child =>
      isUnknownWord(child.name) ||
      (child.source === scope.source && child.node.start > gap) ||
      (child.name === 'include' && isUnread(configuration, child, null)),
  )
  return first === -1 ? children.length : first
}

/** The offset of the first gap between the lines of a block itself. */
function firstGap({ source, node }: NginxDirective): number {
  const { block } = node
  if (block === null || !source.template) return Number.POSITIVE_INFINITY
  return source.gaps.find(gap => isOwnGap(block, gap)) ?? Number.POSITIVE_INFINITY
}

/** True where a template may have more servers than are written in it: it repeats some, or brings lines of elsewhere. */
export const mayRepeatServers = memo(
  ({ sources, occurrences }: NginxConfiguration): boolean =>
    sources.some(bringsLines) ||
    (occurrences.get('server') ?? []).some(({ source, node }) =>
      branchesAt(source, node.start).some(({ repeats }) => repeats),
    ),
)

/**
 * True where an `include` directly in this block (at the top for null), or a placeholder, brings what nobody
 * here has read and what may hold the directive of this name; without a name, anything that decides where
 * requests go.
 */
export function hasUnreadInclude(
  configuration: NginxConfiguration,
  scope: NginxScope,
  name: string | null = null,
): boolean {
  const unread = unreadIn(configuration)
  if (!unread.templates && unread.includes.size === 0) return false
  if (scope !== null && unread.templates && hasPlaceholder(scope)) return true
  const includes = scope === null ? topNamed(configuration, 'include') : childrenNamed(scope, 'include')
  return includes.some(include => isUnread(configuration, include, name))
}

/** The same of any block from this one out to its server. */
export function hasUnreadAround(
  configuration: NginxConfiguration,
  scope: NginxDirective,
  name: string,
): boolean {
  for (let level: NginxScope = scope; level !== null && level.name !== 'http'; level = level.parent)
    if (hasUnreadInclude(configuration, level, name)) return true
  return false
}

/** True for an `include` that brings what nobody here has read and what may hold the directive of this name. */
function isUnread(
  configuration: NginxConfiguration,
  { args, source }: NginxDirective,
  name: string | null,
): boolean {
  const path = args[0]?.value ?? ''
  // Of a template's includes nothing is said, so none of them is sure to have been read.
  const missing = source.template || isUnknownWord(path) || isAmong(unreadIn(configuration).includes, path)
  if (name === 'server' && bringsNoServer(configuration, path)) return false
  return missing && maySet(path, name)
}

/** True also for the same file by its whole path, or by the one from nginx's directory: it is complained of once. */
function isAmong(unread: ReadonlySet<string>, path: string): boolean {
  if (unread.has(path)) return true
  for (const other of unread) if (isSamePath(path, other)) return true
  return false
}

function isSamePath(one: string, other: string): boolean {
  return one === other || other.endsWith(`/${one}`) || one.endsWith(`/${other}`)
}

/** The `http` block; null in fragments, and where there is none. */
export function httpBlock(configuration: NginxConfiguration): NginxDirective | null {
  return topNamed(configuration, 'http').find(directive => directive.node.block !== null) ?? null
}
