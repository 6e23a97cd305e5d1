import { memoByKey } from '../../../../parsers/collections/memo.ts'
import type { NginxWord } from '../../../../parsers/nginx/syntax.ts'
import { isUnknownWord, type Place } from '../../../../parsers/text/source.ts'
import { compilePcre, type Pcre } from '../../regex.ts'
import type { NginxConfiguration, NginxDirective } from '../configuration.ts'
import { namePlace, wordPlace } from './places.ts'
import { childrenNamed } from './scope.ts'

/**
 * A name of a server, by the way nginx matches it.
 *
 * `exact`: the lower-case name; empty for `""`, which answers requests without a host.
 * `leading`: `*.example.com`, any name below `domain`; `.example.com` the domain itself too (`apex`).
 * `trailing`: `www.example.*`, `stem` with anything behind its dot.
 * `regex`: `~…`, tried in reading order after all others; `regex` is null where it cannot be evaluated.
 * `unknown`: `$hostname`, a template's placeholder.
 */
export type NginxServerName = { readonly at: Place; readonly text: string } & (
  | { readonly kind: 'exact'; readonly name: string }
  | { readonly kind: 'leading'; readonly domain: string; readonly apex: boolean }
  | { readonly kind: 'trailing'; readonly stem: string }
  | { readonly kind: 'regex'; readonly pattern: string; readonly regex: Pcre | null }
  | { readonly kind: 'unknown' }
)

/** The names of a server in reading order; the empty name alone where none is written. */
export const serverNames = memoByKey(readServerNames)

function readServerNames(_: NginxConfiguration, server: NginxDirective): readonly NginxServerName[] {
  const directives = childrenNamed(server, 'server_name')
  const [only] = directives
  const read = only !== undefined && directives.length === 1 ? readNames(only) : directives.flatMap(readNames)
  return read.length === 0 ? [{ kind: 'exact', name: '', text: '', at: namePlace(server) }] : read
}

function readNames(directive: NginxDirective): readonly NginxServerName[] {
  return directive.args.map(word => readName(directive, word))
}

function readName(directive: NginxDirective, word: NginxWord): NginxServerName {
  const at = wordPlace(directive, word)
  const text = word.value
  if (isUnknownWord(text) || text.toLowerCase() === '$hostname') return { kind: 'unknown', text, at }
  if (text.startsWith('~')) {
    const pattern = text.slice(1)
    // nginx ignores case where the expression has a capital letter; hosts are in lower case anyway.
    return {
      kind: 'regex',
      pattern,
      regex: compilePcre(pattern, { caseless: /[A-Z]/.test(pattern) }),
      text,
      at,
    }
  }
  const name = text.toLowerCase()
  if (name.startsWith('*.') && name.length > 2)
    return { kind: 'leading', domain: name.slice(2), apex: false, text, at }
  if (name.startsWith('.') && name.length > 1)
    return { kind: 'leading', domain: name.slice(1), apex: true, text, at }
  if (name.endsWith('.*') && name.length > 2) return { kind: 'trailing', stem: name.slice(0, -2), text, at }
  return { kind: 'exact', name, text, at }
}

/** True where the name matches the host, false where it does not, undefined where nobody here can tell. */
export function nameMatches(name: NginxServerName, host: string): boolean | undefined {
  const lower = host.toLowerCase()
  switch (name.kind) {
    case 'exact':
      return name.name === lower
    case 'leading':
      return lower.endsWith(`.${name.domain}`) || (name.apex && lower === name.domain)
    case 'trailing':
      return lower.startsWith(`${name.stem}.`) && lower.length > name.stem.length + 1
    case 'regex':
      return name.regex?.test(lower)
    case 'unknown':
      return undefined
  }
}
