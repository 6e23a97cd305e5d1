import type { PythonCall, PythonExpression } from '../../parsers/python/python-module.ts'
import type { Place, Source } from '../../parsers/text/source.ts'
import type { AssignedExpression, DjangoSettings } from '../../src/deployment/django/settings.ts'

/** An origin that a setting has where a variable of the environment is not set. */
export interface DefaultOrigin {
  /** Null for the `None` of `os.environ.get("ORIGIN")`. */
  readonly text: string | null
  /** The text that holds it, or the call that gives `None`. */
  readonly at: Place
  /** The variable; null where its name is not written, or where none decides. */
  readonly variable: string | null
  /** False for what is written as an entry beside those of the environment. */
  readonly isDefault: boolean
}

/**
 * The entries of a list of origins that the environment gives, as they are where it does not: of
 * `os.getenv("ORIGINS", "https://example.org").split(",")`, of `[os.environ.get("ORIGIN", "")]`, of sums of such lists,
 * and of the readers of django-environ and python-decouple.
 */
export function defaultOrigins(settings: DjangoSettings, name: string): readonly DefaultOrigin[] {
  return assignedTo(settings, name).flatMap(({ expression, source }) => entriesOf(expression, source))
}

/** The one line that assigns the setting, and those that surely add to it. */
function assignedTo(settings: DjangoSettings, name: string): readonly AssignedExpression[] {
  const assigned = settings.expressionOf(name)
  if (assigned !== null) return [assigned]
  const lines = settings.assigned.filter(each => each.name === name && !each.conditional)
  const first = lines.findLastIndex(each => each.method === null && !isAdded(each))
  return lines.slice(Math.max(first, 0)).filter(({ method }) => method === null)
}

function isAdded({ expression, source }: AssignedExpression): boolean {
  return source.code.slice(0, expression.start).trimEnd().endsWith('+=')
}

function entriesOf(expression: PythonExpression, source: Source): readonly DefaultOrigin[] {
  const within = (inner: PythonExpression) => entriesOf(inner, source)
  switch (expression.kind) {
    case 'list':
      return expression.items.flatMap(item =>
        item.kind === 'spread' ? within(item.of) : entryOf(item, source),
      )
    case 'binary':
      return expression.operator === '+' ? [expression.left, expression.right].flatMap(within) : []
    case 'comprehension':
      return expression.conditions.length === 0 && isItself(expression.item, expression.name)
        ? within(expression.of)
        : []
    case 'call':
      return entriesOfCall(expression, source)
    default:
      return []
  }
}

/** True for the name of a loop, and for what stands between its white space. */
function isItself(item: PythonExpression, name: string): boolean {
  if (item.kind === 'name') return item.name === name
  return item.kind === 'call' && item.callee === `${name}.strip` && item.args.length === 0
}

function entryOf(item: PythonExpression, source: Source): readonly DefaultOrigin[] {
  const { start, end } = item
  if (item.kind === 'string')
    return [{ text: item.value, at: { source, start, end }, variable: null, isDefault: false }]
  if (item.kind !== 'call' || !TEXT.test(item.callee) || item.keywords.cast !== undefined) return []
  const fallback = fallbackOf(item)
  if (fallback === undefined && /get(?:env)?$/.test(item.callee) && item.args.length === 1)
    return [{ text: null, at: { source, start, end }, variable: variableOf(item), isDefault: true }]
  return fallback?.kind === 'string' ? [given(item, fallback, fallback.value, source)] : []
}

function entriesOfCall(call: PythonCall, source: Source): readonly DefaultOrigin[] {
  const { callee, receiver, args } = call
  const [first] = args
  if (AROUND.test(callee)) return first === undefined ? [] : entriesOf(first, source)
  if (receiver?.kind === 'call' && /(?:^|\.)split$/.test(callee) && TEXT.test(receiver.callee)) {
    const fallback = fallbackOf(receiver)
    if (fallback?.kind !== 'string') return []
    const separator = first?.kind === 'string' ? first.value : ''
    // Without a separator nothing is made of white space.
    const texts =
      separator === ''
        ? words(fallback.value, /\s+/)
        : fallback.value.split(separator).map(each => each.trim())
    return texts.map(text => given(receiver, fallback, text, source))
  }
  const fallback = fallbackOf(call)
  if (fallback === undefined || !isListReader(call)) return []
  if (fallback.kind === 'list')
    return fallback.items.flatMap(item =>
      item.kind === 'string' ? [given(call, item, item.value, source)] : [],
    )
  if (fallback.kind !== 'string') return []
  const texts =
    fallback.value === '' && isSplitByHand(call, source) ? [''] : words(fallback.value, SEPARATORS)
  return texts.map(text => given(call, fallback, text, source))
}

function words(text: string, separators: RegExp): readonly string[] {
  return text.split(separators).filter(each => each !== '')
}

/** What lists are split at; no origin holds one of them. */
const SEPARATORS = /[,;|\s]+/
/** What reads a text from the environment: of Python, of django-environ, of python-decouple. */
const TEXT = /^(?:(?:os\.)?environ\.get|(?:os\.)?getenv|\w*env\w*(?:\.str)?|config)$/i
const AROUND = /^(?:list|tuple|set)$/

function isListReader({ callee, keywords }: PythonCall): boolean {
  return /^\w*env\w*\.(?:list|tuple)$/i.test(callee) || (callee === 'config' && keywords.cast !== undefined)
}

/** `cast=lambda v: [s.strip() for s in v.split(",")]`, which makes an entry of nothing; `Csv()` makes none. */
function isSplitByHand({ keywords: { cast } }: PythonCall, source: Source): boolean {
  const text = cast === undefined ? '' : source.code.slice(cast.start, cast.end)
  return text.startsWith('lambda') && /\.split\(["']/.test(text) && !/\bif\b|\bfilter\b/.test(text)
}

function fallbackOf({ args, keywords }: PythonCall): PythonExpression | undefined {
  return keywords.default ?? args[1]
}

function variableOf({ args: [first] }: PythonCall): string | null {
  return first?.kind === 'string' ? first.value : null
}

function given(
  call: PythonCall,
  { start, end }: PythonExpression,
  text: string,
  source: Source,
): DefaultOrigin {
  return { text, at: { source, start, end }, variable: variableOf(call), isDefault: true }
}
