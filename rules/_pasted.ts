import { type Place, placeText } from '../parsers/text/source.ts'

/** No space for nginx and httpd, and in the name of no module's directive. */
export const NO_BREAK_SPACE = '\u00A0'

/** True for a name with a no-break space, which comes of pasting: a file has many of them, and one cause. */
export function isPasted(at: Place): boolean {
  return placeText(at).includes(NO_BREAK_SPACE)
}
