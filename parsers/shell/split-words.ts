/** A word's offsets in the script. */
export interface ShellWord {
  readonly start: number
  readonly end: number
}

/**
 * Cuts a stretch of a simple command at blanks outside quotes and substitutions. The grammar's own word
 * nodes are not used: it takes `A=/x/$B.pid` for two words.
 */
export function splitWords(code: string, from: number, to: number): readonly ShellWord[] {
  const words: ShellWord[] = []
  let at = from
  while (at < to) {
    while (at < to && isBlank(code, at)) at += code[at] === '\\' ? 2 : 1
    if (at >= to) break
    const end = Math.min(wordEnd(code, at, to), to)
    words.push({ start: at, end })
    at = end
  }
  return words
}

/** A blank, a line end, or the continuation of a line. */
function isBlank(code: string, at: number): boolean {
  const char = code[at]
  if (char === '\\') return code[at + 1] === '\n'
  return char === ' ' || char === '\t' || char === '\n' || char === '\r'
}

function wordEnd(code: string, start: number, to: number): number {
  let at = start
  while (at < to && !(isBlank(code, at) && code[at] !== '\\')) at = skip(code, at, to)
  return at
}

/** No script is nested so deep; far from where a stack would overflow. */
const DEEPEST = 500

/** The offset after one character or one quoted or nested stretch. */
function skip(code: string, at: number, to: number, depth = 0): number {
  const char = code[at]
  if (depth > DEEPEST) return to
  if (char === '\\') return at + 2
  if (char === "'") return after(code.indexOf("'", at + 1), to)
  if (char === '"' || char === '`') return closing(code, at + 1, char, to, depth)
  if (char === '$' && code[at + 1] === '{') return closing(code, at + 2, '}', to, depth)
  if (char === '$' && code[at + 1] === '(') return closing(code, at + 2, ')', to, depth)
  return at + 1
}

function closing(code: string, start: number, close: string, to: number, depth: number): number {
  let at = start
  while (at < to && code[at] !== close) {
    // Inside double quotes a single quote is a letter.
    if (code[at] === "'" && close === '"') at++
    else if (code[at] === '(' && close === ')')
      at = depth > DEEPEST ? to : closing(code, at + 1, ')', to, depth + 1)
    else at = skip(code, at, to, depth + 1)
  }
  return at + 1
}

function after(index: number, to: number): number {
  return index === -1 ? to : index + 1
}
