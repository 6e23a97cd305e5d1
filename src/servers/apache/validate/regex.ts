import type { PcreGeneration } from '../../pcre-generation.ts'
import { Refusal, readEscape } from './regex-escape.ts'
import {
  addLengths,
  type Item,
  type Length,
  NAME,
  POSIX_CLASSES,
  START_OPTIONS,
  VERBS,
} from './regex-syntax.ts'

const verdicts: Readonly<Record<PcreGeneration, Map<string, string | null>>> = { 1: new Map(), 2: new Map() }
/** Patterns come from a finite configuration; past this many the cache begins again. */
const MOST_VERDICTS = 4096

/**
 * What PCRE2 10.42, or PCRE 8.39, refuses in a pattern, as httpd compiles it; null where it compiles, or
 * where only the engine itself could tell (options that change the syntax in mid-pattern).
 */
export function regexFault(pattern: string, generation: PcreGeneration): string | null {
  const ofGeneration = verdicts[generation]
  const known = ofGeneration.get(pattern)
  if (known !== undefined) return known
  const fault = findFault(pattern, generation)
  if (ofGeneration.size >= MOST_VERDICTS) ofGeneration.clear()
  ofGeneration.set(pattern, fault)
  return fault
}

function findFault(pattern: string, generation: PcreGeneration): string | null {
  // `(?x)` makes blanks and comments of what would be literals.
  if (/\(\?\^?[imsnJUa]*x/.test(pattern)) return null
  const reader = new Reader(pattern, generation)
  try {
    reader.whole()
    return null
  } catch (error) {
    if (error instanceof Refusal) return error.message
    throw error
  }
}

/** PCRE2's `parens_nest_limit`. */
const DEEPEST = 250

class Reader {
  readonly #text: string
  readonly #generation: PcreGeneration
  #at = 0
  #groups = 0
  #depth = 0
  readonly #names = new Set<string>()
  /** Group numbers that are referred to; some are opened only later. */
  readonly #references: number[] = []
  readonly #namedReferences: string[] = []

  constructor(text: string, generation: PcreGeneration) {
    this.#text = text
    this.#generation = generation
  }

  whole(): void {
    for (let found = START_OPTIONS.exec(this.#text); found; found = START_OPTIONS.exec(this.#rest())) {
      this.#at += found[0].length
    }
    this.#alternatives()
    if (this.#at < this.#text.length) throw new Refusal('`)` closes nothing')
    for (const number of this.#references) {
      if (number > this.#groups) throw new Refusal(`there is no group ${number}`)
    }
    for (const name of this.#namedReferences) {
      if (!this.#names.has(name)) throw new Refusal(`there is no group \`${name}\``)
    }
  }

  #rest(): string {
    return this.#text.slice(this.#at)
  }

  /** Reads up to the group's `)` or the end; the lengths of the alternatives. */
  #alternatives(): Length[] {
    const lengths: Length[] = [this.#sequence()]
    while (this.#text[this.#at] === '|') {
      this.#at++
      lengths.push(this.#sequence())
    }
    return lengths
  }

  #sequence(): Length {
    let total: Length = 0
    let last: Length = 0
    let quantifiable = false
    for (;;) {
      const char = this.#text[this.#at]
      if (char === undefined || char === '|' || char === ')') return addLengths(total, last)
      const quantifier = this.#quantifier()
      if (quantifier !== null) {
        if (!quantifiable) throw new Refusal('a quantifier follows nothing that it could repeat')
        last = last === null || quantifier.least !== quantifier.most ? null : last * quantifier.least
        quantifiable = false
        continue
      }
      if (this.#text.startsWith('(?#', this.#at)) {
        const end = this.#text.indexOf(')', this.#at)
        if (end === -1) throw new Refusal('a comment `(?#` is never closed')
        this.#at = end + 1
        continue
      }
      if (this.#text.startsWith('\\E', this.#at)) {
        this.#at += 2
        continue
      }
      total = addLengths(total, last)
      const item = this.#item(char)
      last = item.length
      quantifiable = item.quantifiable
    }
  }

  /** A quantifier at this place with what makes it lazy or possessive; null where none stands here. */
  #quantifier(): { readonly least: number; readonly most: number } | null {
    const char = this.#text[this.#at]
    let least = 0
    let most = Number.POSITIVE_INFINITY
    if (char === '?') most = 1
    else if (char === '+') least = 1
    else if (char === '{') {
      const found = /^\{([0-9]+)(,?)([0-9]*)\}/.exec(this.#text.slice(this.#at, this.#at + 24))
      if (found === null || (found[2] === '' && found[3] !== '')) return null
      least = Number(found[1])
      most = found[2] === '' ? least : found[3] === '' ? most : Number(found[3])
      if (least > 65535 || (Number.isFinite(most) && most > 65535)) {
        throw new Refusal('a number in `{…}` is larger than 65535')
      }
      if (most < least) throw new Refusal('the numbers in `{…}` stand in the wrong order')
      this.#at += found[0].length - 1
    } else if (char !== '*') return null
    this.#at++
    const behind = this.#text[this.#at]
    if (behind === '?' || behind === '+') this.#at++
    return { least, most }
  }

  #item(char: string): Item {
    if (char === '\\') return this.#escape()
    if (char === '[') {
      this.#characterClass()
      return { length: 1, quantifiable: true }
    }
    if (char === '(') return this.#group()
    this.#at++
    if (char === '^' || char === '$') return { length: 0, quantifiable: false }
    return { length: 1, quantifiable: true }
  }

  #escape(): Item {
    const char = this.#text[this.#at + 1]
    if (char === undefined) throw new Refusal('`\\` stands at the end')
    if (char === 'Q') {
      const end = this.#text.indexOf('\\E', this.#at + 2)
      const stop = end === -1 ? this.#text.length : end
      const length = stop - this.#at - 2
      this.#at = end === -1 ? stop : end + 2
      return { length, quantifiable: length > 0 }
    }
    if ('AzZGbB'.includes(char)) {
      this.#at += 2
      return { length: 0, quantifiable: false }
    }
    if (char === 'R' || char === 'X') {
      this.#at += 2
      return { length: null, quantifiable: true }
    }
    if (char === 'K') {
      this.#at += 2
      return { length: 0, quantifiable: true }
    }
    if (char === 'k' || char === 'g') return this.#reference()
    if (/[1-9]/.test(char)) {
      const digits = /^[0-9]+/.exec(this.#text.slice(this.#at + 1))?.[0] ?? char
      this.#at += digits.length + 1
      // Two digits or more that name no group are an octal character, except where they begin with 8 or 9,
      // which PCRE 1 takes for themselves.
      const isDigit = char === '8' || char === '9'
      if (isDigit ? this.#generation === 2 : digits.length === 1) this.#references.push(Number(digits))
      return { length: null, quantifiable: true }
    }
    this.#plainEscape(false)
    return { length: 1, quantifiable: true }
  }

  #reference(): Item {
    const rest = this.#text.slice(this.#at, this.#at + 64)
    const named = new RegExp(`^\\\\(?:k(?:<${NAME}>|'${NAME}'|\\{${NAME}\\})|g\\{${NAME}\\})`).exec(rest)
    if (named !== null) {
      this.#namedReferences.push(named[1] ?? named[2] ?? named[3] ?? named[4] ?? '')
      this.#at += named[0].length
      return { length: null, quantifiable: true }
    }
    const call = new RegExp(`^\\\\g(?:<(?:${NAME}|[+-]?[0-9]+)>|'(?:${NAME}|[+-]?[0-9]+)')`).exec(rest)
    if (call !== null) {
      this.#at += call[0].length
      return { length: null, quantifiable: true }
    }
    const numbered = /^\\g(?:\{([+-]?[0-9]+)\}|([+-]?[0-9]+))/.exec(rest)
    if (numbered === null) throw new Refusal(`\`${rest.slice(0, 2)}\` is not followed by a group`)
    const text = numbered[1] ?? numbered[2] ?? ''
    const number = Number(text)
    if (text.startsWith('-')) {
      if (this.#groups + number < 0) throw new Refusal(`there is no group ${text}`)
    } else this.#references.push(text.startsWith('+') ? this.#groups + number : number)
    this.#at += numbered[0].length
    return { length: null, quantifiable: true }
  }

  /** An escape that stands for one character or a class of them, inside brackets or not. */
  #plainEscape(inClass: boolean): 'class' | 'character' {
    const read = readEscape(this.#text.slice(this.#at, this.#at + 48), inClass, this.#generation)
    this.#at += read.length
    return read.kind
  }

  #characterClass(): void {
    const start = this.#at
    this.#at++
    if (this.#text[this.#at] === '^') this.#at++
    let first = true
    let previous: 'none' | 'character' | 'class' = 'none'
    let low = -1
    for (;;) {
      const char = this.#text[this.#at]
      if (char === undefined) {
        const posix = /^\[([:.=]).*\1\]$/.test(this.#text.slice(start))
        throw new Refusal(posix ? 'a POSIX class stands outside brackets' : '`[` is never closed')
      }
      if (char === ']' && !first) {
        this.#at++
        if (/^\[[:.=][^\]]*[:.=]\]$/.test(this.#text.slice(start, this.#at)) && this.#isPosixOutside(start)) {
          throw new Refusal('a POSIX class stands outside brackets')
        }
        return
      }
      first = false
      if (this.#text.startsWith('\\Q', this.#at) || this.#text.startsWith('\\E', this.#at)) {
        this.#quotedInClass()
        previous = 'none'
        continue
      }
      const isRange =
        char === '-' && previous !== 'none' && ![']', undefined].includes(this.#text[this.#at + 1])
      if (isRange && previous !== 'none') {
        const left = previous
        this.#at++
        const from = low
        const right = this.#classMember()
        if (this.#generation === 2 && (left === 'class' || right.kind === 'class')) {
          // A hyphen behind a range or a class is a literal only where no class takes part.
          throw new Refusal('a range in a class begins or ends with a class')
        }
        if (from >= 0 && right.code >= 0 && right.code < from) {
          throw new Refusal('a range in a class is out of order')
        }
        previous = 'none'
        continue
      }
      const member = this.#classMember()
      previous = member.kind
      low = member.code
    }
  }

  #isPosixOutside(start: number): boolean {
    return POSIX_CLASSES.has(this.#text.slice(start + 2, this.#at - 2))
  }

  #quotedInClass(): void {
    if (this.#text[this.#at + 1] === 'E') {
      this.#at += 2
      return
    }
    const end = this.#text.indexOf('\\E', this.#at + 2)
    if (end === -1) throw new Refusal('`[` is never closed')
    this.#at = end + 2
  }

  /** One member of a class; `code` is -1 where its value does not matter. */
  #classMember(): { readonly kind: 'character' | 'class'; readonly code: number } {
    const char = this.#text[this.#at] ?? ''
    if (char === '\\') return { kind: this.#plainEscape(true), code: -1 }
    if (char === '[') {
      const posix = /^\[([:.=])(\^?)([^\]\\[]*)\1\]/.exec(this.#text.slice(this.#at, this.#at + 32))
      if (posix !== null) {
        if (posix[1] !== ':') throw new Refusal('collating elements are not supported')
        if (!POSIX_CLASSES.has(posix[3] ?? '')) throw new Refusal(`there is no class \`${posix[0]}\``)
        this.#at += posix[0].length
        return { kind: 'class', code: -1 }
      }
    }
    this.#at++
    return { kind: 'character', code: char.charCodeAt(0) }
  }

  #group(): Item {
    if (++this.#depth > DEEPEST) throw new Refusal('parentheses are nested too deeply')
    const item = this.#openGroup()
    this.#depth--
    return item
  }

  #openGroup(): Item {
    this.#at++
    const rest = this.#text.slice(this.#at, this.#at + 80)
    if (rest.startsWith('*')) {
      const verb = VERBS.exec(rest)
      if (verb === null) {
        // `(*)` is a group that begins with a quantifier; `(*word` is a verb or one of PCRE2's long names.
        if (/^\*(?:pla|plb|nla|nlb|atomic|positive_|negative_|sr|asr|napla|naplb|script_run)/.test(rest)) {
          return this.#skipGroup()
        }
        throw new Refusal('`(*` does not begin a verb that PCRE knows')
      }
      this.#at += verb[0].length
      return { length: 0, quantifiable: false }
    }
    if (!rest.startsWith('?')) {
      this.#groups++
      return { length: this.#closing(), quantifiable: true }
    }
    const opener = /^\?(?:[:>|]|<?[=!])/.exec(rest)
    if (opener !== null) {
      this.#at += opener[0].length
      return this.#lookOrPlain(opener[0])
    }
    const name = new RegExp(`^\\?(?:P?<${NAME}>|'${NAME}')`).exec(rest)
    if (name !== null) {
      this.#at += name[0].length
      this.#groups++
      this.#names.add(name[1] ?? name[2] ?? '')
      return { length: this.#closing(), quantifiable: true }
    }
    return this.#specialGroup(rest)
  }

  #lookOrPlain(opener: string): Item {
    if (!/[=!]/.test(opener)) return { length: this.#closing(), quantifiable: true }
    const start = this.#at
    const lengths = this.#alternatives()
    this.#close()
    if (opener.startsWith('?<')) {
      if (lengths.includes(null)) throw new Refusal('a lookbehind has no fixed length')
      if (this.#generation === 2 && this.#text.slice(start, this.#at).includes('\\K')) {
        throw new Refusal('`\\K` stands in a lookbehind')
      }
    }
    return { length: 0, quantifiable: true }
  }

  #specialGroup(rest: string): Item {
    const reference = new RegExp(`^\\?(?:P=${NAME}|P>${NAME}|&${NAME})\\)`).exec(rest)
    if (reference !== null) {
      this.#namedReferences.push(reference[1] ?? reference[2] ?? reference[3] ?? '')
      this.#at += reference[0].length
      return { length: null, quantifiable: true }
    }
    const call = /^\?(?:R|([+-]?)([0-9]+))\)/.exec(rest)
    if (call !== null) {
      if (call[1] === '' && call[2] !== undefined) this.#references.push(Number(call[2]))
      this.#at += call[0].length
      return { length: null, quantifiable: true }
    }
    const callout = /^\?C(?:[0-9]{1,3}|"[^"]*"|'[^']*')?\)/.exec(rest)
    if (callout !== null) {
      this.#at += callout[0].length
      return { length: 0, quantifiable: false }
    }
    if (rest.startsWith('?(')) return this.#conditional(rest)
    const options = /^\?(?:\^?[imsnJUa]*(?:-[imsnJU]*)?)([:)])/.exec(rest)
    if (options === null) throw new Refusal(`\`(${rest.slice(0, 2)}\` begins no group that PCRE knows`)
    this.#at += options[0].length
    if (options[1] === ':') return { length: this.#closing(), quantifiable: true }
    return { length: 0, quantifiable: false }
  }

  #conditional(rest: string): Item {
    const condition = new RegExp(
      `^\\?\\((?:([0-9]+)|[+-][0-9]+|<${NAME}>|'${NAME}'|R[0-9]*|R&${NAME}|DEFINE|VERSION>?=[0-9.]+|${NAME})\\)`,
    ).exec(rest)
    if (condition !== null) {
      this.#at += condition[0].length
      if (condition[1] !== undefined) this.#references.push(Number(condition[1]))
      for (const name of [condition[2], condition[3]]) {
        if (name !== undefined) this.#namedReferences.push(name)
      }
    } else {
      this.#at += 1
      if (!/^\?\(\?<?[=!]/.test(rest)) throw new Refusal('a conditional group has no condition')
      this.#group()
    }
    const alternatives = this.#alternatives()
    if (alternatives.length > 2) throw new Refusal('a conditional group has more than two branches')
    this.#close()
    return { length: null, quantifiable: true }
  }

  /** The common length of the alternatives up to the `)`; null where they differ. */
  #closing(): Length {
    const lengths = this.#alternatives()
    this.#close()
    return lengths.every(length => length === lengths[0]) ? (lengths[0] ?? 0) : null
  }

  #close(): void {
    if (this.#text[this.#at] !== ')') throw new Refusal('`(` is never closed')
    this.#at++
  }

  /** A group whose inside is left to PCRE. */
  #skipGroup(): Item {
    while (this.#text[this.#at] !== ':' && this.#at < this.#text.length) this.#at++
    this.#at++
    return { length: this.#closing(), quantifiable: true }
  }
}
