import { placeholder, UNKNOWN } from '../placeholder.ts'
import type { Construct } from './constructs.ts'
import type { Tag } from './tag.ts'

/**
 * A text while its tags are taken out, from the first to the last, and where in its line and its directive
 * each of them stands.
 */
export class Layout {
  readonly #text: string
  readonly #tags: readonly Tag[]
  readonly #units: string[]
  #at = 0
  #lineStart = 0
  /** The last character of the line so far that is no blank. */
  #last = ''
  /** The quote that is open in the line, else empty. */
  #quote = ''
  /** Whether the last line that says something ends a directive, as nginx sees it. */
  #isBetween = true
  /** Tags that begin before this offset are followed on their line by tags and blanks alone, or none is. */
  #judged = { before: 0, isAlone: false }

  constructor(text: string, tags: readonly Tag[]) {
    this.#text = text
    this.#tags = tags
    this.#units = text.split('')
  }

  advance(to: number): void {
    const units = this.#units
    for (; this.#at < to; this.#at++) {
      const unit = units[this.#at] ?? ''
      if (unit === '\n') {
        if (this.#last !== '')
          this.#isBetween = endsDirective(units.slice(this.#lineStart, this.#at).join('')) ?? this.#isBetween
        this.#lineStart = this.#at + 1
        this.#last = ''
        this.#quote = ''
      } else if (unit !== ' ' && unit !== '\t' && unit !== '\r') {
        this.#last = unit
        if (this.#quote === unit) this.#quote = ''
        else if (this.#quote === '' && (unit === '"' || unit === "'")) this.#quote = unit
      }
    }
  }

  /** Makes a stretch blank; its line ends stay. */
  blank({ start, end }: { readonly start: number; readonly end: number }): void {
    for (let at = start; at < end; at++) if (!isLineEnd(this.#units[at])) this.#units[at] = ' '
  }

  /** Puts the word of a placeholder in the place of a stretch, one in each of its lines. */
  hide(start: number, end: number): void {
    for (const { index, 0: line } of this.#text.slice(start, end).matchAll(/[^\r\n]+/g)) {
      const word = line.length < 3 ? UNKNOWN.repeat(line.length) : placeholder(line)
      for (let at = 0; at < line.length; at++) this.#units[start + index + at] = word[at] ?? UNKNOWN
    }
  }

  /** True for a tag that stands for directives: behind one, and with nothing but tags behind it in its line. */
  isAlone(index: number): boolean {
    const { start } = this.#tags[index] as Tag
    if (this.#last === '' ? !this.#isBetween : !isBoundary(this.#last)) return false
    if (start >= this.#judged.before) this.#judged = this.#judge(index)
    return this.#judged.isAlone
  }

  #judge(first: number): { readonly before: number; readonly isAlone: boolean } {
    for (let index = first; ; index++) {
      const { end } = this.#tags[index] as Tag
      const next = this.#tags[index + 1]?.start ?? this.#text.length
      let at = end
      while (at < next && (this.#text[at] === ' ' || this.#text[at] === '\t' || this.#text[at] === '\r')) at++
      if (at < next || next === this.#text.length) {
        const isAlone = at >= this.#text.length || this.#text[at] === '\n' || this.#text[at] === '}'
        return { before: at, isAlone }
      }
    }
  }

  /** True where a statement and the words around it touch, so that without it they would be other words. */
  isInWord({ first, last, arms, isTotal }: Construct): boolean {
    const { start } = this.#tags[first] as Tag
    if (this.#quote !== '') return !this.#crosses(first, last, /\n/)
    const isFreeBefore = isFree(this.#units[start - 1])
    const isFreeBehind = this.#isFreeBehind(last)
    if (isFreeBefore && isFreeBehind) return false
    const isEmpty = !isTotal || arms.some(arm => arm.start === arm.end)
    const isSeparate =
      (!isEmpty || isFreeBefore || isFreeBehind) &&
      arms.every(arm => {
        const begins = this.#text[arm.start] ?? ''
        const ends = this.#text[arm.end - 1] ?? ''
        return (
          (isFreeBefore || /[\s;#]/.test(begins)) && (isFreeBehind || begins === '#' || /[\s;]/.test(ends))
        )
      })
    return !isSeparate && !this.#crosses(first, last, /[;{}\n]/)
  }

  /** True where what stands between the tags matches. */
  #crosses(first: number, last: number, pattern: RegExp): boolean {
    for (let index = first; index < last; index++)
      if (pattern.test(this.#text.slice(this.#tags[index]?.end, this.#tags[index + 1]?.start))) return true
    return false
  }

  /** True for a tag that has words on both its sides, or stands in quotes. */
  isGlued(index: number): boolean {
    const { start } = this.#tags[index] as Tag
    return this.#quote !== '' || (!isFree(this.#units[start - 1]) && !this.#isFreeBehind(index))
  }

  /** What is printed is a word; a statement behind a statement is none. */
  #isFreeBehind(index: number): boolean {
    for (let at = index; ; at++) {
      const { end } = this.#tags[at] as Tag
      const next = this.#tags[at + 1]
      if (next?.start !== end) return isFree(this.#text[end])
      if (next.steps.some(({ does }) => does === 'print')) return false
    }
  }

  finish(): string {
    return this.#units.join('')
  }
}

function isLineEnd(unit: string | undefined): boolean {
  return unit === '\n' || unit === '\r'
}

function isBoundary(character: string): boolean {
  return character === ';' || character === '{' || character === '}'
}

function isFree(character: string | undefined): boolean {
  return character === undefined || /[\s;{}]/.test(character)
}

/** Null for a line that says nothing. */
function endsDirective(line: string): boolean | null {
  const said = line.replace(/(^|[\s;{}])#.*$/, '$1').trim()
  return said === '' ? null : isBoundary(said.at(-1) ?? '')
}
