import { createHash } from 'node:crypto'
import type { TextEdit } from '../../parsers/text/edit.ts'
import { isUnknownWord, placeholdersIn, reveal } from '../../parsers/text/placeholder.ts'
import { lineText, type Place, positionAt, type Source } from '../../parsers/text/source.ts'
import type { Related } from '../servers/problem.ts'
import type { MergedFinding } from './merge.ts'
import type { Fix, Rule } from './rule.ts'
import type { Confidence, Severity } from './severity.ts'

/** A place as a report shows it; `file` is relative to the report's root, lines and columns are one-based. */
export interface Location extends Place {
  readonly file: string
  readonly line: number
  readonly column: number
  readonly endLine: number
  readonly endColumn: number
}

export interface RelatedLocation {
  readonly at: Location
  readonly message: string
}

/** An edit of a fix, with the name that the report gives to its file. */
export interface LocatedEdit extends TextEdit {
  readonly file: string
}

/** A whole change, applied or not at all, as a report shows it. */
export interface FindingFix extends Omit<Fix, 'edits'> {
  readonly edits: readonly LocatedEdit[]
}

export interface Finding {
  readonly rule: string
  readonly severity: Severity
  readonly confidence: Confidence
  readonly fatal: boolean
  readonly message: string
  readonly at: Location
  /** Tells several findings of a rule about one text apart. */
  readonly aspect: string
  readonly label: string | null
  readonly related: readonly RelatedLocation[]
  readonly help: string
  /** URL of the rule's documentation. */
  readonly docs: string
  readonly fix: FindingFix | null
  /**
   * Tells it from every other finding, and survives a line inserted above it: the rule, the path inside the machine, the
   * line's own text, and how many there are before it of which this is the same.
   */
  readonly identity: string
}

/** The identity as reports write it, 32 hexadecimal digits, for those who keep it. */
export function fingerprintOf({ identity }: Finding): string {
  return createHash('sha256').update(identity).digest('hex').slice(0, 32)
}

export const DOCUMENTATION = 'https://github.com/deploy-audit/deploy-audit/blob/main/docs/rules'

/** How the files of a deployment are named in the report. */
export type FileNamer = (source: Source) => string

export function locate(place: Place, fileName: FileNamer): Location {
  const start = positionAt(place.source, place.start)
  const end = positionAt(place.source, place.end)
  return {
    source: place.source,
    start: place.start,
    end: place.end,
    file: fileName(place.source),
    line: start.line,
    column: start.column,
    endLine: end.line,
    endColumn: end.column,
  }
}

export function toFinding(rule: Rule, raw: MergedFinding, severity: Severity, fileName: FileNamer): Finding {
  const at = locate(raw.at, fileName)
  return {
    rule: rule.id,
    severity,
    confidence: raw.confidence,
    fatal: raw.fatal,
    message: reveal(raw.message),
    at,
    aspect: raw.aspect ?? '',
    label: raw.label === undefined ? null : reveal(raw.label),
    // What is said of the text itself, its label says.
    related: [
      ...(raw.related ?? []).filter(({ at }) => !isSamePlace(at, raw.at)),
      ...valuesFilledIn(raw),
    ].map(({ at, message }) => ({ at: locate(at, fileName), message: reveal(message) })),
    help: reveal(raw.help ?? rule.remedy),
    docs: `${DOCUMENTATION}/${rule.id}.md`,
    fix: raw.fix === undefined || raw.fix.edits.some(isNotOwn) ? null : locateFix(raw.fix, fileName),
    identity: '',
  }
}

/** Where it is written what the placeholders stand for, in the texts that a finding shows. */
function valuesFilledIn({ at, related = [] }: MergedFinding): readonly Related[] {
  const found = new Map<string, Related>()
  for (const { source, start, end } of [at, ...related.map(other => other.at)]) {
    if (source.values === null) continue
    for (const placeholder of placeholdersIn(source.code.slice(start, end))) {
      const value = source.values.get(placeholder)
      if (value !== undefined)
        found.set(placeholder, { at: value.at, message: `\`${placeholder}\` is \`${value.text}\`` })
    }
  }
  return [...found.values()]
}

/**
 * True for an edit in the place of a text of which a placeholder is a part, which belongs to what fills it in, and
 * between quotes, where it would have to be written with the escapes of another language.
 */
function isNotOwn({ source, start, end }: TextEdit): boolean {
  return source.isQuoted === true || (source.values !== null && isUnknownWord(source.code.slice(start, end)))
}

function isSamePlace(one: Place, other: Place): boolean {
  return one.source === other.source && one.start === other.start && one.end === other.end
}

function locateFix({ title, safety, edits }: Fix, fileName: FileNamer): FindingFix {
  return { title, safety, edits: edits.map(edit => ({ ...edit, file: fileName(edit.source) })) }
}

/** By file, offset and rule: the order of every report. */
export function compareFindings(a: Finding, b: Finding): number {
  return (
    compareText(a.at.file, b.at.file) ||
    a.at.start - b.at.start ||
    a.at.end - b.at.end ||
    compareText(a.rule, b.rule) ||
    compareText(a.message, b.message)
  )
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/**
 * Sorts, drops what was said twice of the same text, and gives each finding its identity: equal lines
 * of one file are told apart by their order. The file is named from its machine's root on, so that it does
 * not matter where the audit was started.
 *
 * @param roots of the machines, as the files of the report are named
 */
export function settle(findings: readonly Finding[], roots: readonly string[] = []): readonly Finding[] {
  const sorted = [...findings].sort(compareFindings)
  const seen = new Map<string, number>()
  const settled: Finding[] = []
  let previous: Finding | undefined
  for (const finding of sorted) {
    if (previous !== undefined && compareFindings(previous, finding) === 0) continue
    previous = finding
    const text = textAround(finding.at)
    const key = [finding.rule, insideOf(finding.at.file, roots), text].join('\0')
    const count = seen.get(key) ?? 0
    seen.set(key, count + 1)
    settled.push({ ...finding, identity: `${key}\0${count}` })
  }
  return settled
}

function insideOf(file: string, roots: readonly string[]): string {
  let longest = ''
  for (const root of roots)
    if (root.length > longest.length && file.startsWith(root.endsWith('/') ? root : `${root}/`))
      longest = root
  return file.slice(longest.length).replace(/^\/+/, '')
}

/** Characters of a line that tell it apart; of a longer one, such as a minified file, what stands around. */
const LONGEST_LINE = 2000

/** The line of a place without its indentation: what tells a finding again when the line has moved. */
export function textAround({ source, line, column }: Location): string {
  const text = lineText(source, line)
  if (text.length <= LONGEST_LINE) return text.trim()
  return text.slice(Math.max(0, column - LONGEST_LINE / 4), column + LONGEST_LINE / 4).trim()
}
