import type { PythonExpression } from '../../parsers/python/python-module.ts'
import type { Place } from '../../parsers/text/source.ts'
import type { DjangoSettings } from '../../src/deployment/django/settings.ts'

/** An origin that a setting has where a variable of the environment is not set. */
export interface DefaultOrigin {
  readonly text: string
  /** The text that holds it. */
  readonly at: Place
  /** The variable; null where its name is not written. */
  readonly variable: string | null
}

/**
 * The defaults of a list of origins that the environment gives: of `os.getenv("ORIGINS", "https://example.org").split(",")`,
 * and of the readers of django-environ and python-decouple.
 */
export function defaultOrigins(settings: DjangoSettings, name: string): readonly DefaultOrigin[] {
  const assigned = settings.expressionOf(name)
  if (assigned === null) return []
  const { expression, source } = assigned
  const call = readingCall(expression)
  const fallback = call?.keywords.default ?? call?.args[1]
  if (call === null || fallback === undefined) return []
  const [first] = call.args
  const variable = first?.kind === 'string' ? first.value : null
  const written = fallback.kind === 'list' ? fallback.items : [fallback]
  const isSplit = fallback.kind === 'string'
  return written.flatMap(item => {
    if (item.kind !== 'string') return []
    const at = { source, start: item.start, end: item.end }
    const texts = isSplit ? item.value.split(SEPARATORS) : [item.value]
    return texts.map(text => ({ text, at, variable }))
  })
}

/** What lists are split at; no origin holds one of them. */
const SEPARATORS = /[,;|\s]+/
const READS = /^(?:(?:os\.)?environ\.get|(?:os\.)?getenv|\w*env\w*\.(?:list|tuple)|config)$/i
const AROUND = /^(?:list|tuple|set)$/

/** The call that reads the environment, behind `split` and inside of what makes a list of it. */
function readingCall(
  expression: PythonExpression,
  isList = false,
): Extract<PythonExpression, { kind: 'call' }> | null {
  if (expression.kind !== 'call') return null
  const { callee, receiver, args, keywords } = expression
  if (AROUND.test(callee) && args[0] !== undefined) return readingCall(args[0], isList)
  if (receiver?.kind === 'call' && /(?:^|\.)split$/.test(callee)) return readingCall(receiver, true)
  const givesList = isList || /\.(?:list|tuple)$/.test(callee) || keywords.cast !== undefined
  return READS.test(callee) && givesList ? expression : null
}
