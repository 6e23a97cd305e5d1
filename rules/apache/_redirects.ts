import type { ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { isSettled } from '../../src/servers/apache/queries/places.ts'

export const REDIRECTS = ['redirect', 'redirectpermanent', 'redirecttemp'] as const

/** Which arguments of a `Redirect` or `RedirectMatch` are its path and its target. */
export interface RedirectWords {
  readonly path: number
  /** Absent for `gone` and other statuses that lead nowhere. */
  readonly target: number
}

/** Null in `<Location>`, where the section has the path. */
export function redirectWords({ name, args, parent }: ApacheDirective): RedirectWords | null {
  if (parent !== null && /^Location/.test(parent.name)) return null
  const hasStatus =
    /^redirect(?:match)?$/i.test(name) &&
    /^(?:\d{3}|permanent|temp|seeother|gone)$/i.test(args[0]?.value ?? '')
  const path = hasStatus ? 1 : 0
  return args[path] === undefined ? null : { path, target: path + 1 }
}

/** A `Redirect` of all that is below a path. */
export interface PathRedirect {
  readonly directive: ApacheDirective
  /** Of the path among the arguments. */
  readonly index: number
  readonly path: string
  /** Empty for `gone` and other statuses that lead nowhere. */
  readonly target: string
}

/** The redirect that a line of `REDIRECTS` makes; null where its path is not written out. */
export function pathRedirect(directive: ApacheDirective): PathRedirect | null {
  const words = redirectWords(directive)
  if (words === null) return null
  const path = directive.args[words.path]?.value ?? ''
  if (!path.startsWith('/') || !isSettled(path)) return null
  return { directive, index: words.path, path, target: directive.args[words.target]?.value ?? '' }
}
