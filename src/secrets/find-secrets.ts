import { type Look, plainLook } from './look.ts'
import { findNamedSecrets } from './named-secrets.ts'
import { isSecretFile } from './secret-file.ts'
import { findSecretBlocks, findSecretLines } from './secret-lines.ts'
import { joinStretches, type Stretch } from './stretch.ts'
import { TOKEN_SHAPES } from './token-shapes.ts'

/**
 * The secrets in the text of a file, whatever its language: nginx, Apache, shell, Python, units, YAML,
 * INI. What is taken for one too many costs a reader a word; one too few costs its owner more.
 *
 * Takes time in proportion to the text.
 *
 * @param path where the text lies; the names of some files say what they are
 * @param look see {@link Look}
 */
export function findSecrets(text: string, path = '', look: Look = plainLook): readonly Stretch[] {
  if (isSecretFile(path, text, look)) return text === '' ? [] : [{ start: 0, end: text.length }]
  const found = joinStretches([
    ...findTokens(text, look),
    ...findNamedSecrets(text, { path }),
    ...findSecretBlocks(text),
    ...findSecretLines(text, look),
  ])
  return found.length > 0 && (text.includes('{{') || text.includes('<%'))
    ? withoutPlaceholders(text, found)
    : found
}

/** A name that a template fills in; a text in quotes may be the secret that it has where nobody gives another. */
const PLACEHOLDER = /\{\{[^{}"'\n]{0,200}\}\}|<%=[^%"'\n]{0,200}%>/g

/** What is left of the stretches, which are joined, where the placeholders of a template are taken out. */
function withoutPlaceholders(text: string, stretches: readonly Stretch[]): readonly Stretch[] {
  const left: Stretch[] = []
  let at = 0
  const next = (): { readonly start: number; readonly end: number } => {
    PLACEHOLDER.lastIndex = at
    const match = PLACEHOLDER.exec(text)
    at = match === null ? text.length : PLACEHOLDER.lastIndex
    return match === null ? { start: text.length, end: text.length } : { start: match.index, end: at }
  }
  let hole = next()
  for (const { start, end } of stretches) {
    let from = start
    while (hole.start < end) {
      if (hole.start > from && !ANNOUNCES.test(text.slice(from, hole.start)))
        left.push({ start: from, end: hole.start })
      from = Math.max(from, hole.end)
      if (hole.end > end) break
      hole = next()
    }
    if (from < end && (from === start || !GOES_ON.test(text.slice(from, end))))
      left.push({ start: from, end })
  }
  return left
}

/** What stands in front of a placeholder and says what it is, `pgsql:dbname=`, or where it lies. */
const ANNOUNCES = /[=:/@[(,]\s*$/
/** The rest of a path, or what closes something. */
const GOES_ON = /^(?:[/.][\w./-]*|\W*)$/

/** The secrets in a sentence, whose words between backticks are code. */
export function findSecretsInProse(text: string): readonly Stretch[] {
  const found = [...findTokens(text), ...findNamedSecrets(text, { path: '', isProse: true })]
  for (const code of text.matchAll(/`[^`]*`/g)) {
    const start = code.index + 1
    const inner = code[0].slice(1, -1)
    for (const each of [
      ...findNamedSecrets(inner, { path: '' }),
      ...findSecretBlocks(inner),
      ...findSecretLines(inner),
    ])
      found.push({ start: start + each.start, end: start + each.end })
  }
  return joinStretches(found)
}

/** `Basic dXNlcjpwYXNz`, `bearer eyJ…`; in prose, “basic authentication” is none. */
const SCHEME_HINT = /(?:basic|bearer|digest|token|negotiate|apikey)[ \t]/i
const SCHEME_TOKEN = /\b(?:basic|bearer|digest|token|negotiate|apikey)[ \t]{1,8}["']?([\w+/=.~:-]{6,})/gi
const TOKEN_LIKE = /\d|=|[a-z][A-Z]|[\w]\.[\w]/
const VERSION = /^[\d.]+$/

function findTokens(text: string, look: Look = plainLook): Stretch[] {
  const found: Stretch[] = []
  if (text.includes('://')) addPasswordsOfUrls(text, found)
  if (look(SCHEME_HINT, text)) {
    for (const match of text.matchAll(SCHEME_TOKEN)) {
      const token = match[1] ?? ''
      const end = match.index + match[0].length
      if (TOKEN_LIKE.test(token) && !VERSION.test(token)) found.push({ start: end - token.length, end })
    }
  }
  for (const { hint, patterns } of TOKEN_SHAPES) {
    if (!look(hint, text)) continue
    for (const pattern of patterns)
      for (const match of text.matchAll(pattern))
        found.push({ start: match.index, end: match.index + match[0].length })
  }
  return found
}

/** What cannot stand in a URL; one `@` ends the search for the beginning of another. */
const OUTSIDE_URL = /[\s"'`<>@]/
const LONGEST_USER_INFO = 500

/**
 * `scheme://user:password@`, where the password may hold slashes and `@`, and `scheme://token@`. Looks back
 * from each `@`, never behind the one before it, so that no text is looked at twice.
 */
function addPasswordsOfUrls(text: string, found: Stretch[]): void {
  /** Where the user information began that ended at the last `@`, and that `@`. */
  let open: { readonly start: number; readonly at: number } | null = null
  for (let at = text.indexOf('@'); at !== -1; at = text.indexOf('@', at + 1)) {
    let from = at
    const least = Math.max(at - LONGEST_USER_INFO, 0)
    while (from > least && !OUTSIDE_URL.test(text[from - 1] ?? ''))
      from = text[from - 1] === '}' ? beforeBraces(text, from, least) : from - 1
    const before = text.slice(from, at)
    const scheme = before.indexOf('://')
    if (scheme > 0) open = { start: from + scheme + 3, at }
    else if (open !== null && open.at === from - 1 && !before.includes('/')) open = { start: open.start, at }
    else open = null
    if (open === null || at - open.start > LONGEST_USER_INFO) continue
    const stretch = isPortInAts(text, open.start, at) ? null : passwordOf(text.slice(open.start, at))
    if (stretch !== null) found.push({ start: open.start + stretch.start, end: open.start + stretch.end })
  }
}

/** Where `{{ user }}` begins that ends here; else one character back. */
function beforeBraces(text: string, end: number, least: number): number {
  const before = text[end - 2] === '}' ? text.slice(least, end) : ''
  const start = before.lastIndexOf('{{')
  return start === -1 || /["'\n@]/.test(before.slice(start)) ? end - 1 : least + start
}

/** True for `host:@PORT@`, behind which no host stands: what is between is the placeholder of a template. */
function isPortInAts(text: string, start: number, at: number): boolean {
  return (
    /:(?:@+\w+)?@*$/.test(text.slice(start, at)) &&
    /^(?:@*\w+@+|@+)?(?:[/;:,)\s]|$)/.test(text.slice(at + 1, at + 100))
  )
}

/** The secret of `user:password`, as it stands before an `@`; a port and a path are none. */
function passwordOf(info: string): Stretch | null {
  const end = info.length
  const colon = info.indexOf(':')
  if (colon === -1 || colon >= end) {
    const user = info.slice(0, end)
    return !user.includes('/') && user.length >= 16 && /\d/.test(user) && /[a-z]/i.test(user)
      ? { start: 0, end }
      : null
  }
  const password = info.slice(colon + 1, end)
  if (info.slice(0, colon).includes('/') || /^\d{1,5}\//.test(password) || isPlaceholder(password))
    return null
  return { start: colon + 1, end }
}

function isPlaceholder(text: string): boolean {
  return /^(?:\$\{?\w+\}?|\$\{[\w.-]+[:.][\w.]+\}|\$\$\w+|%\w+%|\{\{.*\}\}|<[\w -]+>)$/.test(text)
}
