import type { Place } from '../parsers/text/source.ts'
import type { RuleFinding } from '../src/engine/rule.ts'

/** A group of a regular expression that begins with an exclamation mark, where `(?!` was meant. */
interface MeantLookahead {
  /** As it is written, to the end of the first word: `(!?well-known`. */
  readonly written: string
  /** What the group asks for, and was meant to exclude. */
  readonly word: string
  /** Whether the exclamation mark may be missing: `(!?word`. */
  readonly optional: boolean
}

/** Tells of such a group; null where the pattern has none. */
export function lookaheadMisspelt({
  pattern,
  at,
}: {
  readonly pattern: string
  readonly at: Place
}): RuleFinding | null {
  const meant = meantLookahead(pattern)
  if (meant === null) return null
  const { written, word, optional } = meant
  const asked = optional ? `\`${word}\`, with or without \`!\` in front` : `the text \`!${word}\``
  return {
    at,
    message: `\`${written}…\` is no lookahead: the group asks for ${asked}, and excludes nothing`,
    label: 'no lookahead',
    help: `write \`(?!${word}…\``,
  }
}

/**
 * The first group of a pattern that begins with `!?` or `!` and a word. Behind the sign a whole word has to stand:
 * `(!?.+)` and `(!/…)` take texts that may well begin with it, such as the rooms of Matrix.
 */
function meantLookahead(pattern: string): MeantLookahead | null {
  for (let index = 0, inClass = false; index < pattern.length; index += 1) {
    const letter = pattern[index]
    if (letter === '\\') index += 1
    else if (inClass) inClass = letter !== ']'
    // A bracket that closes stands for itself at the beginning of a class.
    else if (letter === '[') {
      inClass = true
      index += /^\[\^?\]/.exec(pattern.slice(index))?.[0].length ?? 1
      index -= 1
    } else if (letter === '(') {
      const [written, sign, word] = GROUP.exec(pattern.slice(index)) ?? []
      if (written !== undefined && word !== undefined) return { written, word, optional: sign === '!?' }
    }
  }
  return null
}

const GROUP = /^\((!\??)(\^?(?:(?<=\^)\/)?(?:\\\.)?[a-z][\w-]{2,})(?=[)|/$]|\\[./])/i
