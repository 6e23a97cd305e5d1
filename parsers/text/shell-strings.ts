import type { Line, NestedText } from './nested-text.ts'

interface Found {
  readonly found: NestedText
  /** The index of the last line that holds something of it. */
  readonly last: number
}

/** `block="server {`, `echo '` in front of it: what a script writes into a file of a server. */
const STRING = /(?:^|[\s;&|])(?:echo(?: -\w+)?[ \t]+|printf[ \t]+(?:--[ \t]+)?|\w+=)\$?(["'])[ \t]*(\S.*)?$/
const BEGINS =
  /^(?:#|server\s*\{|upstream\s|location\s|map\s|<(?:VirtualHost|IfModule|Directory|Location|Files)(?:Match)?\b)/

/** No string of a script holds a longer file, and one that is left open costs no more. */
const LONGEST_STRING = 20_000

/** A string that begins like a server's file; null where none does, undefined where it has no end. */
export function stringFrom(text: string, lines: readonly Line[], index: number): Found | null | undefined {
  const { line = '', start = 0 } = lines[index] ?? {}
  const [match, quote = '', rest = ''] = STRING.exec(line) ?? []
  if (match === undefined) return null
  const first = isNothing(rest) ? (lines[index + 1]?.line.trim() ?? '') : rest
  if (!BEGINS.test(first)) return null
  const from = start + line.lastIndexOf(quote, line.length - rest.trimEnd().length - 1) + 1
  const end = endOfString(text, from, quote)
  if (end === null) return undefined
  let last = index
  while ((lines[last + 1]?.start ?? Number.POSITIVE_INFINITY) <= end) last++
  if (last === index && !isOneLine(text.slice(from, end), first)) return null
  return { found: { start: from, end, filledInBy: quote === '"' ? 'string' : 'echo' }, last }
}

/** `"public"` within a string between double quotes: it ends, and goes on behind a word that touches both ends. */
const WORD_BETWEEN = /(["'])[^\s"'`;&|<>()\\]+\1/y

function endOfString(text: string, from: number, quote: string): number | null {
  const most = Math.min(text.length, from + LONGEST_STRING)
  let end = from
  for (;;) {
    while (end < most && text[end] !== quote) end += quote === '"' && text[end] === '\\' ? 2 : 1
    if (end >= most) return null
    WORD_BETWEEN.lastIndex = end
    const word = WORD_BETWEEN.exec(text)?.[0]
    if (word === undefined) return end
    end += word.length
  }
}

/** Nothing but the end of a line, in the words of `echo` and Docker. */
function isNothing(rest: string): boolean {
  return /^(?:\\n)?\\?\s*$/.test(rest)
}

/** True for lines that a string writes with `\n` on one of the outer file: nginx reads blanks as well, Apache does not. */
function isOneLine(inner: string, first: string): boolean {
  return inner.includes('\\n') && !first.startsWith('<') && !inner.includes('#')
}

/** `echo 'server {'; \`, `&& echo "…" >> FILE`: one line of a file, and what may stand around it. */
const ECHO =
  /^\s*(?:RUN\s+)?(?:\{\s+|&&\s*)?(?:sudo\s+)?echo\s+(?:-e\s+)?(?:'([^'\n]*)'|"((?:[^"\\\n]|\\.)*)")(.*)$/
const BEHIND = /^ ?(?:>>? ?[^\s;&|]+)? ?(?:;|&&)? ?\\? ?$/
const BETWEEN = /^[ \t]*(?:#.*|\\)?[ \t]*\r?$/

/** `echo "upstream app { server app:9000; }" > FILE`: one line that leaves nothing open. */
const WHOLE_BLOCK = /^\s*(?:upstream|server|map)\b[^{}]*\{(?:[^{}]|\{[^{}]*\})*\}\s*$/

/** Lines of one file, each written by an `echo` of its own; null where none begins here. */
export function echoedLines(lines: readonly Line[], index: number): Found | null {
  if (!BEGINS.test(echoed(lines[index]?.line ?? '')?.said.trim() ?? '')) return null
  const parts: { start: number; end: number }[] = []
  let isDouble = false
  let last = index
  for (let at = index; at < lines.length; at++) {
    const { line = '', start = 0 } = lines[at] ?? {}
    const echo = echoed(line)
    if (echo === null) {
      if (BETWEEN.test(line)) continue
      break
    }
    const { said, quote } = echo
    isDouble ||= quote === '"' && /[$\\]/.test(said)
    const from = start + line.indexOf(quote) + 1
    if (said !== '') parts.push({ start: from, end: from + said.length })
    last = at
  }
  const end = parts.at(-1)?.end
  if (
    end === undefined ||
    (parts.length < 2 && !WHOLE_BLOCK.test(echoed(lines[index]?.line ?? '')?.said ?? ''))
  )
    return null
  const start = parts[0]?.start ?? 0
  return { found: { start, end, parts, filledInBy: isDouble ? 'string' : 'nobody' }, last }
}

/** What one line writes with `echo`, and nothing else does it. */
function echoed(line: string): { readonly said: string; readonly quote: string } | null {
  const [match, single, double, behind = ''] = ECHO.exec(line) ?? []
  if (match === undefined || !BEHIND.test(behind.replace(/\s+/g, ' '))) return null
  return single === undefined ? { said: double ?? '', quote: '"' } : { said: single, quote: "'" }
}
