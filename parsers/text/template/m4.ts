import { lineStart } from '../line-start.ts'
import { INSERT, NOTHING, PRINT, type Step, type Tag } from './tag.ts'

/** Calls and `dnl`, with which no line of a server begins. */
const PROOF =
  /^(?:divert\(-?\d*\)|(?:define|pushdef|ifdef|ifelse|include|sinclude|undefine|changequote)\([`[]|dnl\b)/m
const MARKS = ['divert(', '(`', 'dnl', 'changequote(']

/** True for a text of m4. */
export function isM4(text: string): boolean {
  return MARKS.some(mark => text.includes(mark)) && PROOF.test(text)
}

/** Calls, a comment to the end of its line, a quoted text, and a word that somebody may define: `m4 -DHOST=a`. */
const TAG =
  /\b(?:divert|define|pushdef|popdef|ifdef|ifelse|s?include|undefine|undivert|changequote|changecom|syscmd|esyscmd|format|len|eval|translit|patsubst)\(|\bdnl\b[^\n]*|`[^`'\n]*'|(?<![\w$%{@.-])[A-Z][A-Z\d]+(?:_[A-Z\d]+)*\b(?![\w.]|[ \t]*\()/g

/**
 * What m4 knows alone: what `divert(-1)` keeps from the output and what defines words is blank, what brings texts may
 * bring any, and a quoted text and a word in capitals are values.
 */
export function m4Tags(text: string): readonly Tag[] {
  const tags: Tag[] = []
  TAG.lastIndex = 0
  for (let match = TAG.exec(text); match !== null; match = TAG.exec(text)) {
    const { 0: word, index: start } = match
    if (isInComment(text, start, word)) continue
    const isCall = word.endsWith('(')
    let end = isCall ? endOfCall(text, TAG.lastIndex) : TAG.lastIndex
    if (end === null) continue
    if (/^divert\(\s*-\d+\s*\)$/.test(text.slice(start, end))) end = endOfDiversion(text, end)
    tags.push({ start, end, steps: isCall ? stepsOf(word) : word.startsWith('dnl') ? NOTHING : PRINT })
    TAG.lastIndex = end
  }
  return tags
}

function stepsOf(call: string): readonly Step[] {
  return /^(?:ifdef|ifelse|s?include|undivert|e?syscmd|format|len|eval|translit|patsubst)\($/.test(call)
    ? INSERT
    : NOTHING
}

/** No line of a configuration and no call of a template is longer. */
const LONGEST = 2000

/** A comment of a server is one of m4 too, in which only `dnl` counts. */
function isInComment(text: string, index: number, word: string): boolean {
  const line = lineStart(text, index, LONGEST)
  return !word.startsWith('dnl') && /^[ \t]*#/.test(text.slice(line, index))
}

/** Behind the bracket that closes a call; null where none does. */
function endOfCall(text: string, from: number): number | null {
  let depth = 1
  let quotes = 0
  for (let at = from; at < text.length && at < from + LONGEST; at++) {
    const char = text[at]
    if (char === '`') quotes++
    else if (char === "'" && quotes > 0) quotes--
    else if (quotes > 0) continue
    else if (char === '(') depth++
    else if (char === ')' && --depth === 0) return at + 1
  }
  return null
}

const OUTPUT = /\bdivert(?:\(\s*0?\s*\)|(?![\w(]))/g

/** Behind the `divert` that prints again. */
function endOfDiversion(text: string, from: number): number {
  OUTPUT.lastIndex = from
  return OUTPUT.exec(text) === null ? text.length : OUTPUT.lastIndex
}
