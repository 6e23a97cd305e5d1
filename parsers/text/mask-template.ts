import { LONGEST_LINE } from './limits.ts'
import { lineStart } from './line-start.ts'
import { NO_TEMPLATE, type Source } from './source.ts'
import { findTags } from './template/find-tags.ts'
import { jinjaSteps } from './template/jinja.ts'
import { switchedBranches } from './template/switched-branches.ts'
import { type FilledWords, maskFilledWords } from './template/filled-words.ts'
import { type MaskedTags, maskTags } from './template/mask-tags.ts'
import { findOwnTags, mergeTags } from './template/own-engines.ts'
import { withoutDoubleBraces } from './template/double-braces.ts'
import { maskPlaceholders } from './template/placeholders.ts'
import { PRINT, type Tag } from './template/tag.ts'

/** A text as a parser may read it, of the same length and with the same line ends. */
export type MaskedText = Pick<Source, 'code' | 'template' | 'branches' | 'gaps'>

/** Endings that say that a program writes the real file from this one. */
const TEMPLATE_NAMES: ReadonlySet<string> = new Set(
  'j2 jinja jinja2 erb ejs epp ftl ftlh m4 blade tmpl template tpl tftpl stpl ctmpl gotmpl gtpl sigil hbs handlebars mustache envsubst mako twig top bottom head tail'.split(
    ' ',
  ),
)
/** Endings of those that fill in `${NAME}`, `$NAME`, `@NAME@` and `%name%`. */
const SUBSTITUTED_NAMES: ReadonlySet<string> = new Set('tmpl template tpl tftpl stpl envsubst'.split(' '))

/** What every tag of an engine holds. */
const MARKS = [
  '{{',
  '{%',
  '{!!',
  '<%',
  '<?',
  'tmpl_',
  'TMPL_',
  '% if',
  '% unless',
  '% for',
  '%if',
  '%for',
  '%  ',
  '$((',
  '[[',
  '[%',
]

/**
 * Masks what only a template engine knows: the tags of an engine by the file's name or where they are
 * unmistakable, placeholders such as `${NAME}`, `@NAME@` and `%name%` by the name or where the servers could
 * not have meant them.
 *
 * A placeholder becomes a word of characters that nothing else holds, as long as it was. A statement or a
 * comment of the engine becomes blank; what it guards is a branch of its own (see `template/mask-tags.ts`).
 *
 * @param words what commands are seen to fill in, in this file, whatever it is called
 */
export function maskTemplate(path: string, text: string, words: FilledWords | null = null): MaskedText {
  const { isFilledIn, isNamed } = words?.variables === 'all' ? FILLED_IN : nameOf(path)
  if (!isNamed && isProgram(path)) return { code: text, ...NO_TEMPLATE }
  const formatted = withoutDoubleBraces(text)
  const tagged = formatted === null ? maskEngine(path, text, isNamed) : null
  const read = tagged?.code ?? formatted ?? text
  const code = words === null ? read : maskFilledWords(read, words)
  const filled = maskPlaceholders(code, isFilledIn) ?? (code === read ? null : code)
  const alone = filled === null ? null : maskLines(filled)
  const left = maskHead(maskEllipses(alone?.code ?? filled ?? code), alone?.code ?? filled ?? code)
  const switched = tagged === null ? switchedBranches(path, text) : []
  if (
    tagged === null &&
    formatted === null &&
    filled === null &&
    left === null &&
    (!isNamed || isPlainJinja(path, text)) &&
    switched.length === 0
  )
    return { code: text, ...NO_TEMPLATE }
  const more = [...(alone?.gaps ?? []), ...(left?.gaps ?? [])]
  const gaps = tagged?.gaps ?? []
  return {
    code: left?.code ?? alone?.code ?? filled ?? code,
    template: true,
    branches: tagged?.branches ?? switched,
    gaps: more.length === 0 ? gaps : [...gaps, ...more].sort((a, b) => a - b),
  }
}

const LONE = /^\uE000[\uE000-\uF8FF]*$/

/** Lines of a placeholder alone between directives, which may bring any; null where there are none. */
function maskLines(text: string): Pick<MaskedText, 'code' | 'gaps'> | null {
  const lines = text.split('\n')
  const words = lines.map(line => line.trim())
  if (!words.some(word => LONE.test(word))) return null
  const continued = words.map(() => false)
  for (let index = words.length - 2; index >= 0; index--) {
    const below = words[index + 1] ?? ''
    continued[index] = isPassedOver(below) ? continued[index + 1] === true : /^[;{]/.test(below)
  }
  const gaps: number[] = []
  let offset = 0
  let isBetween = true
  for (const [index, line] of lines.entries()) {
    const word = words[index] ?? ''
    if (!isPassedOver(word)) {
      if (isBetween && continued[index] !== true && LONE.test(word)) {
        gaps.push(offset)
        lines[index] = line.replace(word, ' '.repeat(word.length))
      } else isBetween = /[;{}]$/.test(word)
    }
    offset += line.length + 1
  }
  return gaps.length === 0 ? null : { code: lines.join('\n'), gaps }
}

function isPassedOver(line: string): boolean {
  return line === '' || line.startsWith('#')
}

const ELLIPSIS =
  /^[ \t]*(?:\.{3,}|…|\.(?: \.){2,}|[[(<](?:\.{3,}|…)[\])>])[ \t]*;?[ \t]*(?:#.*)?$|(?<=^[ \t]*[^#\s][^#\n"']*\{[ \t]*)(?:\.{3,}|…)(?=[ \t]*\}[ \t]*(?:#.*)?$)/gm

/** Lines and blocks of dots alone, in whose place a manual leaves lines out; null where there are none. */
function maskEllipses(text: string): Pick<MaskedText, 'code' | 'gaps'> | null {
  if (!text.includes('...') && !text.includes('…') && !text.includes('. . .')) return null
  const gaps = [...text.matchAll(ELLIPSIS)].map(({ index }) => index)
  return gaps.length === 0 ? null : { code: text.replace(ELLIPSIS, line => ' '.repeat(line.length)), gaps }
}

const HEAD = /^([ \t]*# ?Nginx UI Template Start[^\n]*\n)([\s\S]*?)(?=^[ \t]*# ?Nginx UI Template End)/im

/** Blank where Nginx UI keeps what a template is called and takes, between two comments of its own. */
function maskHead(
  masked: Pick<MaskedText, 'code' | 'gaps'> | null,
  text: string,
): Pick<MaskedText, 'code' | 'gaps'> | null {
  if (!text.includes('Nginx UI Template Start')) return masked
  const { code, gaps } = masked ?? { code: text, gaps: [] }
  const blank = code.replace(HEAD, (_, mark: string, head: string) => mark + head.replace(/[^\r\n]/g, ' '))
  return blank === code ? masked : { code: blank, gaps }
}

/** True for a template of Ansible or Salt in which nothing is filled in: what it writes is its own text. */
function isPlainJinja(path: string, text: string): boolean {
  return /\.j(?:inja)?2$|\.jinja$/.test(path) && !/\{[{%#]/.test(text)
}

/** Null where the text has no tag, or none that could not be the servers' own. */
function maskEngine(path: string, text: string, isNamed: boolean): MaskedTags | null {
  const own = findOwnTags(text)
  const hasExpressions = own?.hasExpressions ?? (text.includes('${') && EXPRESSIVE_NAME.test(path))
  const hasTags = hasExpressions || MARKS.some(mark => text.includes(mark))
  if (own === null && !hasTags && !(isNamed && text.includes('{#'))) return null
  const found = mergeTags(own?.tags ?? [], hasTags ? findTags(text) : [])
  const tags = hasExpressions ? withExpressions(found, text) : found
  if (tags.length === 0 || (own === null && !isNamed && !tags.some(tag => isUnmistakable(text, tag))))
    return null
  return maskTags(path, text, tags)
}

/** Of templates in which every `${…}` is filled in: Mako's, Terraform's and FreeMarker's. */
const EXPRESSIVE_NAME = /\.(?:mako|tftpl|ftlh?)(?:\.|$)/

/** `${' '.join(names)}`, and what Terraform leaves as a variable of nginx: `$${host}`. */
const EXPRESSION = /\$?\$\{(?:[^{}'"\n]|'[^'\n]*'|"[^"\n]*"|\{[^{}\n]*\})*\}/g

function withExpressions(tags: readonly Tag[], text: string): readonly Tag[] {
  const more = [...text.matchAll(EXPRESSION)].map(({ 0: whole, index }) => ({
    start: index,
    end: index + whole.length,
    steps: PRINT,
  }))
  return mergeTags(tags, more)
}

interface Name {
  /** True for what nobody reads as it is. */
  readonly isNamed: boolean
  /** True for that in which a program fills in names. */
  readonly isFilledIn: boolean
}

const FILLED_IN: Name = { isNamed: true, isFilledIn: true }

/** Of a thousand sites, nearly all end alike. */
const names = new Map<string, Name>()

/** What the endings of a file's name tell, from its first dot on. */
function nameOf(path: string): Name {
  const dot = path.indexOf('.', path.lastIndexOf('/'))
  const ending = dot === -1 ? '' : path.slice(dot + 1)
  let name = names.get(ending)
  if (name === undefined) {
    const endings = ending.split('.')
    const isFilledIn = endings.some(part => SUBSTITUTED_NAMES.has(part)) || isConfigureInput(endings)
    name = { isFilledIn, isNamed: isFilledIn || endings.some(part => TEMPLATE_NAMES.has(part)) }
    if (names.size < MOST_NAMES) names.set(ending, name)
  }
  return name
}

const MOST_NAMES = 1000

/** True for a file of which its name says that something fills in `${NAME}`, or what else stands so. */
export function isNamedFilledIn(path: string): boolean {
  return nameOf(path).isFilledIn
}

/** `nginx.conf.in`; a site's file may well be called `example.co.in`. */
function isConfigureInput(endings: readonly string[]): boolean {
  return endings.at(-1) === 'in' && /^(?:conf|cfg|vhost|load|wsgi|py|sh|service)$/.test(endings.at(-2) ?? '')
}

/** Programs carry templates in their strings without being any. */
function isProgram(path: string): boolean {
  return /\.(?:py|wsgi|sh|js|php)$/.test(path)
}

/**
 * True for a tag that neither server could have meant: it stands outside quotes and comments, where the
 * servers refuse such braces.
 */
function isUnmistakable(text: string, { start, end }: Tag): boolean {
  const tag = text.slice(start, end)
  if (MAKO_LINE.test(tag)) return true
  if (tag.startsWith('{#') || /^\s*%/.test(tag)) return false
  if (tag.startsWith('{%') && jinjaSteps(tag.slice(2, -2)) === null) return false
  if (tag.startsWith('{{') && (tag.includes('\n') || text[start - 1] === '$')) return false
  const before = text.slice(lineStart(text, start, LONGEST_LINE), start)
  if (/^\s*#/.test(before)) return false
  if (IN_QUOTES.test(before) && /^\{\{\s?[\w.]+\s?\}\}$|^<%=\s?@?[\w.]+\s?%>$/.test(tag)) return true
  return count(before, '"') % 2 === 0 && count(before, "'") % 2 === 0
}

/** A quoted path, name or address, which holds no text in which such braces could be meant. */
const IN_QUOTES =
  /^\s*<?(?:ServerRoot|DocumentRoot|Server(?:Name|Alias|Admin)|Directory|VirtualHost|Location|Listen|Include(?:Optional)?|SSLC\w+File|ErrorLog|CustomLog|(?:Script)?Alias|WSGIScriptAlias|WSGIDaemonProcess|ProxyPass(?:Reverse)?|LoadModule|PidFile|root|alias|server_name|include|ssl_\w+|access_log|error_log|pid|\w+_pass)\s[^"'\n]*["'][^"'\n]*$/i

/** `% for name in names:`, `% endfor`: a whole line of Mako, with which no directive begins. */
const MAKO_LINE = /^[ \t]*%[ \t]*(?:(?:if|elif|for|while)[ \t].*:|else:|end(?:if|for|while))[ \t\r]*$/

function count(text: string, character: string): number {
  return text.split(character).length - 1
}
