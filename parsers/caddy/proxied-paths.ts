import type { CaddyPaths } from './caddyfile.ts'
import { type Directive, isMatcher } from './directive.ts'

/** What comes to a block: some paths, all of them as they came, or what nobody here can tell. */
export type Way = CaddyPaths | 'all' | 'unknown'

export const ALL_PATHS: Way = 'all'

const PREFIX = /^(\/[\w.~-]+(?:\/[\w.~-]+)*)(?:\/\*|\*)$/

/** The paths for which a directive is asked, in a block to which others may have led. */
export function pathsOfProxy({ name, args }: Directive, outer: Way): Way {
  const [matcher] = args
  if (matcher === undefined || !isMatcher(matcher)) return outer
  if (matcher.text === '*' || matcher.text === '/*') return outer
  const prefix = PREFIX.exec(matcher.text)?.[1]
  // Inside of another path it is matched with what is left of it.
  if (outer !== 'all' || prefix === undefined) return 'unknown'
  const isStripped = name.text === 'handle_path'
  return { prefix, isStripped, at: isStripped ? name.at : matcher.at }
}

/** The same behind the lines of a block that make another path. */
export function pathsInside(block: readonly Directive[], way: Way): Way {
  if (block.some(({ name }) => name.text === 'rewrite' || name.text === 'import')) return 'unknown'
  const changes = block.filter(({ name }) => name.text === 'uri')
  const [change] = changes
  if (change === undefined) return way
  const [first, ...others] = change.args
  const words = first !== undefined && isMatcher(first) ? others : change.args
  const [verb, prefix] = words
  if (changes.length > 1 || verb?.text !== 'strip_prefix' || prefix === undefined) return 'unknown'
  // In a block for all paths it would be taken from some of them alone.
  return typeof way !== 'string' && !way.isStripped && prefix.text.replace(/\/$/, '') === way.prefix
    ? { prefix: way.prefix, isStripped: true, at: change.name.at }
    : 'unknown'
}

/** True of a proxy that asks for another path. */
export function hasOtherPath(lines: readonly Directive[]): boolean {
  return lines.some(({ name }) => /^(?:rewrite|method|import|handle_response)$/.test(name.text))
}
