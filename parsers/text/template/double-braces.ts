const OPENED = /\S[ \t]*\{\{[ \t]*\r?$/m
const CLOSED = /^[ \t]*\}\}[ \t]*\r?$/m
/** A value of an engine between the same braces. */
const PRINTED = /\{\{-?\s*[A-Za-z_.$][\w.$|'"()[\], ]+\s*-?\}\}/

/**
 * The text that Python's `format` makes of one in which `{{` and `}}` are the braces, of the same length; null
 * for any other.
 */
export function withoutDoubleBraces(text: string): string | null {
  if (!text.includes('{{') || !OPENED.test(text) || !CLOSED.test(text)) return null
  if (text.includes('{%') || PRINTED.test(text)) return null
  return text.replace(/\{\{|\}\}/g, braces => (braces === '{{' ? '{ ' : ' }'))
}
