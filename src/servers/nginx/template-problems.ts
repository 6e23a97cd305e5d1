import { memo } from '../../../parsers/collections/memo.ts'
import type { NginxSyntaxProblem } from '../../../parsers/nginx/syntax.ts'
import type { Source } from '../../../parsers/text/source.ts'
import type { NginxDirective } from './configuration.ts'
import { nginxDirective } from './directives.ts'
import type { NginxProblemCode } from './problem-codes.ts'

/** What one directive shows by itself: its name at its place, and the words between its name and its `;`. */
const OWN_WORDS: ReadonlySet<NginxProblemCode> = new Set([
  'argument-count',
  'missing-block',
  'invalid-variable-name',
  'invalid-value',
  'invalid-parameter',
  'invalid-address',
  'invalid-regex',
  'invalid-condition',
  'invalid-server-name',
  'invalid-entry',
  'duplicate-variable',
  'uri-not-allowed',
  'duplicate-media-type',
])

/** What takes a second directive, which has the words of this one: what stands under another condition is not there. */
const OF_TWO: ReadonlySet<NginxProblemCode> = new Set([
  'duplicate-entry',
  'duplicate-upstream',
  'duplicate-listen',
  'duplicate-default-server',
  'conflicting-zone',
  'conflicting-directory',
])

/** What the block around a directive shows with it. */
const OF_THE_BLOCK: ReadonlySet<NginxProblemCode> = new Set([
  'wrong-context',
  'duplicate-directive',
  'duplicate-location',
  'location-outside-parent',
])

/** What the rest of the configuration shows with a directive; asked only where all of it is known but for some words. */
const OF_THE_WHOLE: ReadonlySet<NginxProblemCode> = new Set([
  'unknown-variable',
  'unknown-log-format',
  'unknown-zone',
  'certificate-missing',
])

/**
 * True for a template in which placeholders stand for words, or parts of words, alone: no statement decides or repeats
 * what is there, and nothing brings a directive.
 */
export const leavesWordsOpen = memo(({ template, text, code, branches, gaps }: Source): boolean => {
  if (!template || branches.length > 0 || gaps.length > 0) return false
  // Of a text that stands in another file the rest is blank.
  const end = code.trimEnd().length
  for (let at = code.length - code.trimStart().length; at < end; at++)
    if (code[at] === ' ' && text[at] !== ' ' && text[at] !== '\t') return false
  return true
})

/**
 * True for a template into which something brings lines that do not stand there: a placeholder alone, another template,
 * a piece that is kept for elsewhere. What a condition decides is there or not as the world has it.
 */
export const bringsLines = memo(
  ({ template, text, gaps }: Source): boolean =>
    template && (gaps.length > 0 || KEPT_FOR_LATER.test(text) || BRINGS_TEXT.test(text)),
)

/**
 * True for a problem of a template's directive that every file has which is made from it: no placeholder and no
 * statement stands in the words that are wrong, nor in front of a directive at a wrong place, where it might
 * open the block that the directive lacks.
 */
export function isCertainInTemplate(code: NginxProblemCode, directive: NginxDirective): boolean {
  const { source, node, parent } = directive
  const [first] = node.args
  if (code === 'invalid-variable-name' && first !== undefined && !first.value.startsWith('$'))
    return isAsWritten(source, node.start, first.end)
  // Whatever comes behind the quote, nginx reads it as a letter of the operand.
  if (code === 'invalid-condition' && first !== undefined && /^\(["']/.test(first.value))
    return isAsWritten(source, node.start, first.start + 2)
  // Unknown engines write their names between braces.
  if (code === 'missing-semicolon' && !/\s/.test(source.text[node.terminator - 1] ?? '')) return false
  if (OWN_WORDS.has(code) || OF_TWO.has(code) || OF_THE_WHOLE.has(code) || code === 'missing-semicolon')
    return isAsWritten(source, node.start, node.terminator + 1)
  if (!isAsWritten(source, node.name.start, node.name.end)) return false
  if (code === 'unknown-directive') return true
  if (code === 'invalid-location' && parent?.name !== 'location')
    return isAsWritten(source, node.start, node.terminator + 1)
  const isNamed = code === 'invalid-location' && first?.value.startsWith('@') === true
  if (!(OF_THE_BLOCK.has(code) || isNamed) || parent === null || parent.source !== source) return false
  if (code !== 'wrong-context' && !isNamed && !isAsWritten(source, node.start, node.terminator + 1))
    return false
  const { name: outer, terminator: from } = parent.node
  return (
    // No location of any path takes one that has a name.
    isAsWritten(source, parent.node.start, isNamed ? outer.end : from + 1) &&
    !source.gaps.some(gap => gap > from && gap < node.start) &&
    !KEPT_FOR_LATER.test(source.text.slice(from, node.start))
  )
}

/**
 * Statements that keep what follows for another place: Jinja's and Liquid's, Go's and Handlebars', Ruby's; and any of
 * PHP, whose branches end blocks that others begin.
 */
const KEPT_FOR_LATER =
  /\{%[-+~]?\s*(?:set\s[^%=]*%|(?:macro|call|filter|block|capture|embed)\b)|\{\{[-~]?\s*#?(?:define|block|\*\s*inline)\b|<%[^%]*\b(?:capture|content_for|define|lambda|proc|def)\b|<\?(?!=|xml)/

/** The syntax problems that a file has whatever is filled in, and whatever commands add to it. */
export function certainProblems(
  source: Source,
  problems: readonly NginxSyntaxProblem[],
): readonly NginxSyntaxProblem[] {
  const certain = source.template ? certainInTemplate(source, problems) : problems
  return source.isContinued === true ? certain.filter(problem => !isOfAnotherPart(problem)) : certain
}

/** True where a block ends in one file that begins in another. */
function isOfAnotherPart({ code, unfinished }: NginxSyntaxProblem): boolean {
  if (code === 'unexpected-end-of-file') return unfinished?.what === 'block'
  return code === 'unexpected-close-brace' && unfinished === null
}

/**
 * Of a template's syntax problems the lost `;` in front of a `}`, where a word that is written out comes before it,
 * a second `;`, a lost `}` where placeholders stand for words alone, and a brace that a pattern has without quotes.
 */
function certainInTemplate(
  source: Source,
  problems: readonly NginxSyntaxProblem[],
): readonly NginxSyntaxProblem[] {
  return problems.filter(
    problem =>
      isLostSemicolon(source, problem) ||
      isDoubled(source, problem) ||
      isLostBrace(source, problem) ||
      isBraceOfPattern(source, problem),
  )
}

/** A count in braces, as no engine writes a placeholder: it begins with a digit, and the pattern goes on in front. */
function isBraceOfPattern({ text, code: read }: Source, { code, start }: NginxSyntaxProblem): boolean {
  return (
    code === 'brace-in-pattern' &&
    /^\{\d+(?:,\d*)?\}/.test(text.slice(start, start + 16)) &&
    text.slice(start - 1, start + 4) === read.slice(start - 1, start + 4)
  )
}

/** Names of templates that scripts put together: what one begins another ends. */
const NAME_OF_PIECE =
  /(?:^|[^a-z])(?:top|bottom|head(?:er)?|tail|foot(?:er)?|begin(?:ning)?|start|end(?:ing)?|open(?:ing)?|clos(?:e|ing)|before|after|pre(?:fix|amble)?|post(?:fix)?|suffix|part|piece|chunk)(?:[^a-z][^/]*)?$/i

/** A block that nothing ends, where no statement could, and every `{` is nginx's: engines have them beside a name. */
function isLostBrace(source: Source, { code, unfinished }: NginxSyntaxProblem): boolean {
  return (
    code === 'unexpected-end-of-file' &&
    unfinished?.what === 'block' &&
    !NAME_OF_PIECE.test(source.path) &&
    !/\{[^\s}#]/.test(source.code) &&
    (leavesWordsOpen(source) || (closesWhatItOpens(source) && source.code.indexOf('{') < unfinished.start))
  )
}

/**
 * True for a template of which every branch closes the blocks that it opens, and no statement brings text of another
 * place: its braces come to the same whatever is there. What lacks the last one alone may be the first piece of a file.
 */
function closesWhatItOpens({ text, code, branches, gaps }: Source): boolean {
  return (
    gaps.length === 0 &&
    !KEPT_FOR_LATER.test(text) &&
    !BRINGS_TEXT.test(text) &&
    branches.every(({ start, end }) => bracesLeftOpen(code.slice(start, end)) === 0)
  )
}

/** Statements that put another template in their place: Jinja's and Liquid's, Go's and Handlebars'. */
const BRINGS_TEXT =
  /\{%[-+~]?\s*(?:include|extends|import|from|render|partial)\b|\{\{[-~]?\s*(?:>|#(?!if|unless|each|with)|(?:template|include|partial)\b)/

/** Comments, texts in quotes and variables have braces that open nothing. */
const NO_BLOCKS = /(?<=^|\s)#.*$|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\$\{\w*\}/gm

function bracesLeftOpen(code: string): number {
  let open = 0
  for (const [brace] of code.replace(NO_BLOCKS, '').matchAll(/[{}]/g)) open += brace === '{' ? 1 : -1
  return open
}

function isLostSemicolon(source: Source, { code, start, unfinished }: NginxSyntaxProblem): boolean {
  if (code !== 'unexpected-close-brace' || unfinished?.what !== 'directive') return false
  const { text, code: read } = source
  // Engines write one brace as two.
  if (text[start - 1] === '}' || text[start + 1] === '}') return false
  if (nginxDirective(read.slice(unfinished.start, unfinished.end)).length === 0) return false
  let last = start - 1
  while (last > unfinished.end && /\s/.test(text[last] ?? '')) last--
  return last > unfinished.end && isAsWritten(source, last, start + 1)
}

function isDoubled(source: Source, { code, start }: NginxSyntaxProblem): boolean {
  return code === 'unexpected-semicolon' && /;[ \t]*$/.test(source.text.slice(0, start).slice(-80))
}

function isAsWritten({ text, code }: Source, start: number, end: number): boolean {
  return text.slice(start, end) === code.slice(start, end)
}
