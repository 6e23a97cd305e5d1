/**
 * How nginx cuts a file into words (`ngx_conf_read_token` in its source): offsets in, offsets out.
 *
 * Whitespace is exactly space, TAB, CR and LF; everything else nginx does not name here is part of a word,
 * a no-break space and a NUL included.
 */

export const TAB = 9
export const LF = 10
export const CR = 13
export const SPACE = 32
export const DOUBLE_QUOTE = 34
export const HASH = 35
export const DOLLAR = 36
export const SINGLE_QUOTE = 39
export const CLOSE_PARENTHESIS = 41
export const SEMICOLON = 59
export const BACKSLASH = 92
export const OPEN_BRACE = 123
export const CLOSE_BRACE = 125

/** nginx reads through a buffer of this many bytes, and no word or comment may fill it. */
export const BUFFER_SIZE = 4096

export function isSpace(code: number): boolean {
  return code === SPACE || code === LF || code === TAB || code === CR
}

/**
 * The offset behind an unquoted word that begins at `start`: that of the whitespace, `;` or `{` that ends
 * it, or the length of the text. Quotes, `}`, `#` and parentheses inside a word are literal, a backslash
 * takes the next character whatever it is, and braces right after a `$` open no block.
 */
export function scanWord(text: string, start: number): number {
  const length = text.length
  let at = start
  let afterDollar = false
  while (at < length) {
    const code = text.charCodeAt(at)
    if (code === BACKSLASH) {
      at += 2
      afterDollar = false
      continue
    }
    if (code === OPEN_BRACE) {
      if (!afterDollar) return at
    } else if (code === DOLLAR) {
      afterDollar = true
    } else {
      if (code <= SEMICOLON && (code === SEMICOLON || isSpace(code))) return at
      afterDollar = false
    }
    at++
  }
  return length
}

/**
 * The offset of the quote that closes the one at `start`, or -1 where the text ends before it. A
 * backslashed character never closes it; line ends belong to the word.
 */
export function scanQuoted(text: string, start: number): number {
  const length = text.length
  const quote = text.charCodeAt(start)
  for (let at = start + 1; at < length; at++) {
    const code = text.charCodeAt(at)
    if (code === quote) return at
    if (code === BACKSLASH) at++
  }
  return -1
}

/** What nginx holds of the raw text of a word: quotes and backslashes unescaped, `\t \r \n` made characters. */
export function decodeWord(raw: string): string {
  let slash = raw.indexOf('\\')
  if (slash === -1) return raw
  let decoded = ''
  let copied = 0
  while (slash !== -1) {
    const replacement = UNESCAPED[raw[slash + 1] ?? '']
    if (replacement === undefined) {
      // Any other backslash stays, and the character behind it is looked at on its own.
      slash = raw.indexOf('\\', slash + 1)
      continue
    }
    decoded += raw.slice(copied, slash) + replacement
    copied = slash + 2
    slash = raw.indexOf('\\', copied)
  }
  return decoded + raw.slice(copied)
}

const UNESCAPED: Readonly<Record<string, string>> = {
  '"': '"',
  "'": "'",
  '\\': '\\',
  t: '\t',
  r: '\r',
  n: '\n',
}

/** How many bytes of the file the UTF-16 stretch takes; `wide` where the file was read as UTF-8. */
export function byteLength(text: string, start: number, end: number, wide: boolean): number {
  if (!wide) return end - start
  let bytes = end - start
  for (let at = start; at < end; at++) {
    const code = text.charCodeAt(at)
    if (code < 0x80) continue
    // A surrogate pair is two units and four bytes.
    bytes += code < 0x800 || (code >= 0xd800 && code <= 0xdfff) ? 1 : 2
  }
  return bytes
}

/**
 * True where nginx, having read from `start` to `end` without the word's beginning moving on, has a full
 * buffer and more file before it: it gives up with "too long parameter".
 */
export function overflowsBuffer(text: string, start: number, end: number, wide: boolean): boolean {
  // A UTF-16 unit takes at most three bytes.
  if (end - start < BUFFER_SIZE / 3) return false
  const bytes = byteLength(text, start, end, wide)
  return bytes > BUFFER_SIZE || (bytes === BUFFER_SIZE && end < text.length)
}
