/** A word of JavaScript or TypeScript, or of JSON; comments and blanks are none. */
export interface JsToken {
  readonly kind: 'name' | 'number' | 'string' | 'template' | 'pattern' | 'sign'
  /** As written; of a string what stands between its quotes, escapes left as they are. */
  readonly text: string
  readonly start: number
  readonly end: number
}

const NAME = /[A-Za-z_$][\w$]*/y
const NUMBER = /(?:0[xX][\da-fA-F_]+|\d[\d_]*(?:\.\d+)?(?:[eE][-+]?\d+)?)n?/y
const SIGN =
  /(?:=>|\?\?=?|\|\|=?|&&=?|===|!==|==|!=|<=|>=|\.\.\.|\?\.|\+\+|--|\*\*|[-+*/%&|^!<>=]=|[-+*/%&|^!<>=?:;,.(){}[\]~@#])/y
/** Words behind which a slash begins a pattern. */
const BEFORE_PATTERN = /^(?:return|typeof|case|in|of|do|else|void|delete|throw|new|instanceof|yield|await)$/

/** The words of a script. A template that holds `${…}` is one word, whatever stands in it. */
export function jsTokens(code: string): readonly JsToken[] {
  const tokens: JsToken[] = []
  let at = 0
  const push = (kind: JsToken['kind'], end: number, text = code.slice(at, end)): void => {
    tokens.push({ kind, text, start: at, end })
    at = end
  }
  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at
    return pattern.exec(code)?.[0]
  }
  while (at < code.length) {
    const char = code[at]!
    if (/\s/.test(char)) at++
    else if (code.startsWith('//', at) || (at === 0 && code.startsWith('#!'))) at = lineEnd(code, at)
    else if (code.startsWith('/*', at)) at = after(code, '*/', at + 2)
    else if (char === '"' || char === "'") {
      const end = quoteEnd(code, at)
      push('string', end, code.slice(at + 1, Math.max(at + 1, end - 1)))
    } else if (char === '`') {
      const end = templateEnd(code, at)
      push('template', end, code.slice(at + 1, Math.max(at + 1, end - 1)))
    } else if (char === '/' && mayBeginPattern(tokens.at(-1))) push('pattern', patternEnd(code, at))
    else {
      const name = match(NAME)
      const number = name === undefined ? match(NUMBER) : undefined
      if (name !== undefined) push('name', at + name.length)
      else if (number !== undefined) push('number', at + number.length)
      else push('sign', at + (match(SIGN)?.length ?? 1))
    }
  }
  return tokens
}

function mayBeginPattern(before: JsToken | undefined): boolean {
  if (before === undefined) return true
  if (before.kind === 'name') return BEFORE_PATTERN.test(before.text)
  return before.kind === 'sign' && !/^(?:\)|\]|\}|\+\+|--)$/.test(before.text)
}

function lineEnd(code: string, at: number): number {
  const end = code.indexOf('\n', at)
  return end === -1 ? code.length : end
}

function after(code: string, text: string, at: number): number {
  const found = code.indexOf(text, at)
  return found === -1 ? code.length : found + text.length
}

function quoteEnd(code: string, start: number): number {
  for (let at = start + 1; at < code.length; at++) {
    if (code[at] === '\\') at++
    else if (code[at] === code[start]) return at + 1
    else if (code[at] === '\n') return at
  }
  return code.length
}

function templateEnd(code: string, start: number): number {
  let depth = 0
  for (let at = start + 1; at < code.length; at++) {
    if (code[at] === '\\') at++
    else if (code.startsWith('${', at)) depth++
    else if (code[at] === '}' && depth > 0) depth--
    else if (code[at] === '`' && depth === 0) return at + 1
  }
  return code.length
}

function patternEnd(code: string, start: number): number {
  let inClass = false
  for (let at = start + 1; at < code.length; at++) {
    const char = code[at]
    if (char === '\\') at++
    else if (char === '\n') return start + 1
    else if (char === '[') inClass = true
    else if (char === ']') inClass = false
    else if (char === '/' && !inClass) {
      while (/[a-z]/.test(code[at + 1] ?? '')) at++
      return at + 1
    }
  }
  return start + 1
}
