import { type Fact, known, unknown } from '../../fact.ts'
import { compilePcre, regexReason, toBytes } from '../../regex.ts'
import { isAtLeast } from '../../version.ts'
import type { NginxDirective } from '../configuration.ts'
import { interpolate, isComputed, valueParts } from './interpolate.ts'
import { escapeArguments } from './normalise-uri.ts'
import { keepMatch, type RequestState, requestVariables } from './request.ts'

/** What a `rewrite` did. */
export type RewriteResult =
  | { readonly kind: 'no-match' }
  /** The request goes on in the same list of directives. */
  | { readonly kind: 'changed'; readonly flow: 'continue' | 'last' | 'break' }
  | { readonly kind: 'redirect'; readonly status: number; readonly location: string }
  | { readonly kind: 'error'; readonly status: number; readonly reason: string }
  | { readonly kind: 'unknown'; readonly reason: string }

/** Applies a `rewrite` to the state, as ngx_http_rewrite_module does. */
export function applyRewrite(state: RequestState, directive: NginxDirective): RewriteResult {
  const [pattern, replacement, flag] = directive.args.map(word => word.value)
  if (pattern === undefined || replacement === undefined)
    return { kind: 'unknown', reason: 'the rewrite is malformed' }
  const regex = compilePcre(pattern)
  if (regex === null) return { kind: 'unknown', reason: `\`${pattern}\` cannot be evaluated here` }
  const match = regex.match(state.uri)
  if (match === undefined) return { kind: 'unknown', reason: regexReason(pattern) }
  keepMatch(state, match)
  if (match === null) return { kind: 'no-match' }

  // A last `?` only says that the old arguments are dropped.
  const addArgs = !replacement.endsWith('?')
  const text = addArgs ? replacement : replacement.slice(0, -1)
  const isUrl = /^(?:http:\/\/|https:\/\/|\$scheme)/.test(replacement)
  if (isUrl || flag === 'redirect' || flag === 'permanent')
    return redirect(state, text, addArgs, flag === 'permanent' ? 301 : 302)

  const changed = replaceUri(state, text, addArgs)
  if (!changed.known) return { kind: 'unknown', reason: changed.reason }
  if (state.uri === '') return { kind: 'error', status: 500, reason: 'the rewritten URI is empty' }
  state.internal = true
  state.unchanged = false
  if (flag === 'break') state.validLocation = false
  return { kind: 'changed', flow: flag === 'last' || flag === 'break' ? flag : 'continue' }
}

/** The path is what stands before the first `?` written in the replacement, whatever variables hold. */
function replaceUri(state: RequestState, text: string, addArgs: boolean): Fact<null> {
  const question = text.indexOf('?')
  const path = expand(state, question === -1 ? text : text.slice(0, question), false)
  if (!path.known) return unknown(path.reason)
  if (question === -1) {
    state.uri = path.value
    if (!addArgs) state.args = ''
    return known(null)
  }
  const args = expand(state, text.slice(question + 1), true)
  if (!args.known) return unknown(args.reason)
  const old = addArgs && state.args !== '' ? `&${state.args}` : ''
  state.uri = path.value
  state.args = args.value + old
  return known(null)
}

function redirect(state: RequestState, text: string, addArgs: boolean, status: number): RewriteResult {
  const expanded = expand(state, text, true)
  if (!expanded.known) return { kind: 'unknown', reason: expanded.reason }
  const location = unescapeRedirect(expanded.value)
  const joint = text.includes('?') ? '&' : '?'
  return {
    kind: 'redirect',
    status,
    location: addArgs && state.args !== '' ? location + joint + state.args : location,
  }
}

/** Replaces variables; numbered groups are escaped in arguments and redirects where the request held an escape. */
function expand(state: RequestState, text: string, escapes: boolean): Fact<string> {
  if (!isComputed(text) || !escapes || !(state.quoted || state.plus))
    return interpolate(text, requestVariables(state))
  const strict = isAtLeast(state.configuration.version, '1.21.1')
  const variables = requestVariables(state)
  let result = ''
  for (const part of valueParts(text)) {
    if (part.kind === 'text') {
      result += toBytes(part.text)
      continue
    }
    const fact = variables(part.name)
    if (!fact.known) return fact
    result += /^[1-9]$/.test(part.name) ? escapeArguments(fact.value, strict) : fact.value
  }
  return known(result)
}

/** nginx decodes what it can of a redirect's path again, up to the first `?`, escaped ones included. */
function unescapeRedirect(text: string): string {
  let result = ''
  for (let at = 0; at < text.length; at++) {
    const char = text[at] ?? ''
    if (char === '?') return result + text.slice(at)
    if (char !== '%') {
      result += char
      continue
    }
    const hex = text.slice(at + 1, at + 3)
    if (!/^[0-9a-fA-F]{2}$/.test(hex)) {
      // A broken escape loses its percent sign and, behind one digit, that digit too.
      if (/^[0-9a-fA-F]/.test(hex)) at += hex.length
      continue
    }
    const decoded = String.fromCharCode(Number.parseInt(hex, 16))
    at += 2
    if (decoded === '?') return `${result}?${text.slice(at + 1)}`
    result += decoded > '%' && decoded < '\x7f' ? decoded : `%${hex}`
  }
  return result
}
