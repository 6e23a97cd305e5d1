import { secretName } from './secret-names.ts'
import { isHarmlessValue, readValue, type ValueStyle } from './secret-value.ts'
import type { Stretch } from './stretch.ts'

export interface Reader {
  readonly path: string
  /** True for sentences: there a name and a word beside it are no pair. */
  readonly isProse?: boolean
}

/** The words of which every name of a secret holds one. */
const CORE =
  /pass|pwd|pswd|pw|secret|cred|token|key|auth|cookie|sess|sid|sig|salt|dsn|jwt|hmac|bearer|seed|nonce|pin|otp|master|hash/gi
const NAME_CHARACTER = /[\w-]/
/** Names are no longer, nor is what is looked at before one. */
const LONGEST_NAME = 120
const LOOK_BEHIND = 160

/** Directives, commands and settings of which the word behind them is a name, and the next one its value. */
const NAMING =
  /(?:^|[\s;{}"'([])(?:set|setenv|setx|fastcgi_param|uwsgi_param|scgi_param|grpc_set_header|proxy_set_header|add_header|add_trailer|more_(?:set|clear)_(?:input_)?headers|auth_request_set|js_var|(?:request)?header(?:\s+always|\s+onsuccess)?\s+(?:set|append|add|merge|setifempty|edit\*?)|define|setenvif(?:nocase)?|php_(?:admin_)?(?:value|flag)|machine\s\S+\s+login\s\S+)\s+["']?\$?\{?$/i

/** What stands between a name and what is assigned to it, compared with it, or given for it. */
const ASSIGNS =
  /\\?["']?\s{0,40}[\])}]{0,2}\s{0,40}(?:=>|:=|!?~\*?|[!=]=?~\*?|={1,3}|!==?|-(?:str|int)?(?:match|cmp|eq|ne)\b|:)(?:[ \t]|\\?\r?\n){0,40}/y
/** `get("NAME", "VALUE")`, `"NAME", default="VALUE"`. */
const PASSES = /["']\s{0,40},\s{0,40}(?:default\s{0,10}=\s{0,10})?(?=[bruf]{0,2}["'])/iy
/** A rule of RBAC, whose words are kinds of objects: `resources: ["secrets", "services"]`. */
const RESOURCES = /^[ \t]*(?:-[ \t]+)?resources:[ \t]*\[/
const DEFAULTS = /:?[-=+?]/y
const BLANKS = /["']?(?:[ \t]|\\\r?\n){1,400}/y
const ANY_BLANKS = /["']?\s{1,400}/y

/** Secrets that a name beside them announces. */
export function findNamedSecrets(text: string, reader: Reader): Stretch[] {
  const found: Stretch[] = []
  const lineStarts = new LineStarts(text)
  let isAnyName = false
  CORE.lastIndex = 0
  for (let match = CORE.exec(text); match !== null; match = CORE.exec(text)) {
    const start = nameStart(text, match.index)
    const end = nameEnd(text, CORE.lastIndex)
    CORE.lastIndex = Math.max(end, CORE.lastIndex)
    if (start === null || end - start > LONGEST_NAME) continue
    const isOption = text[start] === '-'
    const name = text.slice(start, end).replace(/^-+|-+$/g, '')
    const header = headerKind(name)
    const kind = header !== null ? 'always' : secretName(name)
    if (kind === null) continue
    isAnyName = true
    const line = lineStarts.before(start)
    const before = text.slice(Math.max(line, start - LOOK_BEHIND), start)
    const value = valueStart({
      text,
      start,
      end,
      name,
      line,
      before,
      isOption,
      isProse: reader.isProse === true,
      kind,
    })
    if (value !== null)
      collect(found, { text, at: value.at, style: value.style, name, header, before }, reader)
  }
  if (!isAnyName) return found
  const handedOn = new Set<string>()
  for (const match of text.matchAll(HANDED_ON)) {
    const [, name = '', value = ''] = match
    if (headerKind(name) === null && secretName(name.replace(/^\$/, '')) === null) continue
    for (const [, variable = ''] of value.matchAll(/\$\{?(\w+)/g)) handedOn.add(variable)
  }
  addMaps(text, found, handedOn)
  if (handedOn.size > 0) addSet(text, found, handedOn)
  return found
}

function nameStart(text: string, from: number): number | null {
  let at = from
  while (at > 0 && NAME_CHARACTER.test(text[at - 1] ?? '')) {
    if (from - at > LONGEST_NAME) return null
    at--
  }
  return at
}

function nameEnd(text: string, from: number): number {
  let at = from
  // A name in camel case may go on for a while; what is longer than any is skipped as a whole.
  while (at < text.length && NAME_CHARACTER.test(text[at] ?? '')) at++
  return at
}

/** Finds the beginning of a line for offsets that only grow. */
class LineStarts {
  #line = 0
  #next = -1

  constructor(private readonly text: string) {}

  before(offset: number): number {
    while (this.#next < offset) {
      if (this.#next !== -1) this.#line = this.#next + 1
      const end = this.text.indexOf('\n', this.#line)
      this.#next = end === -1 ? this.text.length : end
      if (end === -1) break
    }
    return this.#line
  }
}

type Header = 'cookie' | 'set-cookie'

/** The headers whose value has names and secrets of its own. */
function headerKind(name: string): Header | null {
  const lower = name
    .toLowerCase()
    .replaceAll('_', '-')
    .replace(/^http-/, '')
  return lower === 'cookie' || lower === 'set-cookie' ? lower : null
}

interface Occurrence {
  readonly text: string
  readonly start: number
  readonly end: number
  readonly name: string
  /** Where its line begins. */
  readonly line: number
  /** The line before the name, or the end of it. */
  readonly before: string
  readonly isOption: boolean
  readonly isProse: boolean
  readonly kind: 'always' | 'assigned'
}

/** Where the value of a name begins, and how it is written; null where it has none here. */
function valueStart(name: Occurrence): { readonly at: number; readonly style: ValueStyle } | null {
  const { text, end, before, isProse, isOption, kind } = name
  // `?token=…&…`, whose value ends where the next one begins.
  if (/[?&;]$/.test(before) && text[end] === '=' && /[?&]/.test(before))
    return { at: end + 1, style: 'query' }
  if (/\$\{$/.test(before)) {
    DEFAULTS.lastIndex = end
    if (DEFAULTS.test(text)) return { at: DEFAULTS.lastIndex, style: 'braces' }
  }
  ASSIGNS.lastIndex = end
  if (ASSIGNS.test(text)) {
    const assigned = text.slice(end, ASSIGNS.lastIndex)
    // `"~SESSID=" 1;` of a map of nginx: the quote ends the pattern that the name stands in.
    if (assigned === '=' && closesQuote(name, ASSIGNS.lastIndex)) return null
    const isColon = /:\s*$/.test(assigned) && !assigned.includes('=')
    if (isColon && assigned.includes('\n') && beginsMap(text, ASSIGNS.lastIndex)) return null
    if (!isColon || isKeyOfColon(name, assigned))
      return { at: ASSIGNS.lastIndex, style: assignedStyle(name, assigned) }
  }
  PASSES.lastIndex = end
  if (PASSES.test(text) && !RESOURCES.test(text.slice(name.line, name.start)))
    return { at: PASSES.lastIndex, style: 'word' }
  if (isProse) return null
  const directive = NAMING.exec(before)?.[0]
  if (directive !== undefined) {
    // nginx's words may stand on lines of their own; to Apache and a shell a line end is an end.
    const blanks = /[a-z]_[a-z]|\bset\b/.test(directive) && !/[A-Z]/.test(directive) ? ANY_BLANKS : BLANKS
    blanks.lastIndex = end
    return blanks.test(text)
      ? { at: blanks.lastIndex, style: blanks === ANY_BLANKS ? 'nginx' : 'word' }
      : null
  }
  if (kind !== 'always') return null
  // A template's own braces begin no block, and what ends one of its placeholders is no value.
  if (OPENS_PLACEHOLDER.test(before) || closesPlaceholder(text, end)) return null
  const isFirst = /^[\s{};]*$/.test(before) || /[{};]\s*$/.test(before)
  const isCondition = /%\{[\w:-]*$/.test(before)
  if (!isOption && !isFirst && !isCondition) return null
  BLANKS.lastIndex = isCondition && text[end] === '}' ? end + 1 : end
  if (!BLANKS.test(text)) return null
  if (!isFirst) return { at: BLANKS.lastIndex, style: 'word' }
  return { at: BLANKS.lastIndex, style: /^[a-z]/.test(name.name) ? 'nginx' : 'rest' }
}

/** True for a quote that was opened before the name, on its line. */
function closesQuote({ text, line, start }: Occurrence, at: number): boolean {
  const quote = text[at]
  if ((quote !== '"' && quote !== "'") || start - line > LOOK_BEHIND) return false
  return text.slice(line, start).split(quote).length % 2 === 0
}

const OPENS_PLACEHOLDER = /\{\{[-~]?\s*$/
const CLOSES_PLACEHOLDER = /[ \t]{1,40}[-~+]?(?:\}\}|%\}|%>|!!\}|\]\])/y

/** `secretKeyRef:`, below which keys of its own stand. */
const KEY = /(?:-[ \t]+)?["']?[\w./-]{1,100}["']?:(?=\s|$)/y

function beginsMap(text: string, at: number): boolean {
  KEY.lastIndex = at
  return KEY.test(text)
}

function closesPlaceholder(text: string, at: number): boolean {
  CLOSES_PLACEHOLDER.lastIndex = at
  return CLOSES_PLACEHOLDER.test(text)
}

/** A colon assigns in YAML, in JSON, in a header: not in a path, a URL or a sentence. */
function isKeyOfColon({ text, end, before, isProse, kind, name }: Occurrence, assigned: string): boolean {
  const isQuoted = /^\\?["']/.test(assigned)
  if (kind === 'assigned' && !(isQuoted || /^(?:pass|pw|auth)$/i.test(name))) return false
  if (/[/.$]$/.test(before) && !isQuoted) return false
  // `${secrets:root}`, of which the parts are names.
  if (/\$\{$/.test(before) && /^[\w.-]*\}/.test(text.slice(end + assigned.length, end + LONGEST_NAME)))
    return false
  if (isProse) return isQuoted || /[A-Z_-]/.test(name)
  return isQuoted || /[ \t\r\n]/.test(assigned) || !/[/\d]/.test(text[end + 1] ?? '')
}

function assignedStyle({ before, text, end }: Occurrence, assigned: string): ValueStyle {
  if (/["']$/.test(before) && !/["']/.test(assigned)) return 'quoted'
  if (/["']/.test(assigned) || text[end] === ']') return 'word'
  return /^\s*(?:export\s+|-\s+|\w+\s*=\s*["']?)?$/.test(before) ? 'line' : 'word'
}

interface Value {
  readonly text: string
  readonly at: number
  readonly style: ValueStyle
  readonly name: string
  readonly header: Header | null
  readonly before: string
}

function collect(found: Stretch[], value: Value, { path }: Reader): void {
  for (const stretch of readValue(value.text, value.at, value.style, path)) {
    const written = value.text.slice(stretch.start, stretch.end)
    if (value.header !== null) {
      for (const inner of cookieSecrets(written, value.header))
        found.push({ start: stretch.start + inner.start, end: stretch.start + inner.end })
    } else if (!isHarmlessValue(written, value.name)) {
      const scheme =
        /^(?:basic|bearer|digest|token|negotiate|apikey)[ \t]+["']?/i.exec(written)?.[0].length ?? 0
      if (!isHarmlessValue(written.slice(scheme), value.name))
        found.push({ start: stretch.start + scheme, end: stretch.end })
    }
  }
}

/** `name=value` of a cookie; what a Set-Cookie says of it besides is no secret. */
function cookieSecrets(written: string, header: Header): readonly Stretch[] {
  const found: Stretch[] = []
  let at = 0
  for (const [index, part] of written.split(';').entries()) {
    const equals = part.indexOf('=')
    const secret = equals === -1 ? part : part.slice(equals + 1)
    const start = at + part.length - secret.length
    if ((header === 'cookie' || index === 0) && secret.trim() !== '' && !isHarmlessValue(secret.trim(), ''))
      found.push({ start, end: at + part.length })
    at += part.length + 1
  }
  return found
}

/** A variable that is given for a secret is one: `set $a …; proxy_set_header Authorization "Basic $a";`. */
const HANDED_ON =
  /\b(?:set|fastcgi_param|uwsgi_param|scgi_param|grpc_set_header|proxy_set_header)\s{1,40}["']?(\$?[\w-]{1,100})["']?\s{1,40}("[^"]{0,500}"|'[^']{0,500}'|[^\s;]{1,500})/g
const SET = /\bset\s{1,40}\$(\w{1,100})\s{1,40}["']?([^\s;"']{1,500})/g

function addSet(text: string, found: Stretch[], handedOn: ReadonlySet<string>): void {
  for (const match of text.matchAll(SET)) {
    const [whole, name = '', value = ''] = match
    if (!handedOn.has(name) || isHarmlessValue(value, name)) continue
    found.push({ start: match.index + whole.length - value.length, end: match.index + whole.length })
  }
}

/** `map $http_x_api_key $client { "…" alice; }` has secrets for keys, `map $host $password { … }` for values. */
const MAP = /\b(?:map|geo|split_clients)\s+(?:["']?\$?([\w~-]{1,100})["']?\s+)?\$(\w{1,100})\s*\{/g
const LONGEST_MAP = 200_000
const ENTRY =
  /("(?:[^"\\]|\\.){0,2000}"|'(?:[^'\\]|\\.){0,2000}'|[^\s;{}"']{1,2000})(?:\s+("(?:[^"\\]|\\.){0,2000}"|'(?:[^'\\]|\\.){0,2000}'|[^\s;{}"']{1,2000}))?\s*;/g
const MAP_WORDS = new Set(['default', 'hostnames', 'volatile', 'include', 'ranges', 'proxy', 'delete', ''])

function addMaps(text: string, found: Stretch[], handedOn: ReadonlySet<string>): void {
  MAP.lastIndex = 0
  for (let match = MAP.exec(text); match !== null; match = MAP.exec(text)) {
    const isKey = isSecretVariable(match[1])
    const isValue = isSecretVariable(match[2]) || handedOn.has(match[2] ?? '')
    if (!isKey && !isValue) continue
    const from = match.index + match[0].length
    const close = text.indexOf('}', from)
    const end = Math.min(close === -1 ? text.length : close, from + LONGEST_MAP)
    MAP.lastIndex = end
    for (const entry of text.slice(from, end).matchAll(ENTRY)) {
      const [whole, key = '', value = ''] = entry
      const at = from + entry.index
      const push = (word: string, start: number): void => {
        const bare = word.replace(/^["']|["']$/g, '')
        const secret = bare.replace(/^~\*?\^?/, '')
        if (MAP_WORDS.has(secret) || isHarmlessValue(secret, '') || /^\d?$/.test(secret)) return
        // A pattern that ends with the name of a cookie, whatever its value is.
        if (/^~.*\w=$/.test(bare)) return
        const from = start + word.indexOf(bare)
        found.push({ start: from, end: from + bare.length })
      }
      if (isKey) push(key, at)
      if (isValue && value !== '' && key !== 'include') push(value, at + whole.indexOf(value, key.length))
    }
  }
}

function isSecretVariable(name: string | undefined): boolean {
  if (name === undefined) return false
  if (/^(?:http_|sent_http_|cookie_|arg_)/.test(name)) {
    return name === 'http_cookie' || secretName(name) !== null
  }
  return secretName(name) !== null
}
