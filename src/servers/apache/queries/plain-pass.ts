/** The path of which a line takes everything, and the target with which `ProxyPass` would take the same. */
export interface PlainPass {
  readonly path: string
  readonly target: string
}

/** A path as an expression writes it, a slash that may be left out, and the ways to say `and all below`. */
const PATTERN =
  /^(?<start>\^?)(?<path>(?:\/(?:[\w~-]|\\[.-])*)*)(?<slash>\/\?)?(?:(?<rest>\(\.[*+]\))|(?<below>\(\|?\/\.\*\)\??)|(?:\.\*)?)\$?$/

/** The target without what it has of the path. */
const WHOLE = /^([^$%]*:\/\/[^$%/]+[^$%]*)(?:%\{REQUEST_URI\}|\$0)$/
const BEHIND = /^([^$%]*:\/\/[^$%/]+[^$%]*)\$1$/

/**
 * What a `RewriteRule` with `[P]`, or a `ProxyPassMatch`, says in the words of `ProxyPass`: `^/x/(.*)$` with
 * `http://backend/$1`, or `^/x` with `http://backend%{REQUEST_URI}`. Null for an expression that asks for more, and where
 * the target puts the path together in another way.
 */
export function plainPass(pattern: string, target: string): PlainPass | null {
  const parts = PATTERN.exec(pattern)?.groups
  if (parts === undefined) return null
  const written = (parts.path ?? '').replace(/\\/g, '')
  // Without `^` it may stand anywhere in the path.
  if (parts.start === '' && !/^\/?$/.test(written)) return null
  const path = written === '' ? '/' : written
  const whole = WHOLE.exec(target)?.[1]
  if (whole !== undefined) return whole.endsWith('/') ? null : { path, target: `${whole}${path}` }
  const head = BEHIND.exec(target)?.[1]
  if (head === undefined) return null
  if (parts.rest !== undefined && parts.slash === undefined)
    // What the group has begins with the slash where the path has none.
    return written !== '' ? { path, target: head } : head.endsWith('/') ? null : { path, target: `${head}/` }
  if (parts.rest !== undefined)
    return head.endsWith('/') ? { path, target: written === '' ? head : head.slice(0, -1) } : null
  if (parts.below === undefined || head.endsWith('/')) return null
  return { path, target: written === '' ? `${head}/` : head }
}
