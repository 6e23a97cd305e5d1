import type { PcreGeneration } from '../../pcre-generation.ts'

/** What makes a pattern one that PCRE refuses. */
export class Refusal extends Error {}

/** How long an escape is, its backslash included, and whether it stands for a class of characters. */
interface Escape {
  readonly length: number
  readonly kind: 'class' | 'character'
}

/** Reads the escape with which `text` begins; groups and positions are the reader's own. */
export function readEscape(text: string, inClass: boolean, generation: PcreGeneration): Escape {
  const char = text[1]
  if (char === undefined) throw new Refusal('`\\` stands at the end')
  if ('dDsSwWhHvV'.includes(char) || (char === 'N' && !inClass)) {
    if (text.startsWith('\\N{')) throw new Refusal('`\\N{…}` is not supported')
    return { length: 2, kind: 'class' }
  }
  if (char === 'p' || char === 'P') return propertyEscape(text)
  return { length: characterLength(text, char, inClass, generation), kind: 'character' }
}

function propertyEscape(text: string): Escape {
  const property = /^\\[pP](?:\{\^?([A-Za-z_ &]+)\}|([CLMNPSZ]))/.exec(text)
  if (property === null) throw new Refusal(`\`${text.slice(0, 2)}\` is not followed by a property`)
  if (property[1] !== undefined && !isProperty(property[1])) {
    throw new Refusal(`there is no property \`${property[1]}\``)
  }
  return { length: property[0].length, kind: 'class' }
}

function characterLength(text: string, char: string, inClass: boolean, generation: PcreGeneration): number {
  if (char === 'x') return hexadecimalLength(text)
  if (char === 'o') {
    const octal = /^\\o\{[0-7]+\}/.exec(text)
    if (octal === null) throw new Refusal('`\\o` is not followed by an octal number in braces')
    return octal[0].length
  }
  if (char === 'c') {
    if (text.length < 3) throw new Refusal('`\\c` stands at the end')
    return 3
  }
  if (/[0-9]/.test(char)) return (/^\\[0-7]{1,3}/.exec(text)?.[0] ?? text.slice(0, 2)).length
  // A letter without a meaning stands for itself to PCRE 1, except for those that Perl gives one.
  const isMeaningless = generation === 2 ? /[A-Za-z]/.test(char) : 'LlNUu'.includes(char)
  if (isMeaningless && !(inClass ? 'aefnrtb' : 'aefnrtC').includes(char)) {
    throw new Refusal(`\`\\${char}\` has no meaning${inClass ? ' in a class' : ''}`)
  }
  return 2
}

function hexadecimalLength(text: string): number {
  const braces = /^\\x\{([^}]*)\}/.exec(text)
  if (braces === null) return (/^\\x[0-9A-Fa-f]{0,2}/.exec(text)?.[0] ?? text).length
  const digits = braces[1] ?? ''
  // httpd compiles without UTF: a character is one byte.
  if (!/^[0-9A-Fa-f]+$/.test(digits) || Number.parseInt(digits, 16) > 0xff) {
    throw new Refusal(`\`${braces[0]}\` is no character`)
  }
  return braces[0].length
}

/** General categories are checked; scripts and the rest are many, so only an evident misspelling is refused. */
function isProperty(name: string): boolean {
  return name.length !== 2 || /^(?:C[cfnos]|L[lmotu&]|M[cen]|N[dlo]|P[cdefios]|S[ckmo]|Z[lps])$/.test(name)
}
