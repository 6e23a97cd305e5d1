import { UNKNOWN } from './source.ts'

/** A text as a parser may read it, of the same length and with the same line ends. */
export interface MaskedText {
  readonly code: string
  readonly template: boolean
}

/** Endings that say that a program writes the real file from this one. */
const TEMPLATE_NAMES: ReadonlySet<string> = new Set(
  'j2 jinja jinja2 erb ejs epp tmpl template tpl ctmpl gotmpl gtpl hbs mustache envsubst'.split(' '),
)
/** Endings of those that fill in `${NAME}`, `$NAME`, `@NAME@` and `%name%`. */
const SUBSTITUTED_NAMES: ReadonlySet<string> = new Set('tmpl template tpl envsubst'.split(' '))

/**
 * Masks what only a template engine knows: Jinja, ERB, Go and their like by name or by unmistakable
 * content, `${NAME}`, `@NAME@` and `%name%` by the file's name alone.
 *
 * A placeholder becomes a word of {@link UNKNOWN} characters, as long as it was. A statement or a comment
 * of the engine becomes blank where it stands between directives; inside one it makes the words it
 * touches, and those it encloses on its line, unknown.
 */
export function maskTemplate(path: string, text: string): MaskedText {
  const endings = path
    .slice(path.lastIndexOf('/') + 1)
    .split('.')
    .slice(1)
  const named = endings.some(ending => TEMPLATE_NAMES.has(ending)) || isConfigureInput(endings)
  const hasTags = text.includes('{{') || text.includes('{%') || text.includes('<%')
  if (!named && (!hasTags || isProgram(path))) return { code: text, template: false }
  const tags = hasTags || text.includes('{#') ? findTags(text) : []
  if (!named && !tags.some(tag => isUnmistakable(text, tag))) return { code: text, template: false }
  const tagged = tags.length === 0 ? text : maskTags(text, tags)
  const substituted = endings.some(ending => SUBSTITUTED_NAMES.has(ending)) || isConfigureInput(endings)
  return { code: substituted ? maskVariables(tagged) : tagged, template: true }
}

/** `nginx.conf.in`; a site's file may well be called `example.co.in`. */
function isConfigureInput(endings: readonly string[]): boolean {
  return endings.at(-1) === 'in' && /^(?:conf|cfg|vhost|load|wsgi|py|sh|service)$/.test(endings.at(-2) ?? '')
}

/** Programs carry templates in their strings without being any. */
function isProgram(path: string): boolean {
  return /\.(?:py|wsgi|sh|js|php)$/.test(path)
}

interface Tag {
  readonly start: number
  readonly end: number
  /** A statement prints nothing, a value becomes text. */
  readonly kind: 'statement' | 'value'
}

const OPENING = /\{[{%#]|<%/g
const CLOSINGS: Readonly<Record<string, string>> = { '{{': '}}', '{%': '%}', '{#': '#}', '<%': '%>' }
const RAW = /^\{%[-+]?\s*raw\s*[-+]?%\}$/
const END_RAW = /\{%[-+]?\s*endraw\s*[-+]?%\}/g

function findTags(text: string): readonly Tag[] {
  const tags: Tag[] = []
  const unclosed = new Set<string>()
  // `server {# comment` is nginx's own where no Jinja is in sight.
  if (!text.includes('{%') && !text.includes('{{')) unclosed.add('{#')
  OPENING.lastIndex = 0
  for (let match = OPENING.exec(text); match !== null; match = OPENING.exec(text)) {
    const [opening] = match
    if (unclosed.has(opening)) continue
    const close = text.indexOf(CLOSINGS[opening] ?? '', match.index + 2)
    if (close === -1) {
      unclosed.add(opening)
      continue
    }
    const end = close + 2
    const raw = text.slice(match.index, end)
    tags.push({ start: match.index, end, kind: isStatement(raw) ? 'statement' : 'value' })
    OPENING.lastIndex = end
    if (!RAW.test(raw)) continue
    END_RAW.lastIndex = end
    const endRaw = END_RAW.exec(text)
    if (endRaw === null) break
    tags.push({ start: endRaw.index, end: END_RAW.lastIndex, kind: 'statement' })
    OPENING.lastIndex = END_RAW.lastIndex
  }
  return tags
}

/** Go's and Handlebars' statements share their braces with values: their first word tells. */
const BRACE_STATEMENT =
  /^\{\{[-~]?\s*(?:[#/>!^]|(?:if|else|end|range|with|define|block|template|break|continue|each|unless)\b|\$\w+\s*:?=)/

/** `<%- name %>` prints in EJS; in ERB a dash only eats blanks, and what follows is a statement's keyword. */
const EJS_VALUE = /^<%-\s*[\w.$[\]'"()]+\s*%>$/
const ERB_KEYWORD = /^<%-\s*(?:else|end|begin|ensure)\b/

function isStatement(tag: string): boolean {
  if (tag.startsWith('<%')) return !/^<%-?=/.test(tag) && (ERB_KEYWORD.test(tag) || !EJS_VALUE.test(tag))
  return !tag.startsWith('{{') || BRACE_STATEMENT.test(tag)
}

const JINJA_STATEMENT =
  /^\{%[-+]?\s*(?:if|elif|else|endif|for|endfor|set|endset|block|endblock|include|import|from|extends|macro|endmacro|call|endcall|filter|endfilter|with|endwith|raw|do|autoescape|endautoescape|load|comment)\b/

/**
 * True for a tag that neither server could have meant: it stands outside quotes and comments, where the
 * servers refuse such braces.
 */
function isUnmistakable(text: string, { start, end }: Tag): boolean {
  const tag = text.slice(start, end)
  if (tag.startsWith('{#')) return false
  if (tag.startsWith('{%') && !JINJA_STATEMENT.test(tag)) return false
  if (tag.startsWith('{{') && (tag.includes('\n') || text[start - 1] === '$')) return false
  const before = text.slice(Math.max(text.lastIndexOf('\n', start - 1) + 1, start - LONGEST_LINE), start)
  if (/^\s*#/.test(before)) return false
  return count(before, '"') % 2 === 0 && count(before, "'") % 2 === 0
}

/** No line of a configuration is longer, and no file of one line takes its length squared. */
const LONGEST_LINE = 2000

function count(text: string, character: string): number {
  return text.split(character).length - 1
}

function maskTags(text: string, tags: readonly Tag[]): string {
  const units = text.split('')
  const fill = (start: number, end: number, filler: string): void => {
    for (let at = start; at < end; at++) if (units[at] !== '\n' && units[at] !== '\r') units[at] = filler
  }
  let at = 0
  let lineStart = 0
  /** The last character of the line so far that is no blank. */
  let last = ''
  /** Whether the last line that says something ends a directive, as nginx sees it. */
  let isBetween = true
  /** A tag before this offset is followed on its line by tags and blanks alone. */
  let aloneBefore = 0
  const advance = (to: number): void => {
    for (; at < to; at++) {
      const unit = units[at] ?? ''
      if (unit === '\n') {
        if (last !== '') isBetween = endsDirective(units.slice(lineStart, at).join('')) ?? isBetween
        lineStart = at + 1
        last = ''
      } else if (unit !== ' ' && unit !== '\t' && unit !== '\r') last = unit
    }
  }
  for (let index = 0; index < tags.length; index++) {
    const tag = tags[index] as Tag
    advance(tag.start)
    const begins = last === ''
    if (tag.kind === 'value') {
      if (begins && tag.start >= aloneBefore) aloneBefore = aloneUntil(text, tags, index)
      const isBlank = begins && tag.start < aloneBefore && isBetween
      fill(tag.start, tag.end, isBlank ? ' ' : UNKNOWN)
    } else if (begins || last === ';' || last === '{' || last === '}') fill(tag.start, tag.end, ' ')
    else {
      // `listen 80{% if tls %} ssl{% endif %};`: nobody knows the words between.
      while (index + 1 < tags.length && isSameArgument(text, tags, index)) index++
      fill(tag.start, (tags[index] as Tag).end, UNKNOWN)
    }
  }
  return units.join('')
}

/** The end of the line on which a tag ends where only tags and blanks follow it there, else 0. */
function aloneUntil(text: string, tags: readonly Tag[], first: number): number {
  let stop = -1
  for (let index = first; ; index++) {
    const { end } = tags[index] as Tag
    const next = tags[index + 1]?.start ?? text.length
    if (stop < end) {
      const lineEnd = text.indexOf('\n', end)
      stop = lineEnd === -1 ? text.length : lineEnd
    }
    if (text.slice(end, Math.min(next, stop)).trim() !== '') return 0
    if (next >= stop) return stop
  }
}

function isSameArgument(text: string, tags: readonly Tag[], index: number): boolean {
  return !/[;{}\n]/.test(text.slice(tags[index]?.end, tags[index + 1]?.start))
}

/** Null for a line that says nothing. */
function endsDirective(line: string): boolean | null {
  const said = line.replace(/(^|[\s;{}])#.*$/, '$1').trim()
  return said === '' ? null : /[;{}]$/.test(said)
}

/** nginx's own variables are written in lower case, and no name of either server is fenced in `@` or `%`. */
const VARIABLE =
  /\$\{[A-Z_][A-Z0-9_]*(?::?[-=+?][^}\n]*)?\}|\$[A-Z][A-Z0-9_]+\b|@[A-Za-z_][A-Za-z0-9_.-]*@|%[A-Za-z_][A-Za-z0-9_.-]+%/g

function maskVariables(text: string): string {
  return text.replace(VARIABLE, match => UNKNOWN.repeat(match.length))
}
