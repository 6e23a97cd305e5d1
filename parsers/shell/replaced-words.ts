import { isUnknownWord } from '../text/source.ts'

/** A word that a script of `sed` replaces wherever it stands. */
export interface ReplacedWord {
  readonly text: string
  /** What stands around it, and stays. */
  readonly before: string
  readonly after: string
  /** True for one that nobody means as a value: `APP_PORT`, `__X__`, `{{ port }}`. */
  readonly isPlaceholder: boolean
  /** True for one that is written out as a number, a size or a time, and is to be had only where one is wanted. */
  readonly isNumber: boolean
}

const LONGEST = 20_000

/** The words that a script of `sed` replaces, but for patterns that stand for many, and values for others that are written out. */
export function replacedWords(script: string): readonly ReplacedWord[] {
  const found: ReplacedWord[] = []
  const end = Math.min(script.length, LONGEST)
  let at = 0
  while (at < end) {
    if (/[\s;{}!,$\d]/.test(script[at]!)) {
      at++
      continue
    }
    if (script[at] === '/' || script[at] === '\\') {
      // An address: the line that is left out, or gives way to others.
      const open = script[at] === '/' ? at : at + 1
      const [pattern, behind] = upTo(script, open + 1, script[open] ?? '/')
      if (/^[ \t]*[rcdiaR]/.test(script.slice(behind))) found.push(...wordOf(pattern, null))
      at = behind
      continue
    }
    if (script[at] !== 's' || !/[^\w\s]/.test(script[at + 1] ?? '')) {
      const next = script.slice(at).search(/[;\n]/)
      if (next === -1) break
      at += next + 1
      continue
    }
    const delimiter = script[at + 1]!
    const [pattern, middle] = upTo(script, at + 2, delimiter)
    const [replacement, behind] = upTo(script, middle, delimiter)
    found.push(...wordOf(pattern, replacement))
    at = behind
    while (/[a-zA-Z\d]/.test(script[at] ?? '')) at++
  }
  return found
}

/** What stands in front of the next delimiter, and where it goes on behind that. */
function upTo(script: string, start: number, delimiter: string): readonly [string, number] {
  let text = ''
  for (let at = start; at < script.length; at++) {
    if (script[at] === delimiter) return [text, at + 1]
    if (script[at] === '\\') {
      const next = script[++at] ?? ''
      text += next === delimiter && delimiter !== '/' ? next : `\\${next}`
    } else text += script[at]
  }
  return [text, script.length]
}

function wordOf(pattern: string, replacement: string | null): readonly ReplacedWord[] {
  const literal = literalOf(pattern)
  if (literal === null || literal.length < 2) return []
  const [start, end] = replacement === null ? [0, literal.length] : changed(literal, replacement)
  const text = literal.slice(start, end)
  if (SECTION.test(text)) return []
  const isPlaceholder = PLACEHOLDER.test(text)
  if (text.length < 2 || (/[\s;]/.test(text) && !isPlaceholder)) return []
  const isUnknown = isPlaceholder || VARIABLE.test(replacement ?? '')
  const isNumber = !isUnknown && NUMBER.test((replacement ?? '').slice(start)) && NAME.test(text)
  if (!isUnknown && !isNumber) return []
  return [{ text, before: literal.slice(0, start), after: literal.slice(end), isPlaceholder, isNumber }]
}

/** Of the shell, and of make. */
const VARIABLE = /\uE000|\$[({\w]/

const NUMBER = /^["']?\d+(?:ms|[smhdwyMkKgG])?(?![\w.])|^["']?(?:on|off)\b/i
/** In small letters, and none that itself stands where a number may. */
const NAME = /^(?!(?:auto|on|off|max|epoch|none|default|http|https|nginx)$)[a-z]+(?:[_-][a-z]+)*$/

/** In capitals, or between marks, behind one of these alone, or a word that ends in capitals. */
const PLACEHOLDER =
  /^(?:[@%#&!~:]?[A-Z][A-Z\d]*(?:[_-][A-Z\d]+)*|\$\{?\w+\}?|_\w+_|[a-z]\w*[A-Z]{3,}|[^\w\s/.:;-][^\s;]*[^\w\s/.:;-]|--.+--|\{\{ ?[\w. ]+ ?\}\}|[<[{%][\w. -]+[>\]}%])$/

/**
 * The line that begins or ends a section of Apache, `</Directory>` or `<IfModule mod_ssl.c>`: it looks like a
 * placeholder between marks, and what a script takes away of one file ends a section in all others.
 */
const SECTION =
  /^<(?:\/\w+ ?|(?:If(?:Module|Define|Version|File|Directive|Section)?|ElseIf|(?:Directory|Files|Location|Proxy)(?:Match)?|VirtualHost|Limit(?:Except)?|Macro) .*|Else|Require(?:All|Any|None))>$/

/** The part of a text in which it differs from its replacement, as far as whole words. */
function changed(text: string, replacement: string): readonly [number, number] {
  let start = 0
  while (start < text.length && text[start] === replacement[start]) start++
  while (start > 0 && !/[\s:/=]/.test(text[start - 1]!)) start--
  let end = text.length
  while (end > start && text[end - 1] === replacement[replacement.length - 1 - (text.length - end)]) end--
  while (end < text.length && !/[\s:/;]/.test(text[end]!)) end++
  return [start, end]
}

/** The one text that an expression stands for; null for one that stands for many. */
function literalOf(pattern: string): string | null {
  if (isUnknownWord(pattern)) return null
  let text = ''
  for (let at = 0; at < pattern.length; at++) {
    const char = pattern[at]!
    if (char === '\\') {
      const next = pattern[++at] ?? ''
      if (/[<>b]/.test(next)) continue
      if (/[\w()+?|]/.test(next)) return null
      text += next
    } else if (char === '^' && at === 0) continue
    else if (char === '$' && at === pattern.length - 1) continue
    else if (char === '*' || char === '[' || char === '^') return null
    else text += char
  }
  return text
}
