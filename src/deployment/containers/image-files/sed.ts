/** What `sed` with one expression makes of a text; null where nobody says. */
export type Edit = (text: string) => string

/** What the words behind `sed` say. */
export interface SedCall {
  readonly isInPlace: boolean
  readonly isExtended: boolean
  readonly expressions: readonly string[]
  readonly files: readonly string[]
}

/** Null for an option that changes more than where the result goes. */
export function readSed(args: readonly string[]): SedCall | null {
  const expressions: string[] = []
  const rest: string[] = []
  let isExtended = false
  let isInPlace = false
  for (let index = 0; index < args.length; index++) {
    const word = args[index]!
    if (!word.startsWith('-')) {
      rest.push(word)
      continue
    }
    // Behind `-i` stands the ending of a copy.
    const [, letters, ending] = /^-([rEe]*)(i[\w.~]*)?$/.exec(word) ?? []
    const long = /^--(expression|in-place|regexp-extended)(?:=.*)?$/.exec(word)?.[1]
    if (letters === undefined && long === undefined) return null
    isExtended ||= /[rE]/.test(letters ?? '') || long === 'regexp-extended'
    isInPlace ||= ending !== undefined || long === 'in-place'
    if (letters?.endsWith('e') === true || long === 'expression') expressions.push(args[++index] ?? '')
  }
  if (expressions.length === 0) expressions.push(rest.shift() ?? '')
  return {
    isInPlace,
    isExtended,
    expressions: expressions.flatMap(each => each.split(/;(?=\s*s\W)/)),
    files: rest,
  }
}

/**
 * An expression of `sed` that replaces something, in every line or between two lines that patterns name. Null for any
 * other, and for patterns in which more stands than POSIX and JavaScript read alike.
 *
 * @param isExtended as with `-E` or `-r`
 */
export function sedEdit(expression: string, isExtended: boolean): Edit | null {
  const { range, rest } = addressOf(expression.trim(), isExtended)
  if (range === null) return null
  const replace = substitution(rest, isExtended)
  if (replace === null) return null
  return text => {
    let isInside = range.from === null
    return text
      .split('\n')
      .map(line => {
        const begins = range.from?.test(line) === true
        const ends = !begins && isInside && range.to?.test(line) === true
        const counts = isInside || begins
        if (begins) isInside = range.to !== null
        else if (ends) isInside = false
        return counts ? replace(line) : line
      })
      .join('\n')
  }
}

interface Range {
  /** Null for every line. */
  readonly from: RegExp | null
  /** Null where the first alone counts. */
  readonly to: RegExp | null
}

const EVERY: Range = { from: null, to: null }

function addressOf(expression: string, isExtended: boolean): { range: Range | null; rest: string } {
  const found = /^\/((?:[^/\\]|\\.)+)\/(?:,\s*\/((?:[^/\\]|\\.)+)\/)?\s*(s[\s\S]*)$/.exec(expression)
  if (found === null) return { range: EVERY, rest: expression }
  const [, first = '', last, rest = ''] = found
  const from = pattern(first.replaceAll('\\/', '/'), isExtended, '')
  const to = last === undefined ? null : pattern(last.replaceAll('\\/', '/'), isExtended, '')
  return { range: from === null || (to === null && last !== undefined) ? null : { from, to }, rest }
}

function substitution(command: string, isExtended: boolean): Edit | null {
  const sign = command[1] ?? ''
  if (command[0] !== 's' || !/[^\w\s\\]/.test(sign)) return null
  const parts: string[] = ['']
  for (let at = 2; at < command.length; at++) {
    const char = command[at]!
    if (char === '\\' && at + 1 < command.length) {
      const next = command[++at]!
      parts[parts.length - 1] += next === sign ? next : `\\${next}`
    } else if (char === sign) parts.push('')
    else parts[parts.length - 1] += char
  }
  const [from = '', to = '', flags = ''] = parts
  if (parts.length !== 3 || !/^g?$/.test(flags)) return null
  const found = pattern(from, isExtended, flags)
  if (found === null || /\\[^\d&/.*:<>"'#$-]/.test(to)) return null
  const replacement = to.replace(/\\(\d)|\\(.)|&|\$/g, (whole, group?: string, literal?: string) =>
    group !== undefined
      ? `$${group}`
      : literal !== undefined
        ? literal === '$'
          ? '$$'
          : literal
        : whole === '&'
          ? '$&'
          : '$$',
  )
  return line => line.replace(found, replacement)
}

/** A pattern in which POSIX and JavaScript agree, but for what stands in front of brackets. */
function pattern(text: string, isExtended: boolean, flags: string): RegExp | null {
  if (text === '' || /[[\]{}|?+]/.test(text.replace(/\\[[\].*]|\[\[:space:\]\]|\[\^?[\w ./-]+\]/g, '')))
    return null
  if (/\\[^.*/()<>:"'#$[\]-]/.test(text)) return null
  // What repeats a group, or much, may take without end here, and takes sed no time.
  if (/\)\*/.test(text) || (text.match(/(?<!\\)\*/g)?.length ?? 0) > 2) return null
  const written = text
    .replaceAll('[[:space:]]', '\\s')
    .replace(/^\*/, '\\*')
    .replace(/\\?[()]/g, bracket =>
      isExtended === (bracket.length === 1) ? bracket.slice(-1) : `\\${bracket.slice(-1)}`,
    )
    .replace(/\\([<>:"'#/-])/g, '$1')
    .replace(/(?<!\\)\$(?!$)/g, '\\$')
  try {
    return new RegExp(written, flags)
  } catch {
    return null
  }
}
