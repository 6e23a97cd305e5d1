import { type Fact, known, unknown } from '../../../fact.ts'
import { fromBytes } from '../../../regex.ts'
import { type ExpressionContext, expressionHolds } from '../evaluate-expression.ts'
import { fileKind } from '../file-kind.ts'
import { matchPattern } from '../match-pattern.ts'
import type { RewriteContext } from './context.ts'
import { expandText, maySubrequest } from './expand.ts'
import type { RewriteCondition } from './rules.ts'

/**
 * Whether the conditions of a rule hold, all of them or one of each chain of `[OR]`. Where one cannot be
 * decided the others may still settle the question.
 */
export function conditionsHold(
  conditions: readonly RewriteCondition[],
  context: RewriteContext,
): Fact<boolean> {
  let open: Fact<boolean> | null = null
  /** The first of a chain of `[OR]` that cannot be decided. */
  let doubt: Doubt | null = null
  for (let index = 0; index < conditions.length; index++) {
    const condition = conditions[index]!
    const result = conditionHolds(condition, context)
    if (condition.orNext && !(result.known && result.value)) {
      if (!result.known) doubt ??= { condition, result }
      continue
    }
    if (result.known && result.value) {
      while (conditions[index]?.orNext) index++
      // The chain holds either way, but `%1` may be from the other condition.
      if (doubt !== null && keepsMatch(doubt.condition)) open ??= doubt.result
    } else if (!result.known) open ??= result
    else if (doubt === null) return known(false)
    else open ??= doubt.result
    doubt = null
  }
  // A last condition with `[OR]` has no other to wait for: the rule applies, whatever it says.
  return open ?? known(true)
}

interface Doubt {
  readonly condition: RewriteCondition
  readonly result: Fact<boolean>
}

function keepsMatch({ test, negated }: RewriteCondition): boolean {
  return (test === 'regex' || test === 'expression') && !negated
}

function conditionHolds(condition: RewriteCondition, context: RewriteContext): Fact<boolean> {
  const result = evaluate(condition, context)
  return result.known && condition.negated ? known(!result.value) : result
}

function evaluate(condition: RewriteCondition, context: RewriteContext): Fact<boolean> {
  const { test, pattern, caseless } = condition
  if (test === 'expression') return expression(condition, context)
  const input = expandText(condition.input, context)
  if (!input.known) return unknown(input.reason, input.at)
  const text = input.value
  switch (test) {
    case 'regex':
      return matches(condition, text, context)
    case '=':
      return known(compare(text, pattern, caseless) === 0)
    case '<':
      return known(compare(text, pattern, caseless) < 0)
    case '<=':
      return known(compare(text, pattern, caseless) <= 0)
    case '>':
      return known(compare(text, pattern, caseless) > 0)
    case '>=':
      return known(compare(text, pattern, caseless) >= 0)
    case '-eq':
      return known(integer(text) === integer(pattern))
    case '-lt':
      return known(integer(text) < integer(pattern))
    case '-le':
      return known(integer(text) <= integer(pattern))
    case '-gt':
      return known(integer(text) > integer(pattern))
    case '-ge':
      return known(integer(text) >= integer(pattern))
    case '-U':
      return answers(text, context)
    default:
      return fileTest(test, text, context)
  }
}

function matches(condition: RewriteCondition, text: string, context: RewriteContext): Fact<boolean> {
  const match = matchPattern(condition.pattern, text, condition.caseless)
  if (match === undefined) return unknown(`\`${condition.pattern}\` cannot be evaluated here`)
  // What matched is kept for `%1`, but not by a condition that is negated.
  if (match !== null && !condition.negated) context.conditionMatch = match
  return known(match !== null)
}

/** What an expression matched is kept for `%1` too. */
function expression({ pattern, negated }: RewriteCondition, context: RewriteContext): Fact<boolean> {
  const own: ExpressionContext = { record: context.record, match: null }
  const result = expressionHolds(fromBytes(pattern), own)
  if (result.known && result.value && !negated) context.conditionMatch = own.match
  return result
}

/** With `[NC]` as `strcasecmp` does, else the longer text is the greater one. */
function compare(a: string, b: string, caseless: boolean): number {
  const [left, right] = caseless ? [a.toLowerCase(), b.toLowerCase()] : [a, b]
  if (!caseless && left.length !== right.length) return left.length - right.length
  return left === right ? 0 : left < right ? -1 : 1
}

/** As C's `atoi` reads it. */
function integer(text: string): number {
  return Number.parseInt(/^\s*[+-]?[0-9]+/.exec(text)?.[0] ?? '0', 10)
}

function answers(uri: string, { record }: RewriteContext): Fact<boolean> {
  if (uri === '' || !maySubrequest(record)) return known(false)
  const { phase } = record.walk.lookUp(record, uri)
  if (phase.kind === 'unknown') return unknown(phase.reason, phase.at)
  return known(phase.kind !== 'status' || phase.status < 400)
}

function fileTest(test: string, path: string, { record: { walk } }: RewriteContext): Fact<boolean> {
  // An empty path, or one that is relative to wherever httpd was started.
  if (!path.startsWith('/')) return path === '' ? known(false) : unknown(`\`${path}\` is no absolute path`)
  const name = fromBytes(path)
  const kind = fileKind(walk, path)
  const there = `whether \`${name}\` is there is not known`
  if (kind === undefined) return unknown(there)
  // A file's name with a slash behind it is nothing to the system.
  if (kind === null || (kind === 'file' && path.endsWith('/'))) return known(false)
  const { files } = walk.options
  switch (test) {
    case '-d':
      return known(kind === 'directory')
    case '-f':
      return known(kind === 'file')
    case '-s': {
      if (kind !== 'file') return known(false)
      const result = files?.read(name)
      return result?.kind === 'source' ? known(result.source.text !== '') : unknown(`the size of \`${name}\``)
    }
    case '-x': {
      const mode = files?.mode(name) ?? null
      return mode === null ? unknown(`the mode of \`${name}\` is not known`) : known((mode & 0o111) !== 0)
    }
    default:
      return unknown(`\`${test} ${name}\` cannot be decided here`)
  }
}
