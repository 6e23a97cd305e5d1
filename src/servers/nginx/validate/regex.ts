import type { PcreGeneration } from '../../pcre-generation.ts'

/**
 * What PCRE surely refuses in a regular expression, and the names of its groups.
 *
 * nginx hands a pattern to PCRE without the extended flag. The reader follows pcre2pattern(3) and
 * reports only errors of which it is certain; what it does not understand it passes over in silence.
 */
export interface Regex {
  readonly error: string | null
  readonly names: readonly string[]
}

const caches: Readonly<Record<PcreGeneration, Map<string, Regex>>> = { 1: new Map(), 2: new Map() }

export function readRegex(pattern: string, generation: PcreGeneration): Regex {
  const cache = caches[generation]
  const known = cache.get(pattern)
  if (known !== undefined) return known
  const regex = new RegexReader(pattern, generation).read()
  if (cache.size > 20_000) cache.clear()
  cache.set(pattern, regex)
  return regex
}

const POSIX = new Set([
  'alpha',
  'lower',
  'upper',
  'alnum',
  'ascii',
  'blank',
  'cntrl',
  'digit',
  'graph',
  'print',
  'punct',
  'space',
  'word',
  'xdigit',
])

/** Letters that have no meaning behind a backslash: PCRE2 refuses them, to PCRE 1 they stand for themselves. */
const MEANINGLESS = 'iIjJMmOqTyYF'
const QUANTIFIER = /\{(\d{1,5})(?:(,)(\d{0,5}))?\}/y
const GROUP_NAME = /[A-Za-z_][A-Za-z0-9_]*/y

class RegexReader {
  private readonly pattern: string
  private readonly generation: PcreGeneration
  private at = 0
  private depth = 0
  /** True once the rest of the pattern is not for this reader: it finds no fault any more. */
  private isLost = false
  private error: string | null = null
  private readonly names: string[] = []
  private groups = 0
  private readonly references: number[] = []
  private readonly namesUsed: string[] = []

  constructor(pattern: string, generation: PcreGeneration) {
    this.pattern = pattern
    this.generation = generation
  }

  read(): Regex {
    this.skipStartVerbs()
    this.readAlternatives()
    if (this.error === null && this.at < this.pattern.length) this.fail('unmatched closing parenthesis')
    if (this.error === null)
      for (const reference of this.references)
        if (reference > this.groups) this.fail('reference to a group that does not exist')
    for (const name of this.namesUsed)
      if (!this.names.includes(name)) this.fail('reference to a group that does not exist')
    return { error: this.error, names: this.names }
  }

  private fail(reason: string): void {
    if (!this.isLost) this.error ??= reason
    this.at = this.pattern.length
  }

  private skipStartVerbs(): void {
    while (/^\(\*[A-Z]/.test(this.pattern.slice(this.at, this.at + 3))) {
      const close = this.pattern.indexOf(')', this.at)
      if (close === -1) return
      this.at = close + 1
    }
  }

  /** Up to the `)` that closes the group, or the end. */
  private readAlternatives(): void {
    let repeatable = false
    while (this.at < this.pattern.length && this.error === null) {
      const char = this.pattern.charAt(this.at)
      if (char === ')') return
      if (char === '|') {
        this.at++
        repeatable = false
      } else if (char === '(') {
        repeatable = this.readGroup()
      } else if (char === '[') {
        this.readClass()
        repeatable = true
      } else if (char === '\\') {
        repeatable = this.readEscape()
      } else if (char === '*' || char === '+' || char === '?') {
        if (!repeatable) return void this.fail('quantifier does not follow a repeatable item')
        this.at++
        this.readQuantifierSuffix()
        repeatable = false
      } else if (char === '{' && this.readBraces(repeatable)) {
        repeatable = false
      } else {
        this.at++
        repeatable = char !== '^' && char !== '$'
      }
    }
  }

  /** `?` (lazy) or `+` (possessive) behind a quantifier; any further quantifier is an error. */
  private readQuantifierSuffix(): void {
    const char = this.pattern.charAt(this.at)
    if (char === '?' || char === '+') this.at++
  }

  /** False where the brace is a literal one. */
  private readBraces(repeatable: boolean): boolean {
    QUANTIFIER.lastIndex = this.at
    const match = QUANTIFIER.exec(this.pattern)
    if (match === null) return false
    const low = Number(match[1])
    const high = match[2] === undefined ? low : match[3] === '' ? Number.POSITIVE_INFINITY : Number(match[3])
    if (low > 65535 || (high > 65535 && high !== Number.POSITIVE_INFINITY)) {
      this.fail('number too big in {} quantifier')
      return true
    }
    if (low > high) {
      this.fail('numbers out of order in {} quantifier')
      return true
    }
    if (!repeatable) {
      this.fail('quantifier does not follow a repeatable item')
      return true
    }
    this.at += match[0].length
    this.readQuantifierSuffix()
    return true
  }

  /** True where a quantifier may follow. */
  private readGroup(): boolean {
    this.at++
    if (++this.depth > 250) {
      this.fail('parentheses are too deeply nested')
      return false
    }
    let repeatable = true
    if (/^\*[A-Za-z:]/.test(this.pattern.slice(this.at, this.at + 2))) {
      const close = this.pattern.indexOf(')', this.at)
      if (close === -1) this.fail('missing )')
      else this.at = close + 1
      this.depth--
      return false
    }
    if (this.pattern.charAt(this.at) === '?') {
      this.at++
      const kind = this.readGroupKind()
      if (kind === 'done') {
        this.depth--
        return repeatable
      }
      if (kind === 'assertion') repeatable = true
    } else this.groups++
    if (this.error !== null) return false
    this.readAlternatives()
    if (this.error !== null) return false
    if (this.pattern.charAt(this.at) !== ')') {
      this.fail('missing closing parenthesis')
      return false
    }
    this.at++
    this.depth--
    return repeatable
  }

  /** Behind `(?`: `group` and `assertion` have a body to read, `done` has none. */
  private readGroupKind(): 'group' | 'assertion' | 'done' {
    const { pattern } = this
    const char = pattern.charAt(this.at)
    const next = pattern.charAt(this.at + 1)
    if (char === ':' || char === '>' || char === '|') {
      this.at++
      return 'group'
    }
    if (char === '=' || char === '!' || char === '*') {
      this.at++
      return 'assertion'
    }
    if (char === '<' && (next === '=' || next === '!' || next === '*')) {
      this.at += 2
      return 'assertion'
    }
    if (char === '#') return this.skipTo(')')
    if (char === '<' || char === "'" || (char === 'P' && next === '<')) {
      this.at += char === 'P' ? 2 : 1
      this.readGroupName(char === "'" ? "'" : '>')
      this.groups++
      return 'group'
    }
    const named = /^(?:&|P>|P=)([A-Za-z_]\w*)(?=\))/.exec(pattern.slice(this.at, this.at + 36))
    if (named !== null) this.namesUsed.push(named[1] ?? '')
    const numbered = /^[1-9]\d{0,3}(?=\))/.exec(pattern.slice(this.at, this.at + 6))
    if (numbered !== null) this.references.push(Number(numbered[0]))
    if (char === 'P' && (next === '=' || next === '>')) return this.skipTo(')')
    if (char === '&' || char === 'R' || char === 'C' || /[0-9+]/.test(char)) return this.skipTo(')')
    if (char === '-' && /[0-9]/.test(next)) return this.skipTo(')')
    if (char === '(') {
      // A condition: its test is passed over, its branches are read as a group's.
      if (pattern.charAt(this.at + 1) === '?') return 'group'
      this.skipTo(')')
      return 'group'
    }
    return this.readOptions()
  }

  private skipTo(end: string): 'done' {
    const close = this.pattern.indexOf(end, this.at)
    if (close === -1) this.fail(`missing ${end}`)
    else this.at = close + 1
    return 'done'
  }

  private readGroupName(terminator: string): void {
    GROUP_NAME.lastIndex = this.at
    const match = GROUP_NAME.exec(this.pattern)
    if (match === null) return void this.fail('a group name has no letter or underscore at its beginning')
    const [name] = match
    this.at += name.length
    if (name.length > 32) return void this.fail('a group name is longer than 32 characters')
    if (this.pattern.charAt(this.at) !== terminator) return void this.fail('a group name is not terminated')
    this.at++
    if (this.names.includes(name)) return void this.fail('two groups have the same name')
    this.names.push(name)
  }

  /** `(?i)`, `(?i-s:…)`, `(?^)`. */
  private readOptions(): 'group' | 'done' {
    while (this.at < this.pattern.length) {
      const char = this.pattern.charAt(this.at)
      if (char === ')') {
        this.at++
        return 'done'
      }
      if (char === ':') {
        this.at++
        return 'group'
      }
      if (!'imsxnJU-^a'.includes(char)) {
        this.fail('unrecognised character after (? or (?-')
        return 'done'
      }
      // Under `x` white space and comments mean nothing: the rest is not for this reader.
      if (char === 'x') {
        this.isLost = true
        this.at = this.pattern.length
        return 'done'
      }
      this.at++
    }
    this.fail('missing )')
    return 'done'
  }

  /** True where a quantifier may follow. */
  private readEscape(): boolean {
    const { pattern } = this
    const char = pattern.charAt(this.at + 1)
    if (char === '') {
      this.fail('\\ at end of pattern')
      return false
    }
    this.at += 2
    if (this.isRefused(char)) {
      this.fail('unrecognised character follows \\')
      return false
    }
    if (char === 'Q') {
      const end = pattern.indexOf('\\E', this.at)
      this.at = end === -1 ? pattern.length : end + 2
      return true
    }
    if (char === 'L' || char === 'l' || char === 'N' || char === 'U' || char === 'u') {
      if (char !== 'N') this.fail('PCRE does not support \\L, \\l, \\N{name}, \\U, or \\u')
      return true
    }
    if (char >= '1' && char <= '9') return this.readBackReference()
    if (char === 'x' && pattern.charAt(this.at) === '{') return this.readHex()
    if (char === 'o' && pattern.charAt(this.at) === '{') {
      const close = pattern.indexOf('}', this.at)
      if (close !== -1) this.at = close + 1
      return true
    }
    if (char === 'g') {
      const absolute = /^(?:(\d{1,4})|\{(\d{1,4})\})/.exec(pattern.slice(this.at, this.at + 6))
      const number = Number(absolute?.[1] ?? absolute?.[2] ?? 0)
      if (number > 0) this.references.push(number)
      if (absolute !== null) this.at += absolute[0].length
      return true
    }
    if (char === 'p' || char === 'P') {
      const property = pattern.charAt(this.at)
      if (property !== '{' && !(property !== '' && 'CLMNPSZclmnpsz'.includes(property)))
        this.fail('unknown property after \\P or \\p')
      const close = property === '{' ? pattern.indexOf('}', this.at) : this.at
      if (close !== -1) this.at = close + 1
      return true
    }
    if (char === 'c') {
      if (this.at >= pattern.length) this.fail('\\c at end of pattern')
      this.at++
    }
    if (char === 'k') {
      const named = /^(?:<(\w+)>|'(\w+)'|\{(\w+)\})/.exec(pattern.slice(this.at, this.at + 36))
      if (named !== null) this.namesUsed.push(named[1] ?? named[2] ?? named[3] ?? '')
      if (named !== null) this.at += named[0].length
      return true
    }
    return !'bBAZzGK'.includes(char)
  }

  private isRefused(letter: string): boolean {
    return this.generation === 2 && MEANINGLESS.includes(letter)
  }

  private readBackReference(): boolean {
    const start = this.at - 1
    while (/[0-9]/.test(this.pattern.charAt(this.at))) this.at++
    const text = this.pattern.slice(start, this.at)
    // Two digits and more may be an octal character: only a single one is surely a reference.
    const isItself = this.generation === 1 && (text === '8' || text === '9')
    if (text.length === 1 && !isItself) this.references.push(Number(text))
    return true
  }

  private readHex(): boolean {
    const close = this.pattern.indexOf('}', this.at)
    const digits = close === -1 ? null : this.pattern.slice(this.at + 1, close)
    if (digits !== null && /^[0-9a-fA-F]+$/.test(digits)) {
      if (Number.parseInt(digits, 16) > 0x10ffff)
        this.fail('character code point value in \\x{} is too large')
      this.at = close + 1
    }
    return true
  }

  private readClass(): void {
    const { pattern } = this
    let index = this.at + 1
    if (pattern.charAt(index) === '^') index++
    let first = true
    let low: number | null = null
    let range = false
    while (index < pattern.length) {
      const char = pattern.charAt(index)
      if (char === ']' && !first) {
        this.at = index + 1
        return
      }
      first = false
      let code: number | null = char.charCodeAt(0)
      let next = index + 1
      if (char === '[' && ':.='.includes(pattern.charAt(index + 1)) && pattern.charAt(index + 1) !== '') {
        const mark = pattern.charAt(index + 1)
        const end = pattern.indexOf(`${mark}]`, index + 2)
        const name = end === -1 ? '' : pattern.slice(index + 2, end)
        if (end !== -1 && /^\^?[a-zA-Z]*$/.test(name)) {
          if (mark !== ':') return void this.fail('POSIX collating elements are not supported')
          if (!POSIX.has(name.replace('^', ''))) return void this.fail('unknown POSIX class name')
          code = null
          next = end + 2
        }
      } else if (char === '\\') {
        const escaped = pattern.charAt(index + 1)
        if (escaped === '') return void this.fail('\\ at end of pattern')
        if (this.isRefused(escaped)) return void this.fail('unrecognised character follows \\')
        if (escaped === 'Q') {
          const end = pattern.indexOf('\\E', index)
          if (end === -1) return void this.fail('missing terminating ] for character class')
          index = end + 2
          low = null
          range = false
          continue
        }
        code = /[a-zA-Z0-9]/.test(escaped) ? null : escaped.charCodeAt(0)
        next = index + 2
      } else if (char === '-' && low !== null && !range && pattern.charAt(index + 1) !== ']') {
        range = true
        index++
        continue
      }
      if (range) {
        if (low !== null && code !== null && code < low)
          return void this.fail('range out of order in character class')
        low = null
        range = false
      } else low = code
      index = next
    }
    this.fail('missing terminating ] for character class')
  }
}
