/**
 * True where a YAML text may be nested deeper than `limit`. It counts too much rather than too little:
 * brackets in strings, dashes between blanks. Nesting of a thousand levels ends the process inside the
 * parser, where nothing can be caught.
 */
export function mayNestDeeper(text: string, limit: number): boolean {
  const indents: number[] = []
  let brackets = 0
  for (let at = 0; at < text.length; ) {
    const end = lineEnd(text, at)
    let first = at
    while (text[first] === ' ' || text[first] === '\t') first++
    if (first < end && text[first] !== '#') {
      const indent = first - at
      while ((indents.at(-1) ?? -1) >= indent) indents.pop()
      indents.push(indent)
      let indicators = 0
      for (let index = first; index < end; index++) {
        const char = text[index]!
        if (char === '[' || char === '{') brackets++
        else if (char === ']' || char === '}') brackets = Math.max(0, brackets - 1)
        else if (isIndicator(char) && isBlank(text[index - 1]) && isBlank(text[index + 1])) indicators++
        if (brackets + indicators + indents.length > limit) return true
      }
    }
    at = end + 1
  }
  return false
}

function lineEnd(text: string, at: number): number {
  const end = text.indexOf('\n', at)
  return end === -1 ? text.length : end
}

/** Each of these opens a level where it stands alone. */
function isIndicator(char: string): boolean {
  return char === '-' || char === '?' || char === ':'
}

function isBlank(char: string | undefined): boolean {
  return char === undefined || char === ' ' || char === '\t' || char === '\n' || char === '\r'
}
