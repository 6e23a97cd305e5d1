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
  let text = JSON.stringify(value, null, 2)
  if (NOT_PLAIN.test(text)) text = text.replace(HIDDEN, escapeUnits)
  if (text.includes('##')) text = text.replace(LOG_COMMAND, '#\\u0023')
  return `${text}\n`
}

function escapeUnits(character: string): string {
  return character
    .split('')
    .map(unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('')
}
