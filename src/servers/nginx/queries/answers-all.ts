import type { NginxWord } from '../../../../parsers/nginx/syntax.ts'
import { matchesEveryPath } from '../../pcre/pattern-facts.ts'
import { readPattern } from '../../pcre/read-pattern.ts'
import type { NginxDirective } from '../configuration.ts'

/** A redirect as a line of the rewrite module has it. */
export interface WrittenRedirect {
  readonly status: number
  readonly target: NginxWord
}

const ABSOLUTE = /^(?:https?:\/\/|\$scheme)/

/** What a `return` or `rewrite` redirects to; null for any other line. */
export function writtenRedirect({ name, args }: NginxDirective): WrittenRedirect | null {
  const [first, second, flag] = args
  if (first === undefined) return null
  if (name === 'return') {
    if (second === undefined) return ABSOLUTE.test(first.value) ? { status: 302, target: first } : null
    return /^30[12378]$/.test(first.value) ? { status: Number(first.value), target: second } : null
  }
  if (name !== 'rewrite' || second === undefined) return null
  if (flag?.value === 'permanent') return { status: 301, target: second }
  return flag?.value === 'redirect' || ABSOLUTE.test(second.value) ? { status: 302, target: second } : null
}

/**
 * True for a line that answers every request which comes to it, whatever its path: `return`, or a `rewrite` that redirects
 * all. In a server nginx looks for no location behind it.
 */
export function answersAll(line: NginxDirective): boolean {
  if (line.name === 'return') return true
  return (
    line.name === 'rewrite' && writtenRedirect(line) !== null && takesEveryPath(line.args[0]?.value ?? '')
  )
}

/** True for an expression that matches every path: `^`, `.*`, `^/(.*)$`. */
export function takesEveryPath(pattern: string): boolean {
  const tree = readPattern(pattern)
  return tree !== null && matchesEveryPath(tree)
}
