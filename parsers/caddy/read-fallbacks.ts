import { memo } from '../collections/memo.ts'
import type { Place, Source } from '../text/source.ts'
import type { Directive } from './directive.ts'
import { caddyBlocks, type Snippets } from './read-caddyfile.ts'

/** A `try_files` that takes paths from the proxies beside it. */
export interface CaddyFallback {
  /** The directive's name. */
  readonly at: Place
  /** Where every path goes that is no file: `/index.html`, `=404`. */
  readonly target: string
  /** What is asked behind it, and never gets a request of its paths. */
  readonly lost: readonly LostProxy[]
  /** True where its order among the directives of the block counts. */
  readonly isInRoute: boolean
}

export interface LostProxy {
  /** `/api/*`. */
  readonly path: string
  readonly at: Place
}

type Matchers = ReadonlyMap<string, readonly string[] | null>

/**
 * Caddy sorts the directives of a block by an order of its own, in which `try_files` stands before all that answers, and
 * each of these looks at the path that `try_files` has made. In a `route` the order is that of the file.
 *
 * @see https://caddyserver.com/docs/caddyfile/directives#directive-order
 */
export const readFallbacks = memo((source: Source): readonly CaddyFallback[] => {
  const { options, sites, snippets } = caddyBlocks(source)
  if (options.some(({ name }) => name.text === 'order')) return []
  return sites.flatMap(({ block }) => {
    const lines = withImports(block, snippets)
    // Where the root is another one by the path, the file may not be there for that of the proxy.
    const hasRoots = lines.some(
      ({ name, args }) => name.text === 'root' && args.length > 1 && args[0]!.text !== '*',
    )
    return servesFiles(lines, snippets) && !hasRoots ? fallbacksIn(lines, snippets, new Map(), false) : []
  })
})

const HOLDS = /^(?:handle|handle_path|route)$/

function fallbacksIn(
  lines: readonly Directive[],
  snippets: Snippets,
  outer: Matchers,
  isInRoute: boolean,
): readonly CaddyFallback[] {
  const matchers = new Map([...outer, ...matchersOf(lines)])
  const own = lines.flatMap((line, index): readonly CaddyFallback[] => {
    const target = line.name.text === 'try_files' ? fallbackOf(line) : null
    if (target === null) return []
    const behind = isInRoute ? lines.slice(index + 1) : lines
    const lost = behind.flatMap(each => lostIn(each, target, snippets, matchers))
    return lost.length === 0 ? [] : [{ at: line.name.at, target, lost, isInRoute }]
  })
  const inner = lines.flatMap(({ name, block }) =>
    HOLDS.test(name.text)
      ? fallbacksIn(withImports(block, snippets), snippets, matchers, name.text === 'route')
      : [],
  )
  return [...own, ...inner]
}

/** The last of its files, which is tried for nothing but is taken; null where it is made of the path. */
function fallbackOf({ args }: Directive): string | null {
  const last = args.at(-1)?.text ?? ''
  const tried = args.slice(0, -1)
  return tried.length > 0 &&
    tried.every(({ text }) => /\{(?:path|uri|http\.request\.uri(?:\.path)?)\}/.test(text)) &&
    /^(?:\/[^{}*]*(?:\?[^*]*)?|=\d{3})$/.test(last)
    ? last.replace(/\?.*/, '')
    : null
}

/** The proxies whose paths a fallback has made another one. */
function lostIn(
  line: Directive,
  target: string,
  snippets: Snippets,
  matchers: Matchers,
): readonly LostProxy[] {
  const isBlock = HOLDS.test(line.name.text)
  if (!isBlock && line.name.text !== 'reverse_proxy') return []
  const paths = pathsOf(line, matchers)
  // One that nobody can tell, or that is asked for every path.
  if (paths === null) return []
  const inner = isBlock ? withImports(line.block, snippets) : []
  if (paths.length === 0)
    return inner.flatMap(each => lostIn(each, target, snippets, new Map([...matchers, ...matchersOf(inner)])))
  if (paths.some(path => matches(path, target)) || (isBlock && !holdsProxy(inner, snippets))) return []
  const [path = ''] = paths
  return [{ path, at: line.args[0]!.at }]
}

/** The paths that a directive is asked for, none for all of them; null where nobody knows. */
function pathsOf({ name, args }: Directive, matchers: Matchers): readonly string[] | null {
  const [first] = args
  if (first === undefined) return []
  if (first.text.startsWith('@')) return matchers.get(first.text) ?? null
  if (first.text === '*' || first.text === '/*') return []
  if (first.text.startsWith('/')) return isPlain(first.text) ? [first.text] : null
  return name.text === 'reverse_proxy' ? [] : null
}

const isPlain = (path: string): boolean => /^\/[^{}]+$/.test(path)

/** Matchers with a name; null for one that looks at no path, or in a way that nobody can tell. */
function matchersOf(lines: readonly Directive[]): Matchers {
  return new Map(
    lines
      .filter(({ name }) => name.text.startsWith('@'))
      .map(({ name, args, block }) => {
        const [kind, ...words] = args
        const own = kind?.text === 'path' ? words : []
        const paths = [...own, ...block.filter(each => each.name.text === 'path').flatMap(each => each.args)]
        const texts = paths.map(({ text }) => text)
        return [name.text, texts.length > 0 && texts.every(isPlain) ? texts : null] as const
      }),
  )
}

/** True where a path of a matcher, whose `*` is any text, is that of a file. */
function matches(path: string, target: string): boolean {
  const pattern = path.replace(/[.*+?^${}()|[\]\\]/g, found => (found === '*' ? '.*' : `\\${found}`))
  return new RegExp(`^${pattern}$`, 'i').test(target)
}

function holdsProxy(lines: readonly Directive[], snippets: Snippets): boolean {
  return lines.some(
    ({ name, block }) =>
      name.text === 'reverse_proxy' ||
      (HOLDS.test(name.text) && holdsProxy(withImports(block, snippets), snippets)),
  )
}

function servesFiles(lines: readonly Directive[], snippets: Snippets): boolean {
  return lines.some(
    ({ name, block }) =>
      name.text === 'file_server' ||
      (HOLDS.test(name.text) && servesFiles(withImports(block, snippets), snippets)),
  )
}

/** The lines of a block with those of its snippets in their place. */
function withImports(lines: readonly Directive[], snippets: Snippets, depth = 0): readonly Directive[] {
  return depth > 9
    ? []
    : lines.flatMap(line =>
        line.name.text === 'import'
          ? withImports(snippets.get(line.args[0]?.text ?? '') ?? [], snippets, depth + 1)
          : [line],
      )
}
