import { isUnknownWord } from '../text/source.ts'
import { sliceWritten, type WrittenText } from '../text/written-text.ts'

/** An option of a command of Docker, by its long name. */
export interface CommandOption {
  readonly name: string
  /** Null for one that takes no value. */
  readonly value: WrittenText | null
}

export interface CommandOptions {
  readonly options: readonly CommandOption[]
  /** What stands behind the options. */
  readonly rest: readonly WrittenText[]
  /** False where a variable may hold more options. */
  readonly complete: boolean
}

/** Which options a command has. */
export interface OptionNames {
  /** Those that take no value: every other one takes one. */
  readonly plain: ReadonlySet<string>
  /** The long names of the letters. */
  readonly letters: Readonly<Record<string, string>>
}

/** Options as Docker, Podman and nerdctl read them: `--name shop`, `--name=shop`, `-itd`, `-dp 80:80`, `-p80:80`. */
export function readOptions(words: readonly WrittenText[], names: OptionNames): CommandOptions {
  const options: CommandOption[] = []
  let complete = true
  let at = 0
  for (; at < words.length; at++) {
    const word = words[at]!
    const { text } = word
    // A variable of which nothing is known, with more behind it, may hold options.
    if (isUnknownWord(text) && /^\W+$/.test(text) && at + 1 < words.length) {
      complete = false
      if (words[at + 1]!.text.startsWith('-')) continue
      break
    }
    if (!text.startsWith('-') || text === '-') break
    if (text === '--') {
      at++
      break
    }
    if (text.startsWith('--')) {
      const equals = text.indexOf('=')
      const name = text.slice(2, equals === -1 ? undefined : equals)
      if (equals !== -1) options.push({ name, value: sliceWritten(word, equals + 1) })
      else if (names.plain.has(name)) options.push({ name, value: null })
      else options.push({ name, value: words[++at] ?? null })
      continue
    }
    for (let letter = 1; letter < text.length; letter++) {
      const name = names.letters[text[letter]!] ?? text[letter]!
      if (names.plain.has(name)) {
        options.push({ name, value: null })
        continue
      }
      const glued = text.slice(letter + 1)
      const start = letter + (glued.startsWith('=') ? 2 : 1)
      options.push({ name, value: glued === '' ? (words[++at] ?? null) : sliceWritten(word, start) })
      break
    }
  }
  return { options, rest: words.slice(at), complete }
}
