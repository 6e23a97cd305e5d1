import type { NestedText } from './nested-text.ts'

/** A quoted value of a mapping of YAML or JSON. */
export interface QuotedScalar extends Pick<NestedText, 'start' | 'end'> {
  readonly key: string
  /** Where the key begins, its own quote included. */
  readonly keyStart: number
  readonly quoting: 'single' | 'double'
  /** True between braces, where a comma or a brace stands before the key on its line. */
  readonly isFlow: boolean
}

/** `key: "`, `- 'key': '`, `{"key":"`. */
const OPENS =
  /(^[ \t]*(?:- +)*|[{,][ \t]*)(?:("[^"\\\n]*"|'[^'\n]*')[ \t]*:[ \t]*|([A-Za-z_./][^\s:{},"'#|>]*):[ \t]+)(["'])/gm
/** What may stand behind a value. */
const BEHIND = /[ \t]*(?:[,}\r\n]|#|$)/y
/** No file in a value is longer, and one that is left open costs no more. */
const LONGEST = 100_000
const MOST_OPEN = 200

/** The quoted values in a text, in order; what stands in one of them is none. */
export function* quotedScalars(text: string): Iterable<QuotedScalar> {
  let left = MOST_OPEN
  OPENS.lastIndex = 0
  for (let match = OPENS.exec(text); match !== null && left > 0; match = OPENS.exec(text)) {
    const [all, before = '', quoted, plain = '', quote] = match
    const start = match.index + all.length
    const quoting = quote === '"' ? 'double' : 'single'
    const end = endOf(text, start, quoting)
    BEHIND.lastIndex = end + 1
    if (end === -1) left--
    if (end === -1 || !BEHIND.test(text)) continue
    const from = OPENS.lastIndex
    const key = quoted === undefined ? plain : quoted.slice(1, -1)
    yield { key, keyStart: match.index + before.length, start, end, quoting, isFlow: /[{,]/.test(before) }
    OPENS.lastIndex = Math.max(from, end + 1)
  }
}

function endOf(text: string, start: number, quoting: QuotedScalar['quoting']): number {
  const most = Math.min(text.length, start + LONGEST)
  for (let at = start; at < most; at++) {
    const character = text[at]
    if (quoting === 'double') {
      if (character === '\\') at++
      else if (character === '"') return at
    } else if (character === "'") {
      if (text[at + 1] !== "'") return at
      at++
    }
  }
  return -1
}

/** What is written in place of each match; it is no longer than the match, and blanks fill up the rest. */
interface Unquoting {
  readonly pattern: RegExp
  readonly meaningOf: (match: string) => string
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', N: '\n', _: ' ', ' ': ' ' }

/** A line end is a blank, and each one behind it an end of a line. */
function folded(match: string): string {
  const ends = match.split('\n').length - 1
  return ends === 1 ? ' ' : '\n'.repeat(ends - 1)
}

/** @see https://yaml.org/spec/1.2.2/#73-flow-scalar-styles */
export const UNQUOTING: Readonly<Record<QuotedScalar['quoting'], Unquoting>> = {
  single: {
    pattern: /''|[ \t]*(?:\r?\n[ \t]*)+/g,
    meaningOf: match => (match === "''" ? "'" : folded(match)),
  },
  double: {
    pattern: /\\(?:\r?\n[ \t]*|x[\da-fA-F]{2}|u[\da-fA-F]{4}|U[\da-fA-F]{8}|[\s\S])|[ \t]*(?:\r?\n[ \t]*)+/g,
    meaningOf: match => {
      if (match[0] !== '\\') return folded(match)
      const name = match[1] ?? ''
      if (name === '\n' || name === '\r') return ''
      if (match.length === 2) return ESCAPES[name] ?? name
      const point = Number.parseInt(match.slice(2), 16)
      return point <= 0x10ffff ? String.fromCodePoint(point) : '?'
    },
  },
}

/**
 * The lines of a folded block, of the same length: one that ends at the block's own column goes on in the next that
 * begins there.
 *
 * @see https://yaml.org/spec/1.2.2/#813-folded-style
 */
export function afterFolding(text: string): string {
  const lines = text.split('\n')
  const column = (line: string): number => line.search(/[^ \r]/)
  const own = column(lines.find(line => column(line) !== -1) ?? '')
  return lines
    .map((line, index) => {
      const next = lines[index + 1]
      if (next === undefined) return line
      return `${line}${column(line) === own && column(next) === own ? ' ' : '\n'}`
    })
    .join('')
}
