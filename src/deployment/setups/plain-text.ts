import { type Place, placeText } from '../../../parsers/text/source.ts'
import { placeOf, type WrittenText } from '../../../parsers/text/written-text.ts'

/** A text as it is written, its placeholders in one spelling. */
export function plainText(written: WrittenText): string {
  return plainPlace(placeOf(written))
}

export function plainPlace(place: Place): string {
  return placeText(place)
    .trim()
    .replace(/^(['"])(.*)\1$/s, '$2')
    .replace(/\{\{\s*(.*?)\s*\}\}/g, '{{ $1 }}')
    .replace(/(.)\/$/, '$1')
}
