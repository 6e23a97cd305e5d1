import { matchesAprPath, matchesAprText } from '../../../../parsers/wildcard/apr-fnmatch.ts'
import { type Fact, known, unknown } from '../../fact.ts'
import { pcreReleases } from '../../pcre/releases.ts'
import { fromBytes, type PcreMatch, toBytes } from '../../regex.ts'
import type { ApacheConfiguration, ApacheDirective } from '../configuration.ts'
import { parseCondition } from '../expression/parse.ts'
import type { Comparison, Condition, Text, TextPart } from '../expression/syntax.ts'
import { isInNetwork } from '../queries/client-address.ts'
import { isSettled } from '../queries/places.ts'
import type { ConditionDecider } from '../queries/sections-for.ts'
import { fileKind } from './file-kind.ts'
import { matchPattern } from './match-pattern.ts'
import type { RequestRecord } from './request.ts'
import { escapeUri } from './url-text.ts'
import { headerValue } from './header-value.ts'
import { environmentVariable, sharedVariable } from './variables.ts'

/** What an expression is asked of, and the groups of its last match that had any. */
export interface ExpressionContext {
  readonly record: RequestRecord
  match: PcreMatch | null
}

const parsed = new Map<string, Condition | null>()

/** Whether a condition, as written, holds; unknown where httpd would refuse it too. */
export function expressionHolds(text: string, context: ExpressionContext): Fact<boolean> {
  const condition = conditionOf(context.record.walk.configuration, text)
  return condition === null ? unknown('the expression cannot be read') : holds(condition, context)
}

/** The tree of a condition as written; null where httpd would refuse it, and where a variable is in it. */
export function conditionOf({ version }: ApacheConfiguration, text: string): Condition | null {
  if (!isSettled(text)) return null
  let condition = parsed.get(text)
  if (condition === undefined) {
    const names = { ssl: true, open: true, pcre: pcreReleases('apache', version) }
    const result = parseCondition(text, names)
    condition = result.ok ? result.tree : null
    parsed.set(text, condition)
  }
  return condition
}

/** Decides the `<If>` and `<ElseIf>` sections of a request. */
export function conditionDecider(record: RequestRecord): ConditionDecider {
  return section => {
    const result = expressionHolds(sectionText(section), { record, match: null })
    return result.known ? result.value : undefined
  }
}

/** The expression of an `<If>` is one word, or all that stands before its `>`. */
export function sectionText({ args, text }: ApacheDirective): string {
  const [only] = args
  return args.length === 1 && only !== undefined ? only.value : text.replace(/>\s*$/, '').trim()
}

function holds(condition: Condition, context: ExpressionContext): Fact<boolean> {
  switch (condition.kind) {
    case 'constant':
      return known(condition.value)
    case 'not': {
      const inner = holds(condition.inner, context)
      return inner.known ? known(!inner.value) : inner
    }
    case 'and':
    case 'or': {
      const settles = condition.kind === 'or'
      const left = holds(condition.left, context)
      if (left.known && left.value === settles) return left
      const right = holds(condition.right, context)
      if (right.known && right.value === settles) return right
      return left.known ? right : left
    }
    case 'unary':
      return unary(condition.operator, condition.operand, context)
    case 'binary':
      return binary(condition, context)
    case 'compare':
      return both(condition.left, condition.right, context, (a, b) => compare(condition.operator, a, b))
    case 'match':
      return matches(condition, context)
    case 'in':
      return isIn(condition, context)
  }
}

function both(
  left: Text,
  right: Text,
  context: ExpressionContext,
  decide: (a: string, b: string) => boolean | undefined,
): Fact<boolean> {
  const a = textValue(left, context)
  if (!a.known) return unknown(a.reason, a.at)
  const b = textValue(right, context)
  if (!b.known) return unknown(b.reason, b.at)
  const result = decide(a.value, b.value)
  return result === undefined ? unknown('the operands cannot be compared here') : known(result)
}

function compare(operator: Comparison, a: string, b: string): boolean {
  switch (operator) {
    case '==':
      return a === b
    case '!=':
      return a !== b
    case '<':
      return a < b
    case '<=':
      return a <= b
    case '>':
      return a > b
    case '>=':
      return a >= b
  }
  const difference = integer(a) - integer(b)
  switch (operator) {
    case 'eq':
      return difference === 0
    case 'ne':
      return difference !== 0
    case 'lt':
      return difference < 0
    case 'le':
      return difference <= 0
    case 'gt':
      return difference > 0
    case 'ge':
      return difference >= 0
  }
}

function integer(text: string): number {
  return Number.parseInt(/^\s*[+-]?[0-9]+/.exec(text)?.[0] ?? '0', 10)
}

function binary(
  { operator, left, right }: Extract<Condition, { readonly kind: 'binary' }>,
  context: ExpressionContext,
): Fact<boolean> {
  return both(left, right, context, (a, b) => {
    switch (operator) {
      case 'ipmatch':
        return isInNetwork(a, b)
      case 'fnmatch':
        return matchesAprPath(b, a)
      case 'strmatch':
        return matchesAprText(b, a)
      case 'strcmatch':
        return matchesAprText(b.toLowerCase(), a.toLowerCase())
      default:
        return undefined
    }
  })
}

function matches(
  { subject, pattern, caseless, negated }: Extract<Condition, { readonly kind: 'match' }>,
  context: ExpressionContext,
): Fact<boolean> {
  const text = textValue(subject, context)
  if (!text.known) return unknown(text.reason, text.at)
  const match = matchPattern(pattern, text.value, caseless)
  if (match === undefined) return unknown(`\`${pattern}\` cannot be evaluated here`)
  if (match === null || match.captures.length > 1) context.match = match
  return known((match !== null) !== negated)
}

function isIn(
  { subject, values }: Extract<Condition, { readonly kind: 'in' }>,
  context: ExpressionContext,
): Fact<boolean> {
  const text = textValue(subject, context)
  if (!text.known) return unknown(text.reason, text.at)
  if (values === null) return unknown('a function gives the list')
  let open: Fact<boolean> | null = null
  for (const each of values) {
    const value = textValue(each, context)
    if (!value.known) open ??= unknown(value.reason, value.at)
    else if (value.value === text.value) return known(true)
  }
  return open ?? known(false)
}

const FALSE = new Set(['', 'off', 'no', 'false', '0'])

function unary(operator: string, operand: Text, context: ExpressionContext): Fact<boolean> {
  const text = textValue(operand, context)
  if (!text.known) return unknown(text.reason, text.at)
  const { value } = text
  switch (operator) {
    case 'n':
      return known(value !== '')
    case 'z':
      return known(value === '')
    case 'T':
      return known(!FALSE.has(value.toLowerCase()))
    case 'R': {
      const client = sharedVariable(context.record, 'REMOTE_ADDR')
      const inside = client?.known ? isInNetwork(client.value, value) : undefined
      return inside === undefined ? unknown('the address of the client is not known here') : known(inside)
    }
    case 'd':
    case 'e':
    case 'f':
      return fileTest(operator, value, context)
    default:
      return unknown(`\`-${operator}\` cannot be decided here`)
  }
}

function fileTest(operator: string, path: string, { record }: ExpressionContext): Fact<boolean> {
  if (!path.startsWith('/')) return path === '' ? known(false) : unknown(`\`${path}\` is no absolute path`)
  const kind = fileKind(record.walk, path)
  if (kind === undefined) return unknown(`whether \`${fromBytes(path)}\` is there is not known`)
  if (operator === 'e') return known(kind !== null)
  return known(kind === (operator === 'd' ? 'directory' : 'file'))
}

/** A text with everything in it filled in. */
export function textValue(text: Text, context: ExpressionContext): Fact<string> {
  let result = ''
  for (const part of text) {
    const value = partValue(part, context)
    if (!value.known) return value
    result += value.value
  }
  return known(result)
}

function partValue(part: TextPart, context: ExpressionContext): Fact<string> {
  switch (part.kind) {
    case 'text':
      return known(toBytes(part.text))
    case 'group':
      return known(context.match?.captures[part.number] ?? '')
    case 'variable':
      return variableValue(part.name, context)
    case 'function':
      return functionValue(part.name, part.argument, context)
  }
}

function variableValue(name: string, { record }: ExpressionContext): Fact<string> {
  switch (name) {
    case 'CONTENT_TYPE':
      return known(record.contentType ?? '')
    case 'HANDLER':
      return known(record.handler ?? '')
    case 'REQUEST_STATUS':
      return known(String(record.status))
    case 'DOCUMENT_URI':
      return known(record.uri)
  }
  return sharedVariable(record, name) ?? unknown(`the value of \`%{${name}}\` is not known here`)
}

function functionValue(name: string, argument: Text, context: ExpressionContext): Fact<string> {
  const text = textValue(argument, context)
  if (!text.known) return text
  const { value } = text
  switch (name) {
    case 'http':
    case 'req':
    case 'req_novary':
      return headerValue(context.record, value)
    case 'reqenv':
    case 'env':
      return environmentVariable(context.record, value)
    case 'tolower':
      return known(value.replace(/[A-Z]+/g, letters => letters.toLowerCase()))
    case 'toupper':
      return known(value.replace(/[a-z]+/g, letters => letters.toUpperCase()))
    case 'escape':
      return known(escapeUri(value))
    default:
      return unknown(`the function \`${name}\` cannot be evaluated here`)
  }
}
