import { placeholder, UNKNOWN } from './placeholder.ts'
import { NO_TEMPLATE, type Source } from './source.ts'
import { findTags } from './template/find-tags.ts'
import { jinjaSteps } from './template/jinja.ts'
import { maskTags } from './template/mask-tags.ts'
import type { Tag } from './template/tag.ts'

/** A text as a parser may read it, of the same length and with the same line ends. */
export type MaskedText = Pick<Source, 'code' | 'template' | 'branches' | 'gaps'>

/** Endings that say that a program writes the real file from this one. */
const TEMPLATE_NAMES: ReadonlySet<string> = new Set(
  'j2 jinja jinja2 erb ejs epp tmpl template tpl stpl ctmpl gotmpl gtpl hbs handlebars mustache envsubst mako twig'.split(
    ' ',
  ),
)
/** Endings of those that fill in `${NAME}`, `$NAME`, `@NAME@` and `%name%`. */
const SUBSTITUTED_NAMES: ReadonlySet<string> = new Set('tmpl template tpl stpl envsubst'.split(' '))

/** What every tag of an engine holds. */
const MARKS = ['{{', '{%', '<%', '<?', 'tmpl_', 'TMPL_']

/**
 * Masks what only a template engine knows: Jinja, ERB, Go and their like by name or by unmistakable
 * content, `${NAME}`, `@NAME@` and `%name%` by the file's name alone.
 *
 * A placeholder becomes a word of characters that nothing else holds, as long as it was. A statement or a
 * comment of the engine becomes blank; what it guards is a branch of its own (see `template/mask-tags.ts`).
 */
export function maskTemplate(path: string, text: string): MaskedText {
  const endings = path
    .slice(path.lastIndexOf('/') + 1)
    .split('.')
    .slice(1)
  const named = endings.some(ending => TEMPLATE_NAMES.has(ending)) || isConfigureInput(endings)
  const hasTags = MARKS.some(mark => text.includes(mark))
  if (!named && (!hasTags || isProgram(path))) return { code: text, ...NO_TEMPLATE }
  const tags = hasTags || text.includes('{#') ? findTags(text) : []
  if (!named && !tags.some(tag => isUnmistakable(text, tag))) return { code: text, ...NO_TEMPLATE }
  const masked = tags.length === 0 ? { code: text, branches: [], gaps: [] } : maskTags(path, text, tags)
  const substituted = endings.some(ending => SUBSTITUTED_NAMES.has(ending)) || isConfigureInput(endings)
  return { ...masked, code: substituted ? maskVariables(masked.code) : masked.code, template: true }
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
  if (tag.startsWith('{#')) return false
  if (tag.startsWith('{%') && jinjaSteps(tag.slice(2, -2)) === null) return false
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

/** nginx's own variables are written in lower case, and no name of either server is fenced in `@` or `%`. */
const VARIABLE =
  /\$\{[A-Z_][A-Z0-9_]*(?::?[-=+?][^}\n]*)?\}|\$[A-Z][A-Z0-9_]+\b|@[A-Za-z_][A-Za-z0-9_.-]*@|%[A-Za-z_][A-Za-z0-9_.-]+%/g

function maskVariables(text: string): string {
  return text.replace(VARIABLE, match =>
    match.length < 3 ? UNKNOWN.repeat(match.length) : placeholder(match),
  )
}
