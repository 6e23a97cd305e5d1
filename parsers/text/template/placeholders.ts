import { once } from '../../collections/once.ts'
import { LONGEST_LINE } from '../limits.ts'
import { lineStart } from '../line-start.ts'
import { wordFor } from '../placeholder.ts'
import { maskBareWords } from './bare-words.ts'
import { maskMarkedWords } from './marked-words.ts'
import type { File, Line, Verdict } from './placeholder-style.ts'
import { STYLES } from './placeholder-styles.ts'

/**
 * Puts words of {@link placeholder} in the place of what somebody's program fills in. Null for a text that
 * has none.
 *
 * @param isNamed true where the file's name says that there are some
 */
export function maskPlaceholders(written: string, isNamed: boolean): string | null {
  const text = maskMarkedWords(written)
  let masked = text
  const file: File = {
    text,
    isNamed,
    variables: once(() => variablesOf(text)),
    names: once(() => namesOf(text)),
    hasMacros: once(() => /<Macro\s/i.test(text)),
    doublesDollars: once(() => /\$\$[a-z_][^$]*\$\$[a-z_]/.test(text) && !/(?<!\$)\$[a-z_]/.test(text)),
  }
  for (const style of STYLES) {
    const { mark, pattern, isUsual } = style
    if (style.isOfNamed === true && !isNamed) continue
    let matches: Match[] | null = null
    let isMeant = isNamed && isUsual === true
    for (let at = text.indexOf(mark); at !== -1; at = text.indexOf(mark, at + 1)) {
      if (mark === '<' && isLineStart(text, at)) continue
      pattern.lastIndex = at
      const match = pattern.exec(text)?.[0]
      if (match === undefined) continue
      const line = lineAt(file, at)
      const verdict = line === null ? 'none' : style.judge(match, line)
      if (verdict !== 'none') {
        if (verdict === 'proof') isMeant = true
        matches ??= []
        matches.push({ index: at, match, verdict })
      }
      at += match.length - 1
    }
    if (isMeant && matches !== null) masked = replaceAll(masked, withoutOthers(matches))
  }
  masked = maskBareWords(masked)
  return masked === written ? null : masked
}

interface Match {
  readonly index: number
  readonly match: string
  readonly verdict: Verdict
}

/** Without those that are masked only where the same one is proof elsewhere, and it is not. */
function withoutOthers(matches: readonly Match[]): readonly Match[] {
  if (!matches.some(({ verdict }) => verdict === 'same')) return matches
  const proven = new Set(matches.flatMap(({ match, verdict }) => (verdict === 'proof' ? [match] : [])))
  return matches.filter(({ match, verdict }) => verdict !== 'same' || proven.has(match))
}

/** True where a section of Apache begins. */
function isLineStart(text: string, at: number): boolean {
  let before = at - 1
  while (text[before] === ' ' || text[before] === '\t') before--
  return before < 0 || text[before] === '\n'
}

/** A comment of nginx that begins behind what the line says. */
const BEHIND_STATEMENT = /[;{}][ \t]*#/

/** Null in a comment. */
function lineAt(file: File, index: number): Line | null {
  const { text } = file
  let start = lineStart(text, index, LONGEST_LINE)
  while (start < index && (text[start] === ' ' || text[start] === '\t')) start++
  if (text[start] === '#' || text[start] === ';') return null
  const reach = text.slice(start, start + LONGEST_LINE)
  const end = reach.indexOf('\n', index - start)
  const line = end === -1 ? reach : reach.slice(0, end)
  if (BEHIND_STATEMENT.test(line.slice(0, index - start))) return null
  const statement = statementAround(line, index - start)
  const directive = /^<?([A-Za-z_]*)/.exec(statement)?.[1] ?? ''
  return {
    text: statement,
    before: line.slice(0, index - start),
    directive: directive.toLowerCase(),
    start,
    file,
  }
}

/** `listen __PORT__;` of `server { listen __PORT__; root /srv; }`; the whole line where nginx would see one statement. */
function statementAround(line: string, offset: number): string {
  if (!/^[a-z}]/.test(line) || !/[;{}]\s/.test(line)) return line
  let start = 0
  let quote = ''
  for (let at = 0; at < line.length; at++) {
    const char = line[at]!
    if (quote !== '') {
      if (char === quote) quote = ''
    } else if (char === '"' || char === "'") quote = char
    else if (/[;{}]/.test(char) && /\s|^$/.test(line[at + 1] ?? '')) {
      // Behind the end of a placeholder's braces the statement goes on.
      if (char === '}' && !/[;{}\s]/.test(line[at - 1] ?? ';')) continue
      if (at >= offset) return line.slice(start, at + 1)
      start = at + 1
      while (line[start] === ' ' || line[start] === '\t') start++
    }
  }
  return line.slice(start)
}

const DEFINED =
  /^[ \t]*map[ \t]+\S+[ \t]+\$(\w+)|(?:^|[;{}])[ \t]*(?:set|map|geo|split_clients|\w+_set)\s[^;{#]{0,400}?\$\{?(\w+)|\(\?P?<(\w+)>/gm

function variablesOf(text: string): ReadonlySet<string> {
  const names = new Set<string>()
  for (const [, ...found] of text.matchAll(DEFINED))
    for (const name of found) if (name !== undefined) names.add(name.toLowerCase())
  return names
}

function replaceAll(text: string, matches: readonly Match[]): string {
  let masked = ''
  let at = 0
  for (const { index, match } of matches) {
    masked += text.slice(at, index) + wordFor(match)
    at = index + match.length
  }
  return masked + text.slice(at)
}

const NAMED =
  /^[ \t]*(?:upstream|Define)[ \t]+([\w-]+)|^[ \t]*<Macro[ \t]([^>\n]*)|(?:zone|keys_zone)=([\w-]+)|\blocation[ \t]+(@[\w-]+)/gim

/** Names that the file itself gives: to servers, a location, a memory, a macro and its arguments. */
function namesOf(text: string): ReadonlySet<string> {
  const names = [...text.matchAll(NAMED)].flatMap(([, ...found]) =>
    found.flatMap(each => each?.split(/\s+/) ?? []),
  )
  return new Set(names)
}
