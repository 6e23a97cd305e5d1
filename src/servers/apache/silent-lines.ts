import { memo } from '../../../parsers/collections/memo.ts'
import { parseApache } from '../../../parsers/apache/parse.ts'
import { isClosedQuote } from '../../../parsers/apache/split-words.ts'
import type { ApacheCommentNode, ApacheLineNode, ApacheWord } from '../../../parsers/apache/syntax.ts'
import type { Place, Source } from '../../../parsers/text/source.ts'
import type { ApacheConfiguration } from './configuration.ts'
import { apacheDirective, apacheSection } from './directives.ts'
import type { FileSystem } from '../../files/file-system.ts'
import { htaccessFiles } from './queries/htaccess.ts'

/** A line that httpd takes otherwise than it looks, without a word. */
export type SilentLine =
  /** A comment whose backslash makes the next line, a directive by its looks, part of it. */
  | {
      readonly kind: 'swallowed-by-comment'
      readonly at: Place
      readonly backslash: Place
      readonly name: string
    }
  /** Text behind a section's last `>`, no comment: it is dropped. */
  | { readonly kind: 'behind-section'; readonly at: Place; readonly node: ApacheLineNode }
  /** A quote that no other closes: the word runs to the end of the line. */
  | {
      readonly kind: 'open-quote'
      readonly at: Place
      readonly node: ApacheLineNode
      readonly word: ApacheWord
    }
  /** A comment behind arguments: it is taken for more of them. */
  | { readonly kind: 'comment-argument'; readonly at: Place; readonly node: ApacheLineNode }

/** The silent lines of a file: of a template those that are misread whatever its placeholders stand for. */
export function silentLines(source: Source): readonly SilentLine[] {
  const lines: SilentLine[] = []
  for (const node of parseApache(source)) {
    if (node.kind === 'comment') {
      if (node.firstLine !== node.line && isWritten(source, node)) lookBehindComment(lines, source, node)
      continue
    }
    if (node.kind === 'open' && isName(node.name.value, true)) lookBehindBracket(lines, source, node)
    if (isWritten(source, node)) for (const word of node.words) lookAtWord(lines, source, node, word)
  }
  return lines
}

/** True where neither a placeholder nor a statement of a template stands in the stretch. */
function isWritten(
  { template, text, code }: Source,
  { start, end }: { start: number; end: number },
): boolean {
  return !template || text.slice(start, end) === code.slice(start, end)
}

function lookBehindComment(lines: SilentLine[], source: Source, node: ApacheCommentNode): void {
  for (let feed = source.code.indexOf('\n', node.start); feed !== -1 && feed < node.end; ) {
    const end = source.code.indexOf('\n', feed + 1)
    const next = source.code.slice(feed + 1, end === -1 ? node.end : Math.min(end, node.end))
    const match = /^\s*(<?)([A-Za-z]\w*)/.exec(next)
    if (match !== null && isName(match[2] ?? '', match[1] === '<')) {
      const start = feed + 1 + next.search(/\S/)
      const backslash = source.code.lastIndexOf('\\', feed)
      lines.push({
        kind: 'swallowed-by-comment',
        at: { source, start, end: feed + 1 + next.trimEnd().replace(/\\$/, '').trimEnd().length },
        backslash: { source, start: backslash, end: backslash + 1 },
        name: match[2] ?? '',
      })
      return
    }
    // Arguments of a directive that was commented out with its first line.
    if (next.trim() !== '' && !next.trimStart().startsWith('#')) return
    feed = end === -1 ? node.end : end
  }
}

function isName(word: string, section: boolean): boolean {
  const lower = word.toLowerCase()
  return section ? apacheSection(lower) !== undefined : apacheDirective(lower)?.section === false
}

function lookBehindBracket(lines: SilentLine[], source: Source, node: ApacheLineNode): void {
  const bracket = node.text.lastIndexOf('>')
  if (bracket === -1 || bracket === node.text.length - 1) return
  const rest = node.text.slice(bracket + 1).trim()
  if (rest === '' || rest.startsWith('#')) return
  const at = source.code.lastIndexOf('>', node.end - 1) + 1
  if (at === 0 || at > node.end) return
  if (!isWritten(source, { start: at, end: node.end })) return
  const start = at + source.code.slice(at, node.end).search(/(?!\\\r?\n)\S/)
  lines.push({ kind: 'behind-section', at: { source, start, end: node.end }, node })
}

/** Where a lonely quote is the message's own: `ErrorDocument 404 "text`, or an expression's. */
const OWN_QUOTES: ReadonlySet<string> = new Set([
  'errordocument',
  'require',
  'sslrequire',
  'if',
  'elseif',
  'extfilterdefine',
])

/** Takes whatever words there are, and a `#` at a word's beginning makes no sense among them. */
const TAKES_NO_HASH: ReadonlySet<string> = new Set([
  'serveralias',
  'directoryindex',
  'addtype',
  'addhandler',
  'addencoding',
  'addcharset',
  'addlanguage',
  'addoutputfilter',
  'addoutputfilterbytype',
  'addinputfilter',
  'languagepriority',
  'unsetenv',
  'passenv',
])

/** Takes whatever words there are, of which one may well begin with `#`. */
const TAKES_HASH: ReadonlySet<string> = new Set([
  'setenvif',
  'setenvifnocase',
  'browsermatch',
  'browsermatchnocase',
])

function lookAtWord(lines: SilentLine[], source: Source, node: ApacheLineNode, word: ApacheWord): void {
  const first = source.code.charCodeAt(word.start)
  if (first === 34 || first === 39) {
    if (word.end !== lastWordEnd(node) || isClosedQuote(source.code, word.start, word.end)) return
    const lower = node.name.value.toLowerCase()
    if (OWN_QUOTES.has(lower)) return
    if (apacheDirective(lower) === undefined && apacheSection(lower) === undefined) return
    lines.push({ kind: 'open-quote', at: { source, start: word.start, end: word.end }, node, word })
  } else if (first === 35 && node.kind === 'directive' && word !== node.words[0]) {
    const lower = node.name.value.toLowerCase()
    if (!TAKES_NO_HASH.has(lower) && !(word.value === '#' && TAKES_HASH.has(lower))) return
    if (lines.at(-1)?.kind === 'comment-argument' && (lines.at(-1)?.at.end ?? 0) >= word.end) return
    lines.push({ kind: 'comment-argument', at: { source, start: word.start, end: node.end }, node })
  }
}

function lastWordEnd(node: ApacheLineNode): number {
  return node.words.at(-1)?.end ?? 0
}

/** A silent line of a configuration. */
export interface FoundLine {
  readonly line: SilentLine
  readonly configuration: ApacheConfiguration
}

/** Configurations, and the files that each of them serves. */
interface Servers {
  readonly apache: readonly ApacheConfiguration[]
  filesOf(configuration: ApacheConfiguration): FileSystem
}

/** The silent lines of all files of several configurations and of their `.htaccess`, each file once; looked for once. */
export const silentLinesOf = memo(({ apache, filesOf }: Servers): readonly FoundLine[] => {
  const found: FoundLine[] = []
  const seen = new Set<Source>()
  for (const configuration of apache) {
    const inDirectories = htaccessFiles(configuration, filesOf(configuration)).flatMap(
      ({ file, overrides }) => (overrides.known && overrides.value.reads ? [file.source] : []),
    )
    for (const source of [...configuration.sources, ...inDirectories]) {
      if (seen.has(source)) continue
      seen.add(source)
      for (const line of silentLines(source)) found.push({ line, configuration })
    }
  }
  return found
})
