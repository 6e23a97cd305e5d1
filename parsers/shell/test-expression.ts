import { matchesShellPattern } from '../wildcard/shell-pattern.ts'
import type { ExpandedWord } from './expand-word.ts'
import type { ShellOptions } from './shell-environment.ts'

/** True, false, or undefined where only the running shell can tell. */
export type Status = boolean | undefined

const BINARY = new Set([
  '=',
  '==',
  '!=',
  '-eq',
  '-ne',
  '-lt',
  '-le',
  '-gt',
  '-ge',
  '=~',
  '<',
  '>',
  '-nt',
  '-ot',
  '-ef',
])

/** Answers `test …`, `[ … ]` and `[[ … ]]` over the words between the brackets. */
export function testExpression(
  words: readonly ExpandedWord[],
  double: boolean,
  kind: ShellOptions['kind'],
): Status {
  const list: Operand[] = []
  for (const word of words) {
    const text = word.value.known ? word.value.value : null
    if (!double && !word.quoted) {
      // An unquoted expansion vanishes where it is empty and is cut where it holds blanks.
      if (text === null || /\s/.test(text)) return undefined
      if (text === '') continue
    }
    list.push({ text, quoted: word.quoted })
  }
  const reader = new TestReader(list, double, kind)
  const result = reader.whole()
  return result
}

interface Operand {
  readonly text: string | null
  readonly quoted: boolean
}

class TestReader {
  #at = 0

  constructor(
    private readonly words: readonly Operand[],
    private readonly double: boolean,
    private readonly kind: ShellOptions['kind'],
  ) {}

  whole(): Status {
    const { words } = this
    if (words.length === 0) return false
    if (words.length === 1) return isFilled(words[0])
    // POSIX decides three words by the middle one, so that `[ "$a" = "$b" ]` holds whatever they contain.
    if (words.length === 3 && this.#isBinary(1)) return this.#binary()
    const result = this.#or()
    return this.#at === words.length ? result : undefined
  }

  #is(...names: readonly string[]): boolean {
    const word = this.words[this.#at]
    return word !== undefined && word.text !== null && !word.quoted && names.includes(word.text)
  }

  #isBinary(offset: number): boolean {
    const word = this.words[this.#at + offset]
    return word !== undefined && word.text !== null && BINARY.has(word.text)
  }

  #or(): Status {
    let result = this.#and()
    while (this.#is(this.double ? '||' : '-o')) {
      this.#at++
      const right = this.#and()
      result = result === true || right === true ? true : result === false ? right : undefined
    }
    return result
  }

  #and(): Status {
    let result = this.#not()
    while (this.#is(this.double ? '&&' : '-a')) {
      this.#at++
      const right = this.#not()
      result = result === false || right === false ? false : result === true ? right : undefined
    }
    return result
  }

  #not(): Status {
    if (this.#is('!') && !this.#isBinary(1)) {
      this.#at++
      const result = this.#not()
      return result === undefined ? undefined : !result
    }
    if (this.#is('(') && !this.#isBinary(1)) {
      this.#at++
      const result = this.#or()
      if (!this.#is(')')) return undefined
      this.#at++
      return result
    }
    if (this.#isBinary(1) && this.words[this.#at + 2] !== undefined) return this.#binary()
    const word = this.words[this.#at++]
    if (word !== undefined && !word.quoted && word.text !== null && /^-[a-zA-Z]$/.test(word.text)) {
      const operand = this.words[this.#at]
      if (operand !== undefined) {
        this.#at++
        return this.#unary(word.text, operand)
      }
    }
    return isFilled(word)
  }

  #binary(): Status {
    const left = this.words[this.#at]?.text ?? null
    const operator = this.words[this.#at + 1]?.text
    const right = this.words[this.#at + 2]
    this.#at += 3
    if (left === null || right === undefined || right.text === null) return undefined
    switch (operator) {
      case '=':
      case '==':
        return this.#equal(left, right)
      case '!=': {
        const equal = this.#equal(left, right)
        return equal === undefined ? undefined : !equal
      }
    }
    if (!/^-?\d+$/.test(left) || !/^-?\d+$/.test(right.text)) return undefined
    const difference = Number(left) - Number(right.text)
    switch (operator) {
      case '-eq':
        return difference === 0
      case '-ne':
        return difference !== 0
      case '-lt':
        return difference < 0
      case '-le':
        return difference <= 0
      case '-gt':
        return difference > 0
      case '-ge':
        return difference >= 0
      default:
        return undefined
    }
  }

  #equal(left: string, right: Operand): Status {
    if (this.double && !right.quoted) return matchesShellPattern(right.text ?? '', left)
    return left === right.text
  }

  #unary(operator: string, operand: Operand): Status {
    const { text } = operand
    if (text === null) return undefined
    if (operator === '-n') return text !== ''
    if (operator === '-z') return text === ''
    const kind = text.startsWith('/') ? this.kind?.(text) : undefined
    if (kind === undefined) return undefined
    switch (operator) {
      case '-e':
      case '-a':
        return kind !== 'missing'
      case '-f':
        return kind === 'file'
      case '-d':
        return kind === 'directory'
      // Whoever starts the server is root, to whom everything that exists is readable.
      case '-r':
        return kind !== 'missing'
      default:
        return kind === 'missing' ? false : undefined
    }
  }
}

function isFilled(word: Operand | undefined): Status {
  if (word === undefined) return false
  return word.text === null ? undefined : word.text !== ''
}
