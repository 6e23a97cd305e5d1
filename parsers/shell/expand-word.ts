import { LONGEST_VALUE, TOO_LONG } from '../text/limits.ts'
import { isUnknownWord, type Place, UNKNOWN } from '../text/source.ts'
import { trimPrefix, trimSuffix } from '../wildcard/shell-pattern.ts'
import { type Scope, UNSET } from './scope.ts'
import { knownValue, type ShellValue, unknownValue } from './shell-environment.ts'

/** A word after expansion; `quoted` where any part of it stood in quotes, so that it is never split or dropped. */
export interface ExpandedWord {
  readonly value: ShellValue
  readonly quoted: boolean
  /** The value, with an `UNKNOWN` character for each part that only the running shell knows. */
  readonly outline: string
}

/** A name that the shell sets itself whenever it likes. */
const SHELL_OWN = /^(?:[0-9@*#?$!_-]|RANDOM|SECONDS|LINENO|PWD|OLDPWD|PPID|SHLVL|UID|EUID|BASH.*|IFS|OPTIND)$/

/**
 * Expands one word as the shell does in an assignment: quotes, backslashes, `$name`, `${name…}`; no
 * splitting, no globbing. Command and arithmetic substitution make it unknown. `${name:=word}` assigns.
 */
export function expandWord(word: Place, scope: Scope): ExpandedWord {
  const text = word.source.code.slice(word.start, word.end)
  if (isUnknownWord(text))
    return { value: unknownValue('a template fills it in'), quoted: true, outline: UNKNOWN }
  const expansion = new Expansion(text, word, scope)
  const end = expansion.run(0, null)
  if (end < text.length) expansion.fail('it is beyond this reader')
  return { value: expansion.value(), quoted: expansion.quoted, outline: expansion.outline() }
}

/** A variable's value as an expansion meets it; null where the variable is not set. */
type Reading = { known: true; value: string | null } | { known: false; reason: string }

/** `${name:-word}` taken apart. */
interface Operation {
  readonly name: string
  readonly variable: Reading
  readonly operator: string
  readonly word: Expansion
  readonly written: string
  readonly place: Place
}

/** No script is nested so deep; far from where a stack would overflow. */
const DEEPEST = 100

class Expansion {
  quoted = false
  #result = ''
  #reason: string | null = null

  constructor(
    private readonly text: string,
    private readonly at: Place,
    private readonly scope: Scope,
    private readonly depth = 0,
  ) {}

  value(): ShellValue {
    if (this.#reason !== null) return unknownValue(this.#reason)
    return this.#result.length > LONGEST_VALUE ? unknownValue(TOO_LONG) : knownValue(this.#result)
  }

  outline(): string {
    return this.#result
  }

  fail(reason: string): void {
    this.#reason ??= reason
    this.#result += UNKNOWN
  }

  /** Reads up to an unquoted `close` or the end, and returns the offset where it stopped. */
  run(start: number, close: '}' | null): number {
    let at = start
    while (at < this.text.length) {
      const char = this.text[at]!
      if (char === close) return at
      if (char === "'") at = this.#single(at)
      else if (char === '"') at = this.#double(at)
      else if (char === '\\') {
        this.quoted = true
        // A backslash before the line end joins the lines and leaves nothing.
        if (this.text[at + 1] !== '\n') this.#result += this.text[at + 1] ?? ''
        at += 2
      } else if (char === '$' && this.text[at + 1] === "'") return this.#give('shells differ on it')
      else if (char === '$' && this.text[at + 1] === '"') at = this.#double(at + 1)
      else if (char === '$') at = this.#dollar(at, false)
      else if (char === '`') return this.#give('a command decides it')
      else {
        if (char === '~' && (at === start || this.text[at - 1] === ':'))
          this.fail('it depends on a home directory')
        if (close === null && (char === '(' || char === ')')) return this.#give('it is an array')
        this.#result += char
        at++
      }
    }
    return at
  }

  #give(reason: string): number {
    this.fail(reason)
    return this.text.length
  }

  #single(at: number): number {
    this.quoted = true
    const end = this.text.indexOf("'", at + 1)
    if (end === -1) return this.#give('its quote is not closed')
    this.#result += this.text.slice(at + 1, end)
    return end + 1
  }

  #double(open: number): number {
    this.quoted = true
    let at = open + 1
    while (at < this.text.length) {
      const char = this.text[at]!
      if (char === '"') return at + 1
      if (char === '\\') {
        const next = this.text[at + 1] ?? ''
        if (next === '\n') this.#result += ''
        else this.#result += '$`"\\'.includes(next) ? next : `\\${next}`
        at += 2
      } else if (char === '$') at = this.#dollar(at, true)
      else if (char === '`') return this.#give('a command decides it')
      else {
        this.#result += char
        at++
      }
    }
    return this.#give('its quote is not closed')
  }

  #dollar(at: number, inQuotes: boolean): number {
    const next = this.text[at + 1] ?? ''
    if (next === '(') return this.#give('a command decides it')
    if (next === '{') return this.#braces(at + 2, inQuotes)
    const name = /^(?:[A-Za-z_][A-Za-z0-9_]*|[0-9@*#?$!-])/.exec(this.text.slice(at + 1))?.[0]
    if (name === undefined) {
      this.#result += '$'
      return at + 1
    }
    const variable = this.#read(name)
    if (variable.known) this.#result += variable.value ?? ''
    else this.fail(variable.reason)
    return at + 1 + name.length
  }

  #read(name: string): Reading {
    const given = this.scope.parameter(name)
    if (given !== undefined) return { known: true, value: given }
    if (SHELL_OWN.test(name)) return { known: false, reason: `the shell sets \`${name}\`` }
    const variable = this.scope.get(name)
    return variable === UNSET ? { known: true, value: null } : variable.value
  }

  #braces(start: number, inQuotes: boolean): number {
    const text = this.text
    if (text[start] === '#' && text[start + 1] !== '}') return this.#length(start + 1)
    const name = /^(?:[A-Za-z_][A-Za-z0-9_]*|[0-9@*#?$!-])/.exec(text.slice(start))?.[0]
    if (name === undefined) return this.#give('it is beyond this reader')
    const after = start + name.length
    const variable = this.#read(name)
    if (text[after] === '}') {
      if (variable.known) this.#result += variable.value ?? ''
      else this.fail(variable.reason)
      return after + 1
    }
    const operator = /^(?::?[-=+?]|##?|%%?)/.exec(text.slice(after))?.[0]
    if (operator === undefined) return this.#give('it is beyond this reader')

    if (this.depth >= DEEPEST) return this.#give('it is beyond this reader')
    const word = new Expansion(text, this.at, this.scope, this.depth + 1)
    const from = after + operator.length
    const end = inQuotes ? word.#quotedWord(from) : word.run(from, '}')
    if (text[end] !== '}') return this.#give('it is beyond this reader')
    const place = { source: this.at.source, start: this.at.start + start - 2, end: this.at.start + end + 1 }
    this.#operate({ name, variable, operator, word, written: text.slice(from, end), place })
    return end + 1
  }

  /** The word of `"${name:-word}"`: single quotes in it are letters, as POSIX has it. */
  #quotedWord(start: number): number {
    let at = start
    while (at < this.text.length && this.text[at] !== '}') {
      const char = this.text[at]!
      if (char === '$') at = this.#dollar(at, true)
      else if (char === '"' || char === '`' || char === '\\' || char === "'")
        return this.#give('shells differ on it')
      else {
        this.#result += char
        at++
      }
    }
    return at
  }

  #length(start: number): number {
    const name = /^[A-Za-z_][A-Za-z0-9_]*(?=\})/.exec(this.text.slice(start))?.[0]
    if (name === undefined) return this.#give('it is beyond this reader')
    const variable = this.#read(name)
    if (!variable.known) this.fail(variable.reason)
    else if (isAscii(variable.value ?? '')) this.#result += String(variable.value?.length ?? 0)
    else this.fail('shells differ on it')
    return start + name.length + 1
  }

  #operate({ name, variable, operator, word, written, place }: Operation): void {
    if (!variable.known) {
      this.fail(variable.reason)
      if (operator.endsWith('=')) this.scope.blur(name, variable.reason)
      return
    }
    const { value } = variable
    const isSet = value !== null && (!operator.startsWith(':') || value !== '')
    switch (operator.at(-1)) {
      case '-':
        if (isSet) this.#result += value
        else this.#take(word.value())
        return
      case '+':
        if (isSet) this.#take(word.value())
        return
      case '?':
        if (isSet) this.#result += value
        else this.fail('the shell stops here')
        return
      case '=': {
        if (isSet) {
          this.#result += value
          return
        }
        const given = word.value()
        this.#take(given)
        this.scope.assign(name, given, place)
        return
      }
      default:
        this.#result += this.#trim(value ?? '', operator, written)
    }
  }

  #take(value: ShellValue): void {
    if (value.known) this.#result += value.value
    else this.fail(value.reason)
  }

  #trim(value: string, operator: string, written: string): string {
    const longest = operator.length === 2
    // A quoted or expanded pattern would need to remember which of its characters are quoted.
    const trim = operator[0] === '#' ? trimPrefix : trimSuffix
    const trimmed = /["'$`\\]/.test(written) ? undefined : trim(written, value, longest)
    if (trimmed === undefined) this.fail('its pattern is beyond this reader')
    return trimmed ?? ''
  }
}

function isAscii(text: string): boolean {
  return /^[\x00-\x7f]*$/.test(text)
}
