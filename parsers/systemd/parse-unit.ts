import type { Source } from '../text/source.ts'

/** `Name=value` of a unit file; `value` has its continuation lines joined by a blank, as systemd does. */
export interface UnitSetting {
  readonly section: string
  readonly name: string
  readonly value: string
  readonly source: Source
  /** Offsets of the whole setting, half-open; the name begins at `start`. */
  readonly start: number
  readonly end: number
}

/** Reads a unit file or drop-in (systemd.syntax(7)): what is no section, setting or comment is passed over. */
export function parseUnit(source: Source): readonly UnitSetting[] {
  const { code } = source
  const settings: UnitSetting[] = []
  let section = ''
  for (let at = 0; at < code.length; ) {
    const start = at
    let line = ''
    let end = at
    for (let more = true; more; ) {
      end = code.indexOf('\n', at)
      if (end === -1) end = code.length
      const part = code.slice(at, end).trim()
      at = end + 1
      // A comment between continuation lines is left out, and does not end them.
      const comment = part.startsWith('#') || part.startsWith(';')
      const continues = part.endsWith('\\')
      more = at < code.length && (comment ? line !== '' : continues)
      if (!comment) line += `${line === '' ? '' : ' '}${continues ? part.slice(0, -1).trimEnd() : part}`
      else if (line === '') break
    }
    const header = /^\[([^\]]+)\]$/.exec(line)
    if (header !== null) {
      section = header[1] ?? ''
      continue
    }
    const equals = line.indexOf('=')
    if (equals < 1) continue
    const indent = code.slice(start, end).search(/\S/)
    settings.push({
      section,
      name: line.slice(0, equals).trim(),
      value: line.slice(equals + 1).trim(),
      source,
      start: start + Math.max(indent, 0),
      end: start + code.slice(start, end).trimEnd().length,
    })
  }
  return settings
}

/** Cuts a value at blanks, quotes and backslashes as systemd reads a command line. */
export function splitUnitWords(value: string): readonly string[] {
  const words: string[] = []
  let word: string | null = null
  let quote = ''
  for (let at = 0; at < value.length; at++) {
    const char = value[at]!
    if (char === '\\' && quote !== "'") word = (word ?? '') + plainChar(value[++at] ?? '\\')
    else if (quote !== '') {
      if (char === quote) quote = ''
      else word = (word ?? '') + char
    } else if ((char === '"' || char === "'") && (word === null || word.endsWith('='))) {
      quote = char
      word ??= ''
    } else if (/\s/.test(char)) {
      if (word !== null) words.push(word)
      word = null
    } else word = (word ?? '') + char
  }
  if (word !== null) words.push(word)
  return words
}

function plainChar(char: string): string {
  return { n: '\n', t: '\t', s: ' ' }[char] ?? char
}

/** One variable of an `EnvironmentFile=`. */
export interface FileVariable {
  readonly name: string
  readonly value: string
  readonly start: number
  readonly end: number
}

/**
 * Reads an `EnvironmentFile=` (systemd.exec(5)): `NAME=value` lines with a shell's quotes but none of its
 * expansions; `#` and `;` begin comments, and only at the start of a line.
 */
export function parseEnvironmentFile(source: Source): readonly FileVariable[] {
  const { code } = source
  const variables: FileVariable[] = []
  const line =
    /^[ \t]*([A-Za-z_][A-Za-z0-9_]*)[ \t]*=[ \t]*((?:"(?:[^"\\]|\\[\s\S])*"|'[^']*'|\\[\s\S]|[^\n"'\\])*)$/gm
  for (const match of code.matchAll(line)) {
    const [whole, name = '', written = ''] = match
    const value = written
      .trim()
      .replace(/"((?:[^"\\]|\\[\s\S])*)"|'([^']*)'|\\([\s\S])/g, (_, double, single, char) => {
        if (double !== undefined)
          return double.replace(/\\(["\\`$\n])/g, (_: string, c: string) => (c === '\n' ? '' : c))
        return single ?? (char === '\n' ? '' : char)
      })
    const start = match.index + whole.indexOf(name)
    variables.push({ name, value, start, end: match.index + whole.trimEnd().length })
  }
  return variables
}
