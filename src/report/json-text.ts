/**
 * What JSON lets pass and a terminal, a page or a reader does not see: DEL, C1, format characters with the
 * ones that turn the direction of text, separators, tags.
 */
const HIDDEN = /(?:[\u007F-\u009F\p{Cf}\p{Zl}\p{Zp}]|[\u{E0100}-\u{E01EF}])/gu
/** Any character that may be one of them, found quickly: reports of many megabytes have none but quotes. */
const NOT_PLAIN = /[^\n -~\u2010-\u2027]/
/** What a log would take for a command. */
const LOG_COMMAND = /##(?=\[|vso\[|teamcity\[)/gi

/** A value as JSON for people and programs, its last line end included; what is hidden is escaped, not lost. */
export function jsonText(value: unknown): string {
  return [...jsonPieces(value)].join('')
}

/**
 * The same in pieces, for a value that need not be whole at once: whatever can be iterated in it is written as an
 * array, each item when it is made.
 */
export function* jsonPieces(value: unknown): Generator<string> {
  for (const piece of piecesOf(value, '\n')) {
    const text = NOT_PLAIN.test(piece) ? piece.replace(HIDDEN, escapeUnits) : piece
    yield text.includes('##') ? text.replace(LOG_COMMAND, '#\\u0023') : text
  }
  yield '\n'
}

/** No text of the value is cut by the end of a piece. */
function* piecesOf(value: unknown, lineEnd: string): Generator<string> {
  if (!holdsItems(value)) {
    const text = JSON.stringify(value, null, 2)
    yield lineEnd === '\n' ? text : text.replaceAll('\n', lineEnd)
    return
  }
  const inner = `${lineEnd}  `
  let isFirst = true
  const opened = (open: string): string => {
    const before = isFirst ? open : ','
    isFirst = false
    return before + inner
  }
  if (Symbol.iterator in value) {
    for (const item of value) {
      yield opened('[')
      yield* piecesOf(item, inner)
    }
    yield isFirst ? '[]' : `${lineEnd}]`
  } else {
    for (const [key, item] of Object.entries(value)) {
      if (item === undefined) continue
      yield `${opened('{')}${JSON.stringify(key)}: `
      yield* piecesOf(item, inner)
    }
    yield `${lineEnd}}`
  }
}

/** True where there is something to iterate in a value that is no array. */
function holdsItems(value: unknown): value is Iterable<unknown> | Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false
  if (Array.isArray(value)) return value.some(holdsItems)
  return Symbol.iterator in value || Object.values(value).some(holdsItems)
}

function escapeUnits(character: string): string {
  return character
    .split('')
    .map(unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('')
}
