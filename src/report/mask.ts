/**
 * Hides secrets in what a report shows. Every masked text keeps its length, so that columns stay true.
 */

/** Names whose value is a secret: of a variable, a header, a directive, a key of Python's settings. */
const SECRET_NAME =
  /[\w-]*(?:password|passwd|passphrase|secret|credential|api[-_]?key|access[-_]?key|private[-_]?key|[-_]token|authorization|\b(?:pass|pwd|key)(?==))[\w-]*/gi
/** What every such name holds. */
const SECRET_WORD = /pass|pwd|secret|credential|key|-token|_token|authorization/i
/** Names that hold one of those words and no secret. */
const HARMLESS_NAME = /(?:file|path|dir|dialog|zone|server_tokens)$/i
/** What may stand between a name and its value. */
const SEPARATOR = /^(?:["']?\]?\s*(?:=>|[!=]?~\*?|!=|[=:])\s*|["']\s*,\s*|["']?\s+)/
/** Values that tell nothing, or whose secret part is masked already: a variable, a path, a switch, a call. */
const HARMLESS_VALUE =
  /^(?:$|[$/%{(]|exec:|file:|https?:|unix:|os\.|env[.(]|config\(|(?:Basic|Bearer|Digest|Token|Negotiate)(?: |$)|(?:on|off|true|false|none|null|yes|no)$)/i

const SCHEME = /(?:Basic|Bearer|Digest|Token|Negotiate)\s/
const SCHEME_TOKEN = /\b((?:Basic|Bearer|Digest|Token|Negotiate)\s+)([\w+/=.~-]{4,})/g
const URL_PASSWORD = /(\w:\/\/[^\s:/@"']*:)([^\s@/"']+)(?=@)/g
const KEY_LINE = /^\s*[A-Za-z0-9+/]{48,}={0,2}\s*$/

/** A line of a configuration, a shell file or settings. */
export function maskLine(line: string): string {
  if (KEY_LINE.test(line)) return line.replace(/\S/g, '*')
  return maskNamed(maskTokens(line))
}

/** A sentence of a rule: what it quotes between backticks is code, the rest is prose. */
export function maskMessage(message: string): string {
  return maskTokens(message).replace(/`[^`]*`/g, code => `\`${maskNamed(code.slice(1, -1))}\``)
}

function maskTokens(text: string): string {
  if (!text.includes('://') && !SCHEME.test(text)) return text
  return text
    .replace(URL_PASSWORD, (_, before: string, secret: string) => before + stars(secret))
    .replace(SCHEME_TOKEN, (whole, before: string, secret: string) =>
      /[\dA-Z=]/.test(secret) ? before + stars(secret) : whole,
    )
}

function maskNamed(text: string): string {
  // Most lines hold none of the words, and this pattern, without anything before them, is quick to say so.
  if (!SECRET_WORD.test(text)) return text
  const isComment = /^\s*#/.test(text)
  let masked = text
  for (const name of text.matchAll(SECRET_NAME)) {
    if (HARMLESS_NAME.test(name[0])) continue
    const from = name.index + name[0].length
    const separator = SEPARATOR.exec(masked.slice(from))?.[0]
    if (separator === undefined) continue
    const isAssigned = /[=:~,]/.test(separator)
    // A variable before a space is read, not written, except by `set`; prose in a comment is prose.
    const isRead = masked[name.index - 1] === '$' && !/^\s*set\s/.test(masked)
    if (!isAssigned && (isRead || isComment)) continue
    const start = from + separator.length
    const value = valueAt(masked, start)
    if (HARMLESS_VALUE.test(value.text)) continue
    masked = masked.slice(0, value.start) + stars(value.text) + masked.slice(value.start + value.text.length)
  }
  return masked
}

/** The value that begins at an offset: what the quotes hold, or the word. */
function valueAt(text: string, start: number): { readonly start: number; readonly text: string } {
  const quote = text[start]
  if (quote === '"' || quote === "'") {
    const end = text.indexOf(quote, start + 1)
    return { start: start + 1, text: text.slice(start + 1, end === -1 ? undefined : end) }
  }
  return { start, text: /^[^\s;,"')}]*/.exec(text.slice(start))?.[0] ?? '' }
}

function stars(text: string): string {
  return text.replace(/\S/g, '*')
}
