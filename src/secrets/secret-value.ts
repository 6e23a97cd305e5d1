import type { Stretch } from './stretch.ts'

/**
 * How a value is written. `line`: at the beginning of a line, as in `.env` files and INI. `rest`: all that follows on the
 * line of a directive. `word`: as in
 * Apache, a shell or an option. `quoted`: together with its name inside of quotes. `nginx`: ends at a semicolon too. `query`: in a URL. `braces`: `${NAME:-…}`.
 */
export type ValueStyle = 'line' | 'rest' | 'word' | 'quoted' | 'nginx' | 'query' | 'braces'

const UNQUOTED: Readonly<Record<ValueStyle, RegExp>> = {
  line: /[^\s]{1,4000}/y,
  rest: /[^\n]{1,4000}/y,
  word: /[^\s;"'`,<>)\]}&|]{1,4000}/y,
  quoted: /[^"'\n]{1,4000}/y,
  nginx: /[^\s;{"']{1,4000}/y,
  query: /[^\s"'`&#;<>)]{1,4000}/y,
  braces: /[^}\n"']{1,4000}/y,
}
/** Files of which a line is a name and a value, blanks and all. */
const LINE_FILE = /(?:^|\/)\.?env(?:\.[\w.-]+)?$|\.env$|\.properties$|\.ini$|\.cnf$|environment$/i
const PYTHON = /\.(?:py|wsgi)$/
const QUOTE = /(?:\\?["'`]|[bruf]{1,2}["'])/iy
/** A quoted text goes on for so long at most. */
const LONGEST = 8000

/** What is written at an offset, without its quotes: one stretch, or those of a list. */
export function readValue(text: string, at: number, style: ValueStyle, path: string): readonly Stretch[] {
  QUOTE.lastIndex = at
  const quote = QUOTE.exec(text)?.[0]
  if (quote !== undefined) return readQuoted(text, at, quote, path)
  const first = text[at]
  if ((first === '[' || first === '(') && style !== 'query') return readLiterals(text, at)
  if ((first === '|' || first === '>') && /^[|>][-+]?\d?[ \t]*\r?\n/.test(text.slice(at, at + 20)))
    return readBlock(text, at)
  // What is no literal is an expression, whose literals are read where they are passed.
  if (PYTHON.test(path) && style !== 'query') return []
  const pattern = UNQUOTED[style]
  pattern.lastIndex = at
  const word = pattern.exec(text)?.[0]
  if (word === undefined) return []
  if (style !== 'line') return [{ start: at, end: at + word.length }]
  const lineEnd = endOfLine(text, at)
  // In a shell more may follow on the line; in a list of variables the value goes on.
  const isWhole = LINE_FILE.test(path)
  const end = isWhole ? lineEnd : at + word.replace(/[;,]$/, '').length
  return [{ start: at, end }]
}

function readQuoted(text: string, at: number, written: string, path: string): readonly Stretch[] {
  const quote = written.at(-1) ?? '"'
  const isEscaped = written.startsWith('\\')
  const start = at + written.length
  if (!isEscaped && text.startsWith(quote.repeat(2), start)) {
    const end = text.indexOf(quote.repeat(3), start + 2)
    if (end !== -1) return [{ start: start + 2, end }]
    return []
  }
  const end = closingQuote(text, start, quote, isEscaped)
  const stretch = { start, end: end ?? endOfLine(text, start) }
  if (end === null || !PYTHON.test(path)) return [stretch]
  // Python joins literals that stand beside each other.
  return [stretch, ...readLiterals(text, end + 1, /[\s\\+]{0,200}(?=[bruf]{0,2}["'])/iy)]
}

function closingQuote(text: string, start: number, quote: string, isEscaped: boolean): number | null {
  const last = Math.min(text.length, start + LONGEST)
  for (let at = start; at < last; at++) {
    const char = text[at]
    if (char === '\\' && !isEscaped) at++
    else if (char === '\\' && text[at + 1] === quote) return at
    else if (char === quote) return at
  }
  return null
}

/** The literals of a list, up to its end; or those that stand beside each other. */
function readLiterals(text: string, at: number, between?: RegExp): readonly Stretch[] {
  const found: Stretch[] = []
  const last = Math.min(text.length, at + LONGEST)
  let next = at
  let depth = 0
  while (next < last) {
    if (between !== undefined) {
      between.lastIndex = next
      const gap = between.exec(text)?.[0]
      if (gap === undefined) break
      next += gap.length
    }
    const char = text[next] ?? ''
    // No list has these: the next name has them, and is read for itself.
    if (/[=;:{}]/.test(char)) break
    if (char === '[' || char === '(') depth++
    if ((char === ']' || char === ')') && --depth <= 0) break
    if (char === '"' || char === "'") {
      const end = closingQuote(text, next + 1, char, false)
      if (end === null) break
      found.push({ start: next + 1, end })
      next = end
    } else if (between !== undefined && !/[bruf]/i.test(char)) break
    next++
  }
  return found
}

/** The lines of a YAML block, which are indented further than its key. */
function readBlock(text: string, at: number): readonly Stretch[] {
  const lineStart = text.lastIndexOf('\n', at) + 1
  const indent = /^[ \t]*/.exec(text.slice(lineStart, at))?.[0].length ?? 0
  const start = endOfLine(text, at) + 1
  let end = start
  while (end < text.length && end - start < LONGEST * 4) {
    const lineEnd = endOfLine(text, end)
    const line = text.slice(end, lineEnd)
    if (line.trim() !== '' && (/^[ \t]*/.exec(line)?.[0].length ?? 0) <= indent) break
    end = lineEnd + 1
  }
  return start < end ? [{ start, end: Math.min(end, text.length) }] : []
}

function endOfLine(text: string, at: number): number {
  const end = text.indexOf('\n', at)
  return end === -1 ? text.length : text[end - 1] === '\r' ? end - 1 : end
}

/** Words that tell nothing. */
const SWITCH =
  /^(?:on|off|true|false|yes|no|none|null|nil|default|builtin|optional|required|enabled|disabled|basic|digest|bearer|negotiate|plain|login|ldap|file|ask|any|all|always|never|self|lax|strict|int|str|string|bool|\d{1,2}[smhd]?|\*+)$/i
/** A variable, a call, a template's placeholder, another place to look at. */
const ELSEWHERE =
  /^(?:[$%]|\{[{%]|<%|<[\w -]+>$|@\w+@|\{\}?$|\[|\(|exec:|file:|unix:|data:\$|https?:\/\/|os\.|environ|env[.(]|config[.(]|get_|secrets\.|settings\.|self\.|process\.env|vault:|ENC\[|[\w.]+\()/i
/** A path to where the secret is kept. */
const KEPT_IN_FILE =
  /^(?:\.{0,2}\/)?(?:(?:etc|run|var|srv|opt|usr|home|root|mnt|dev|tmp|app|data|certs?|keys?|ssl|private|conf|config|secrets)\/)[\w.@+/-]*$|^[\w.@+/-]+\.(?:key|pem|crt|cer|txt|conf|file|p12|pfx|jks|gpg|json|ya?ml|php|html?)$/

/** True for a value that gives nothing away. */
export function isHarmlessValue(value: string, name: string): boolean {
  if (value === '' || SWITCH.test(value) || ELSEWHERE.test(value) || KEPT_IN_FILE.test(value)) return true
  // Text of a header that names others: `Authorization, Content-Type`.
  if (/^[A-Z][a-z]+(?:-[A-Z][a-z]+)*(?:,\s*[A-Z][a-z]+(?:-[A-Z][a-z]+)*)+$/.test(value)) return true
  return /^[\s\W]*$/.test(value) && !/[^\s"'`()[\]{};:,.=~^$|&<>/\\*?!-]/.test(value) && name !== '-'
}
