import type { Source } from '../../parsers/text/source.ts'
import type { Comment, Range } from './comment.ts'

/** Languages whose comments are told by lines. `plain`: of a file of which no more is known. */
export type LineLanguage = 'python' | 'shell' | 'yaml' | 'unit' | 'plain'

/** Where a comment may stand behind code, and by which characters it begins. */
const SYNTAX: Readonly<Record<LineLanguage, { readonly behindCode: boolean; readonly marks: string }>> = {
  python: { behindCode: true, marks: '#' },
  shell: { behindCode: true, marks: '#' },
  yaml: { behindCode: true, marks: '#' },
  // Of systemd and of ini files: a `#` behind a value is part of it.
  unit: { behindCode: false, marks: '#;' },
  plain: { behindCode: false, marks: '#;' },
}

interface Line extends Range {
  readonly text: string
}

/** The comments that may be suppressions: whole lines, and what stands behind code where the language lets it. */
export function lineComments(source: Source, language: LineLanguage): readonly Comment[] {
  const { behindCode, marks } = SYNTAX[language]
  const pattern = new RegExp(
    `(^|${behindCode ? '\\s' : '^'})\\s*([${marks}]+\\s*deploy-audit-ignore(?![\\w]).*)$`,
  )
  const lines = linesOf(source.text)
  return lines.flatMap((line, index) => {
    const match = pattern.exec(line.text)
    if (match === null) return []
    const start = line.start + line.text.length - (match[2]?.length ?? 0)
    const isBehindCode = line.text.slice(0, start - line.start).trim() !== ''
    const range = isBehindCode ? { start: line.start, end: start } : statementBehind(lines, index, language)
    return [{ start, end: line.end, range, isBehindCode }]
  })
}

function linesOf(text: string): readonly Line[] {
  const lines: Line[] = []
  for (let start = 0; start <= text.length; ) {
    const feed = text.indexOf('\n', start)
    const last = feed === -1 ? text.length : feed
    const end = text[last - 1] === '\r' && last > start ? last - 1 : last
    lines.push({ start, end, text: text.slice(start, end) })
    start = last + 1
  }
  return lines
}

/** The statement below a comment: its lines up to where the next one begins. */
function statementBehind(lines: readonly Line[], comment: number, language: LineLanguage): Range | null {
  let first = comment + 1
  while (first < lines.length && isBlank(lines[first], language)) first++
  const head = lines[first]
  if (head === undefined) return null
  let last = first
  while (last + 1 < lines.length && goesOn(lines, first, last, language)) last++
  return { start: head.start, end: lines[last]?.end ?? head.end }
}

function isBlank(line: Line | undefined, language: LineLanguage): boolean {
  const text = line?.text.trim() ?? ''
  return text === '' || SYNTAX[language].marks.includes(text.charAt(0))
}

/** True where the line behind `last` belongs to the statement that begins at `first`. */
function goesOn(lines: readonly Line[], first: number, last: number, language: LineLanguage): boolean {
  const head = lines[first]?.text ?? ''
  const next = lines[last + 1]?.text ?? ''
  if (language === 'yaml') {
    const isItem = /^\s*-\s/.test(next) && !/^\s*-\s/.test(head) && /:\s*(?:#.*)?$/.test(head)
    return (
      next.trim() !== '' &&
      (indentation(next) > indentation(head) || (isItem && indentation(next) === indentation(head)))
    )
  }
  if (/\\$/.test(lines[last]?.text ?? '')) return true
  return language === 'python' && openBrackets(lines.slice(first, last + 1)) > 0
}

function indentation(text: string): number {
  return text.length - text.trimStart().length
}

/** Brackets that are open behind some lines of Python, those in strings and comments left out. */
function openBrackets(lines: readonly Line[]): number {
  let depth = 0
  for (const { text } of lines)
    for (const [token] of text.matchAll(/"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|#.*|[[({]|[\])}]/g)) {
      if ('[({'.includes(token)) depth++
      else if ('])}'.includes(token)) depth--
    }
  return depth
}
