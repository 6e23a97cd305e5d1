import { fromBytes, toBytes, compilePcre } from '../../regex.ts'
import type { NginxConfiguration, NginxDirective } from '../configuration.ts'
import { interpolate } from './interpolate.ts'
import { readLocation } from './locations.ts'
import { withMatch } from './maps.ts'
import { proxyTarget } from './proxy-target.ts'
import { type Fact, unknown } from '../../fact.ts'
import { childrenNamed } from './scope.ts'

/** What a location puts in the place of its name: `proxy_pass http://app/;`, or a `rewrite … break` before the pass. */
export interface PassedPath {
  /** How the paths begin that clients ask for: `/shop/`. */
  readonly taken: string
  /** What stands in its place in the request to the program; the same where nothing is changed. */
  readonly sent: string
  /** The `rewrite` that changes it; null where the URI of the pass does, or nothing. */
  readonly rewrite: NginxDirective | null
}

/**
 * Null for an expression, and where a variable makes the target.
 *
 * @see https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_pass
 */
export function passedPath(
  configuration: NginxConfiguration,
  block: NginxDirective,
  pass: NginxDirective,
): PassedPath | null {
  if (block.name !== 'location') return null
  const { modifier, name } = readLocation(block)
  const target = proxyTarget(configuration, pass)
  if ((modifier !== '' && modifier !== '^~') || !name.startsWith('/')) return null
  if (!target.known || target.value.computed) return null
  const rewritten = rewrittenPath(block, name)
  if (rewritten !== null) return rewritten
  return { taken: name, sent: target.value.uri === '' ? name : target.value.uri, rewrite: null }
}

/** Two paths below a location, of which one `rewrite` has to make the same. */
const BELOW = ['a1/b2', 'c.d'] as const

/** What the one `rewrite` of a location puts in place of its name, in front of whatever follows; nginx sends that instead of a URI. */
function rewrittenPath(block: NginxDirective, name: string): PassedPath | null {
  const [rewrite, ...others] = childrenNamed(block, 'rewrite')
  if (rewrite === undefined || others.length > 0 || name === '/' || rewrite.args[2]?.value !== 'break')
    return null
  if (block.children.some(child => child.name === 'if' || child.name === 'break' || child.name === 'return'))
    return null
  const [pattern = '', replacement = ''] = rewrite.args.map(({ value }) => value)
  const taken = name.replace(/\/?$/, '/')
  const sent = BELOW.map(path => {
    const made = rewritten(pattern, replacement, taken + path)
    return made?.endsWith(path) === true ? made.slice(0, -path.length) : null
  })
  const [first = null] = sent
  if (first === null || !first.startsWith('/') || sent.some(each => each !== first)) return null
  return { taken, sent: first, rewrite }
}

/** The path that a `rewrite` makes of another; null where it makes none, or something besides decides. */
function rewritten(pattern: string, replacement: string, path: string): string | null {
  const match = compilePcre(pattern)?.match(toBytes(path)) ?? null
  if (match === null || replacement.includes('?')) return null
  const made = interpolate(replacement, withMatch(match, nothingElse))
  return made.known ? fromBytes(made.value) : null
}

const nothingElse = (): Fact<string> => unknown('a variable')
