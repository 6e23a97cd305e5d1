import { Unanswerable } from './unanswerable.ts'

const known = new Map<string, (code: number) => boolean>()

/**
 * Whether a character has a property of Unicode, its name as `unicodeProperty` of the parser has it. Throws
 * {@link Unanswerable} for one that this engine does not know.
 */
export function hasProperty(name: string, code: number): boolean {
  let test = known.get(name)
  if (test === undefined) {
    test = testOf(name)
    known.set(name, test)
  }
  return test(code)
}

const isLetterOrNumber = (code: number): boolean => hasProperty('L', code) || hasProperty('N', code)
const isBlank = (code: number): boolean =>
  (code >= 9 && code <= 13) || code === 0x85 || code === 0x180e || hasProperty('Z', code)

/** PCRE's own properties. */
const OWN: Readonly<Record<string, (code: number) => boolean>> = {
  Any: () => true,
  Xan: isLetterOrNumber,
  Xwd: code => isLetterOrNumber(code) || code === 95,
  Xsp: isBlank,
  Xps: isBlank,
  Xuc: code =>
    code === 0x24 || code === 0x40 || code === 0x60 || (code >= 0xa0 && (code < 0xd800 || code > 0xdfff)),
}

function testOf(name: string): (code: number) => boolean {
  const own = OWN[name]
  if (own !== undefined) return own
  if (name.startsWith('?')) throw new Unanswerable()
  const written = name === 'L&' ? 'LC' : name.replace(/=(.)/, (_, first: string) => `=${first.toUpperCase()}`)
  // A name of the parser's own table, not a text of the audit.
  const pattern = new RegExp(`^\\p{${written}}$`, 'u')
  return code => pattern.test(String.fromCodePoint(code))
}
