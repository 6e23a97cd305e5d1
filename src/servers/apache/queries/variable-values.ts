import { isAnchoredAtStart, literalPrefix, mustHold } from '../../pcre/pattern-facts.ts'
import { readPattern } from '../../pcre/read-pattern.ts'
import { matchPattern } from '../requests/match-pattern.ts'

/** A text or a pattern that a variable is compared with. */
export interface Comparand {
  readonly kind: 'text' | 'pattern'
  readonly text: string
  readonly caseless: boolean
}

const VALUES: Readonly<Record<string, readonly string[]>> = {
  HTTPS: ['on', 'off'],
  REQUEST_SCHEME: ['http', 'https'],
}

/**
 * What a variable of mod_rewrite and of expressions always is, where no value of it can be the text or match the
 * pattern: words that go on after its name; null where one may.
 *
 * @param variable in capital letters
 */
export function neverIs(variable: string, comparand: Comparand): string | null {
  const values = VALUES[variable]
  if (values !== undefined)
    return values.every(value => differs(value, comparand)) ? `is \`${values.join('` or `')}\`` : null
  switch (variable) {
    case 'REQUEST_URI':
      if (beginsWithoutSlash(comparand)) return 'always begins with a slash'
      return holds(comparand, '?') ? 'is the path alone, without a question mark and the query' : null
    case 'QUERY_STRING':
      return beginsWith(comparand, '?') ? 'does not begin with the question mark that stands before it' : null
    case 'REQUEST_METHOD':
      return comparand.kind === 'text' && !comparand.caseless && /^[a-z]{3,7}$/.test(comparand.text)
        ? 'is in capital letters'
        : null
    case 'REMOTE_ADDR':
    case 'SERVER_ADDR':
      return holds(comparand, '/') || (comparand.kind === 'text' && comparand.text.includes('*'))
        ? 'is one address, never a network'
        : null
    case 'HTTP_HOST':
    case 'SERVER_NAME':
      return holds(comparand, '/') ? 'is a name without scheme and path' : null
    default:
      return null
  }
}

/** True where the pattern matches no path of a URL, because none begins as it does. */
export function matchesNoPath(pattern: string): boolean {
  return beginsWithoutSlash({ kind: 'pattern', text: pattern, caseless: false })
}

function differs(value: string, { kind, text, caseless }: Comparand): boolean {
  if (kind === 'pattern') return matchPattern(text, value, caseless) === null
  return caseless ? value !== text.toLowerCase() : value !== text
}

function beginsWithoutSlash({ kind, text }: Comparand): boolean {
  // `OPTIONS *` has no path.
  if (kind === 'text') return text !== '' && !/^[/*]/.test(text)
  const tree = readPattern(text)
  if (tree === null || tree.problem !== null || !isAnchoredAtStart(tree)) return false
  const prefix = literalPrefix(tree)
  return prefix !== '' && !/^(?:[/*]|https?:|proxy:)/i.test(prefix)
}

function beginsWith({ kind, text }: Comparand, letter: string): boolean {
  if (kind === 'text') return text.startsWith(letter)
  const tree = readPattern(text)
  if (tree === null || tree.problem !== null || !isAnchoredAtStart(tree)) return false
  return literalPrefix(tree).startsWith(letter)
}

function holds({ kind, text }: Comparand, letter: string): boolean {
  if (kind === 'text') return text.includes(letter)
  const tree = readPattern(text)
  return tree !== null && tree.problem === null && mustHold(tree, letter.charCodeAt(0))
}
