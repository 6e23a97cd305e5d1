import { NO_BREAK_SPACE } from '../parsers/text/no-break-space.ts'
import { type Place, placeText } from '../parsers/text/source.ts'

/** True for a name with a no-break space: a file has many of them, and one cause. */
export function isPasted(at: Place): boolean {
  return placeText(at).includes(NO_BREAK_SPACE)
}
