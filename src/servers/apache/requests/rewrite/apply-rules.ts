import type { Place } from '../../../../../parsers/text/source.ts'
import { known, unknown } from '../../../fact.ts'
import { fromBytes } from '../../../regex.ts'
import { isAtLeast } from '../../../version.ts'
import { argumentPlace, namePlace } from '../../queries/places.ts'
import { matchPattern } from '../match-pattern.ts'
import { defaultPort, requestScheme, serverName, serverPort } from '../named-host.ts'
import { addStep, type RequestRecord } from '../request.ts'
import { absoluteLength, takesQuery } from '../url-text.ts'
import { conditionsHold } from './conditions.ts'
import type { RewriteContext } from './context.ts'
import { expand, expandText } from './expand.ts'
import { hostMatches } from './own-host.ts'
import type { DirectoryRules } from './rule-set.ts'
import type { RewriteRule } from './rules.ts'

/** What a list of rules comes to; the record's `filename` and `args` hold what was rewritten. */
export type Rewritten =
  | { readonly kind: 'unchanged' }
  | {
      readonly kind: 'changed'
      /** False by `[NE]`: a redirect goes out as it is. */
      readonly escapes: boolean
      readonly rule: RewriteRule
      /** `[PT]`, for a server's rules. */
      readonly passesThrough: boolean
      /** True where `http://` and this host were taken off: the rest is a URL, and no path of the file system. */
      readonly reduced: boolean
    }
  | { readonly kind: 'status'; readonly status: number; readonly rule: RewriteRule; readonly reason: string }
  | { readonly kind: 'unknown'; readonly reason: string; readonly at: Place | null }

/** httpd takes request lines of 8,190 bytes, and gives up on a path twice as long. */
const LONGEST = 2 * 8190

type Applied =
  | { readonly kind: 'no-match' | 'no-substitution' | 'match' }
  | Extract<Rewritten, { readonly kind: 'status' | 'unknown' }>

/** Rules that were held against something, of one list: `[N]` may go round for minutes. */
const MOST_APPLIED = 50_000

/** Applies the rules of a server (`perDirectory` null) or of a directory, in order. */
export function applyRules(
  record: RequestRecord,
  rules: readonly RewriteRule[],
  perDirectory: DirectoryRules | null,
): Rewritten {
  const context: RewriteContext = {
    record,
    directory: perDirectory?.directory ?? null,
    base: perDirectory?.base ?? null,
    uri: '',
    ruleMatch: null,
    conditionMatch: null,
  }
  const state: RuleState = { escapes: true, reduced: false }
  let changedBy: RewriteRule | null = null
  let round = 1
  let applied = 0
  for (let index = 0; index < rules.length; index++) {
    const rule = rules[index]!
    const { flags } = rule
    if (record.main !== null && (flags.has('NS') || flags.has('R'))) continue
    const at = namePlace(rule.directive)
    if (++applied > MOST_APPLIED) return { kind: 'unknown', reason: 'the rules go round in circles', at }
    const result = applyRule(rule, context, state)
    if (result.kind === 'unknown' || (result.kind === 'status' && !rule.isRefusal)) return result
    if (result.kind === 'no-match') {
      while (index < rules.length && rules[index]?.flags.has('C')) index++
      continue
    }
    if ((record.filename?.length ?? 0) > LONGEST)
      return { kind: 'status', status: 500, rule, reason: 'the rewritten path grows without end' }
    if (result.kind === 'status') return result
    const passesThrough = flags.has('PT')
    if (result.kind === 'match' || passesThrough) changedBy = rule
    if (result.kind === 'match') state.escapes = !flags.has('NE')
    if (passesThrough) {
      return { kind: 'changed', escapes: true, rule, passesThrough, reduced: state.reduced }
    }
    if (flags.has('END')) {
      record.rewriting.ended = true
      break
    }
    if (flags.has('P') || flags.has('L')) break
    if (flags.has('N')) {
      if (++round >= rule.rounds)
        return { kind: 'status', status: 500, rule, reason: '`[N]` goes round without end' }
      index = -1
      continue
    }
    index += rule.skip
  }
  if (changedBy === null) return { kind: 'unchanged' }
  return { kind: 'changed', rule: changedBy, passesThrough: false, ...state }
}

interface RuleState {
  escapes: boolean
  reduced: boolean
}

function applyRule(rule: RewriteRule, context: RewriteContext, state: RuleState): Applied {
  const { record, directory } = context
  const at = namePlace(rule.directive)
  if (!rule.settled) return { kind: 'unknown', reason: 'a part of the `RewriteRule` is not known here', at }
  const before = record.filename ?? ''
  const isProxied = record.isProxied && before.startsWith('proxy:')
  context.uri = before
  if (directory !== null) {
    context.uri += record.pathInfo
    if (!isProxied && context.uri.startsWith(directory)) context.uri = context.uri.slice(directory.length)
  }
  const match = matchPattern(rule.pattern, context.uri, rule.flags.has('NC'))
  if (match === undefined)
    return { kind: 'unknown', reason: `\`${rule.pattern}\` cannot be evaluated here`, at }
  if ((match !== null) === rule.negated) return { kind: 'no-match' }
  context.ruleMatch = rule.negated ? null : match
  context.conditionMatch = null
  const holds = conditionsHold(rule.conditions, context)
  if (holds.known && !holds.value) return { kind: 'no-match' }
  if (!holds.known) {
    if (isHarmless(rule)) {
      forgetVariables(rule, context, holds.reason)
      return { kind: 'no-match' }
    }
    const reason = `a condition of \`RewriteRule ${rule.pattern}\` cannot be decided: ${holds.reason}`
    return {
      kind: 'unknown',
      reason,
      at: rule.conditions.length > 0 ? namePlace(rule.conditions[0]!.directive) : at,
    }
  }
  const expanded = rule.keepsUri ? null : expand(rule.output, context, rule)
  if (expanded !== null && !expanded.known) return { kind: 'unknown', reason: expanded.reason, at }
  if (expanded?.value.question === 'client' && refusesQuestion(rule, context))
    return {
      kind: 'status',
      status: 403,
      rule,
      reason: 'the client wrote the `?` of the rewritten URL as `%3f`',
    }
  setVariables(rule, context)
  if (expanded === null) {
    forceType(rule, context)
    if (!rule.isRefusal) return { kind: 'no-substitution' }
    const reason = `\`RewriteRule ${rule.pattern}\` answers`
    return { kind: 'status', status: rule.status, rule, reason }
  }
  return substituteUri(rule, context, state, expanded.value.text)
}

/** Since 2.4.60 a `?` that the client sent as `%3f` may not become that of the query. */
function refusesQuestion({ flags }: RewriteRule, { record: { walk } }: RewriteContext): boolean {
  return !flags.has('UNSAFEALLOW3F') && isAtLeast(walk.configuration.version, '2.4.60')
}

/** True where the rule only sets variables, so that whether it applies changes no way. */
function isHarmless(rule: RewriteRule): boolean {
  const { flags } = rule
  const leads = ['S', 'C', 'L', 'END', 'N', 'T', 'H', 'PT'].some(flag => flags.has(flag))
  return rule.keepsUri && !rule.isRefusal && !leads
}

function forgetVariables({ environment }: RewriteRule, { record }: RewriteContext, reason: string): void {
  for (const entry of environment) {
    const name = /^!?([^:]*)/.exec(entry)?.[1] ?? ''
    record.env.set(name, unknown(reason))
  }
}

function setVariables({ environment }: RewriteRule, context: RewriteContext): void {
  const { env } = context.record
  for (const entry of environment) {
    const text = expandText(entry, context)
    if (!text.known) {
      env.set(/^!?([^:]*)/.exec(entry)?.[1] ?? '', unknown(text.reason))
      continue
    }
    const colon = text.value.indexOf(':')
    if (text.value.startsWith('!')) env.delete(text.value.slice(1))
    else if (colon === -1) env.set(text.value, known(''))
    else env.set(text.value.slice(0, colon), known(text.value.slice(colon + 1)))
  }
}

function forceType({ type, handler }: RewriteRule, context: RewriteContext): void {
  const { record } = context
  const typed = type === null ? null : expandText(type, context)
  if (typed?.known && typed.value !== '') record.forcedType = typed.value.toLowerCase()
  const handled = handler === null ? null : expandText(handler, context)
  if (handled?.known && handled.value !== '') record.forcedHandler = handled.value.toLowerCase()
}

function substituteUri(rule: RewriteRule, context: RewriteContext, state: RuleState, text: string): Applied {
  const { record, directory } = context
  const { flags } = rule
  const isProxied = record.isProxied && (record.filename ?? '').startsWith('proxy:')
  let uri = text
  let prefixed = false
  if (!isProxied && !uri.startsWith('/') && absoluteLength(uri) === 0) {
    prefixed = directory !== null || !(flags.has('P') || flags.has('R'))
    if (prefixed) uri = (directory ?? '/') + uri
  }
  record.filename = uri
  if (directory !== null && flags.has('DPI')) record.pathInfo = ''
  splitQuery(record, rule)
  addStep(record, 'rewrite', rewriteText(rule, record), argumentPlace(rule.directive, 0), rule.directive)
  if (flags.has('P') || flags.has('R')) {
    const whole = qualify(record)
    if (whole !== null) return { kind: 'unknown', reason: whole, at: namePlace(rule.directive) }
    if (flags.has('P')) record.filename = `proxy:${record.filename}`
    else record.status = rule.status
    return { kind: 'match' }
  }
  reduce(record, state)
  if (absoluteLength(record.filename) > 0) {
    record.status = rule.status
    return { kind: 'match' }
  }
  if (!prefixed && !flags.has('UNC') && !rule.output.startsWith('//'))
    record.filename = record.filename.replace(/^\/+(?=\/)/, '')
  forceType(rule, context)
  return { kind: 'match' }
}

function rewriteText(rule: RewriteRule, { filename, args }: RequestRecord): string {
  const query = args === null ? '' : `?${args}`
  return `\`RewriteRule ${fromBytes(rule.pattern)}\` → \`${fromBytes(filename ?? '')}${fromBytes(query)}\``
}

/** Takes the query off what was rewritten. */
function splitQuery(record: RequestRecord, { flags }: RewriteRule): void {
  const uri = record.filename ?? ''
  const skip = absoluteLength(uri)
  if (flags.has('QSNONE') || (skip > 0 && !takesQuery(uri))) {
    record.args = null
    return
  }
  if (flags.has('QSD')) record.args = null
  const question = flags.has('QSL') ? uri.lastIndexOf('?') : uri.indexOf('?', skip)
  if (question < skip) return
  record.filename = uri.slice(0, question)
  const query = uri.slice(question + 1)
  if (!flags.has('QSA')) record.args = query
  else if (query !== '') record.args = `${query}&${record.args ?? ''}`
  if (record.args === '') record.args = null
  else if (record.args?.endsWith('&')) record.args = record.args.slice(0, -1)
}

/** Puts scheme, host and port before a path; returns why that cannot be. */
function qualify(record: RequestRecord): string | null {
  const uri = record.filename ?? ''
  if (absoluteLength(uri) > 0) return null
  const name = serverName(record)
  if (!name.known) return name.reason
  const port = serverPort(record)
  if (!port.known) return port.reason
  const written = port.value === defaultPort(record) ? '' : `:${port.value}`
  const slash = uri.startsWith('/') ? '' : '/'
  record.filename = `${requestScheme(record)}://${name.value}${written}${slash}${uri}`
  return null
}

/** Takes `http://` and this server's own name off again. */
function reduce(record: RequestRecord, state: RuleState): void {
  const match = /^(https?):\/\/([^/:]*)(?::([^/]*))?(\/.*)?$/is.exec(record.filename ?? '')
  if (match === null || match[1]?.toLowerCase() !== requestScheme(record)) return
  const port = match[3] === undefined ? defaultPort(record) : Number.parseInt(match[3], 10) || 0
  if (!hostMatches(record, match[2] ?? '', port)) return
  record.filename = match[4] ?? '/'
  state.reduced = true
}
