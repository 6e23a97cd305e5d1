import { type Fact, known, unknown } from '../../../fact.ts'
import type { ApacheDirective } from '../../configuration.ts'
import type { RequestRecord } from '../request.ts'
import { escapeByte, escapeUri } from '../url-text.ts'
import { headerValue } from '../header-value.ts'
import { environmentVariable, sharedVariable, sslVariable } from '../variables.ts'
import type { RewriteContext } from './context.ts'
import { inheritsFromServer } from './rule-set.ts'
import type { RewriteRule } from './rules.ts'

/** A text of which every `$1`, `%1`, `%{NAME}` and `${map:key}` is replaced. */
export interface Expanded {
  readonly text: string
  /** Where the first `?` came from, or the last with `[QSL]`: `client` for one that an expansion brought. */
  readonly question: 'written' | 'client' | null
}

/**
 * Expands a text of mod_rewrite in one pass; a backslash keeps the next character.
 *
 * @param rule whose `[B]` flags hold for `$1` and its like; null in conditions and `[E]`
 */
export function expand(text: string, context: RewriteContext, rule: RewriteRule | null): Fact<Expanded> {
  let result = ''
  let question: Expanded['question'] = null
  const add = (piece: string, from: 'written' | 'client') => {
    result += piece
    if (piece.includes('?') && (question === null || rule?.flags.has('QSL'))) question = from
  }
  for (let at = 0; at < text.length; ) {
    const char = text[at]
    const next = text[at + 1]
    if (char === '\\' && next !== undefined) {
      result += next
      at += 2
    } else if ((char === '$' || char === '%') && next !== undefined && /[0-9]/.test(next)) {
      const match = char === '$' ? context.ruleMatch : context.conditionMatch
      add(escaped(match?.captures[Number(next)] ?? '', rule), 'client')
      at += 2
    } else if ((char === '$' || char === '%') && next === '{') {
      const close = closingCurly(text, at + 2)
      const inside = text.slice(at + 2, close)
      // A bracket without an end, and a map without a key, are text.
      if (close === -1 || (char === '$' && !inside.includes(':'))) {
        result += text.slice(at, at + 2)
        at += 2
        continue
      }
      const value = char === '%' ? variable(context, inside) : lookUp(context, inside, rule)
      if (!value.known) return value
      add(value.value, 'client')
      at = close + 1
    } else {
      add(char ?? '', 'written')
      at++
    }
  }
  return known({ text: result, question })
}

/** Expands to the text alone. */
export function expandText(text: string, context: RewriteContext): Fact<string> {
  const expanded = expand(text, context, null)
  return expanded.known ? known(expanded.value.text) : expanded
}

/** `[B]` escapes what a group holds, as a form would. */
function escaped(value: string, rule: RewriteRule | null): string {
  if (!rule?.flags.has('B')) return value
  const { escapes, unescaped, flags } = rule
  const isControl = (char: string) => char <= ' ' || char === '\x7f'
  let result = ''
  for (const char of value) {
    const byDefault = flags.has('BCTLS') ? isControl(char) : escapes === null
    const chosen = (byDefault || escapes?.includes(char)) && !unescaped?.includes(char)
    if (!chosen || /[A-Za-z0-9_]/.test(char)) result += char
    else result += char === ' ' && !flags.has('BNP') ? '+' : escapeByte(char)
  }
  return result
}

function closingCurly(text: string, start: number): number {
  let depth = 1
  for (let at = start; at < text.length; at++) {
    if (text[at] === '}' && --depth === 0) return at
    if (text[at] === '{') depth++
  }
  return -1
}

/** The value of a variable of mod_rewrite; empty for a name that it does not know. */
export function variable(context: RewriteContext, name: string): Fact<string> {
  const { record } = context
  if (name.length < 4) return known('')
  const prefix = /^(ENV|SSL|HTTP|LA-U|LA-F):(.+)$/is.exec(name)
  const rest = prefix?.[2] ?? ''
  switch (prefix?.[1]?.toUpperCase()) {
    case 'ENV':
      return environmentVariable(record, rest)
    case 'SSL':
      return sslVariable(record, rest)
    case 'HTTP':
      return headerValue(record, rest)
    case 'LA-U':
    case 'LA-F':
      return ahead(context, rest)
  }
  if (name[3] === ':' || name[4] === ':') return known('')
  return sharedVariable(record, name.toUpperCase()) ?? known('')
}

/** What a variable would hold after the request as it stands now is mapped to a file. */
function ahead(context: RewriteContext, name: string): Fact<string> {
  const { record, uri, directory, base } = context
  if (!maySubrequest(record)) return known('')
  const path = directory === null || uri.startsWith('/') ? uri : (base ?? directory) + uri
  const sub = record.walk.lookUp(record, path)
  if (sub.phase.kind === 'unknown') return unknown(sub.phase.reason, sub.phase.at)
  return variable({ ...context, record: sub.record }, name)
}

/** mod_rewrite starts no subrequest from a subrequest for the same URI. */
export function maySubrequest({ main, uri }: RequestRecord): boolean {
  return main === null || main.uri !== uri
}

/** The map of a name in the virtual host itself, or in the main server where its maps are inherited. */
function rewriteMap(
  { configuration, host }: RequestRecord['walk'],
  name: string,
): ApacheDirective | undefined {
  const all = configuration.occurrences.get('rewritemap') ?? []
  const isNamed = ({ args }: ApacheDirective) => args[0]?.value === name
  const own = all.findLast(line => line.parent === (host?.directive ?? null) && isNamed(line))
  if (own !== undefined || host === null) return own
  return inheritsFromServer(configuration, host)
    ? all.findLast(line => line.parent === null && isNamed(line))
    : undefined
}

/** `${map:key|default}`: the maps inside httpd are known, files and programs are not. */
function lookUp(context: RewriteContext, inside: string, rule: RewriteRule | null): Fact<string> {
  const colon = inside.indexOf(':')
  const name = inside.slice(0, colon)
  const bar = inside.indexOf('|', colon)
  const key = expand(inside.slice(colon + 1, bar === -1 ? undefined : bar), context, rule)
  if (!key.known) return key
  const byDefault = (): Fact<string> => {
    const value = bar === -1 ? known(null) : expand(inside.slice(bar + 1), context, rule)
    return value.known ? known(value.value?.text ?? '') : value
  }
  const map = rewriteMap(context.record.walk, name)
  const { text } = key.value
  // A map that is not declared has no values.
  if (map === undefined) return byDefault()
  switch (map.args[1]?.value) {
    case 'int:tolower':
      return known(text.replace(/[A-Z]+/g, letters => letters.toLowerCase()))
    case 'int:toupper':
      return known(text.replace(/[a-z]+/g, letters => letters.toUpperCase()))
    case 'int:escape':
      return known(escapeUri(text))
    default:
      return unknown(`the map \`${name}\` is not known here`)
  }
}
