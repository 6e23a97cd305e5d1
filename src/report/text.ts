import { groupBy } from '../../parsers/collections/group-by.ts'
import type { Finding, Location } from '../engine/finding.ts'
import type { ProgramReport, Report } from '../engine/report.ts'
import { SEVERITIES, type Severity } from '../engine/severity.ts'
import { columnsOf } from './columns.ts'
import { folded, groupsOf } from './finding-groups.ts'
import { frameOf } from './frame.ts'
import { noticeLines } from './notices.ts'
import { printable, withoutCommands } from './printable.ts'
import type { Paint, Reporter, ReportOptions } from './reporter.ts'
import { wrapWords } from './wrap-words.ts'

/**
 * For people: each finding with the code it speaks of, by file and then by severity, beyond the tenth of a kind only
 * how many there are. The last line sums up, the worst first.
 */
export const reportText: Reporter = (report, options) => {
  const notes = new Map<string, string>()
  const blocks =
    options.statistics === true ? statistics(report, options) : findingBlocks(report, options, notes)
  for (const { rule, message } of report.crashes) {
    const head = options.chalk.red.bold('error[internal/rule-crashed]')
    blocks.push(
      `${head}: \`${rule}\` failed: ${printable(message)}\n   = help: report it, with the rule's name\n`,
    )
  }
  if (options.summary) blocks.push(`${summaryLines(report, options)}\n`)
  return [withoutCommands(blocks.join('\n'))]
}

function findingBlocks(report: Report, options: ReportOptions, notes: Map<string, string>): string[] {
  const { chalk, groupBy = 'file' } = options
  const blocks: string[] = []
  for (const { title, findings } of groupsOf(report, groupBy)) {
    if (title !== null) blocks.push(`${chalk.bold(printable(title))}\n`)
    for (const shown of options.all === true
      ? findings.map(finding => ({ finding, more: 0 }))
      : folded(findings)) {
      blocks.push(findingBlock(shown.finding, options, notes))
      if (shown.more === 0) continue
      const count = numberOf(shown.more)
      blocks.push(
        `… and ${count} more like ${shown.more === 1 ? 'it' : 'these'} (${shown.finding.rule}); \`--all\` shows them\n`,
      )
    }
  }
  return blocks
}

/** `notes` keeps those that findings of one rule share. */
function findingBlock(finding: Finding, options: ReportOptions, notes: Map<string, string>): string {
  const { chalk } = options
  let digits = String(finding.at.line).length
  for (const { at } of finding.related) digits = Math.max(digits, String(at.line).length)
  const paint = colourOf(chalk, finding.severity)
  const kind = `${finding.severity}[${finding.rule}]`
  const title = wrapWords(
    prose(finding.message),
    options.width - INDENT.length,
    kind.length + 2 - INDENT.length,
  )
  const gutter: Gutter = { digits, chalk, width: options.width }
  const lines = [
    `${paint.bold(kind)}: ${title.map(line => chalk.bold(line)).join(`\n${INDENT}`)}`,
    ...framed('-->', finding.at, '^', finding.label, paint, gutter),
    ...finding.related.flatMap(({ at, message }) => framed(':::', at, '-', message, chalk.blue, gutter)),
    sharedNote('help', finding.help, gutter, notes),
    sharedNote('docs', finding.docs, gutter, notes),
  ]
  return `${lines.join('\n')}\n`
}

/** Of what goes on on the next line. */
const INDENT = '  '

interface Gutter {
  readonly digits: number
  readonly chalk: Paint
  readonly width: number
}

function framed(
  arrow: string,
  at: Location,
  mark: string,
  label: string | null,
  paint: Paint,
  { digits, chalk, width }: Gutter,
): string[] {
  const blank = ' '.repeat(digits + 1)
  const bar = chalk.blue('|')
  const room = width - digits - 4
  const { code, markStart, markEnd } = frameOf(at, room)
  const space = ' '.repeat(markStart)
  const underline = mark.repeat(markEnd - markStart)
  const text = label === null ? '' : prose(label)
  const fits = markEnd + 1 + columnsOf(text) <= room
  const lines = [
    `${blank}${chalk.blue(arrow)} ${printable(at.file)}:${at.line}:${at.column}`,
    `${blank} ${bar}`,
    `${chalk.blue(` ${String(at.line).padStart(digits)} |`)} ${code}`.trimEnd(),
    `${blank} ${bar} ${space}${paint(text !== '' && fits ? `${underline} ${text}` : underline)}`,
  ]
  if (text !== '' && !fits) {
    const indent = ' '.repeat(Math.max(0, Math.min(markStart, room - columnsOf(text))))
    lines.push(`${blank} ${bar} ${indent}${paint(text)}`)
  }
  return lines
}

function sharedNote(name: string, text: string, gutter: Gutter, notes: Map<string, string>): string {
  const key = `${gutter.digits} ${name} ${text}`
  let lines = notes.get(key)
  if (lines === undefined) {
    lines = note(name, text, gutter)
    if (notes.size < MOST_NOTES) notes.set(key, lines)
  }
  return lines
}

/** More than there are rules; help that names something of its own place is said once anyway. */
const MOST_NOTES = 1000

function note(name: string, text: string, { digits, chalk, width }: Gutter): string {
  const head = `${' '.repeat(digits + 2)}= ${name}: `
  const indent = `${' '.repeat(digits + 4)}${INDENT}`
  const lines = wrapWords(prose(text), width - indent.length, head.length - indent.length)
  return `${' '.repeat(digits + 2)}${chalk.blue('=')} ${chalk.bold(name)}: ${lines.join(`\n${indent}`)}`
}

function prose(text: string): string {
  return printable(text)
}

function colourOf(chalk: Paint, severity: Severity): Paint {
  if (severity === 'error') return chalk.red
  return severity === 'warning' ? chalk.yellow : chalk.cyan
}

/** What could not be done, what each server would say, a line each, and the last line of all. */
function summaryLines(report: Report, options: ReportOptions): string {
  const { chalk, width, allNotices } = options
  return [
    ...noticeLines(report.notices, allNotices, width, chalk),
    ...verdicts(report.programs),
    ...fixable(report),
    lastLine(report, options),
  ].join('\n')
}

/** `1 error, 2 warnings in 42 files on 2 machines, 3 notices, 0.52 s`. */
function lastLine(report: Report, { chalk, seconds }: ReportOptions): string {
  const counts = [...SEVERITIES]
    .reverse()
    .filter(severity => report.summary[severity] > 0)
    .map(severity => colourOf(chalk, severity)(countOf(report.summary[severity], severity)))
  const found = counts.length === 0 ? chalk.green('nothing found') : counts.join(', ')
  const suppressed = report.suppressed.length === 0 ? '' : ` (${report.suppressed.length} suppressed)`
  const machines = report.machines.length > 1 ? ` on ${report.machines.length} machines` : ''
  const notices = report.notices.length === 0 ? '' : `, ${countOf(report.notices.length, 'notice')}`
  const time = seconds === undefined ? '' : `, ${seconds.toFixed(2)} s`
  return `${found}${suppressed} in ${countOf(report.files, 'file')}${machines}${notices}${time}`
}

/** Which fixes there are, where there are some. */
function fixable({ findings }: Report): readonly string[] {
  const count = (safety: string): number => findings.filter(({ fix }) => fix?.safety === safety).length
  const [safe, unsafe] = [count('safe'), count('unsafe')]
  const parts = [
    ...(safe > 0 ? [`${numberOf(safe)} by --fix`] : []),
    ...(unsafe > 0 ? [`${numberOf(unsafe)}${safe > 0 ? ' more' : ''} by --fix-unsafe`] : []),
  ]
  return parts.length === 0 ? [] : [`can be fixed: ${parts.join(', ')}`]
}

/** How often each rule reports, the most frequent first, and of those that report as often the worst. */
function statistics({ findings }: Report, { chalk }: ReportOptions): string[] {
  const rows = [...groupBy(findings, ({ rule, severity }) => `${severity} ${rule}`).values()]
    .flatMap(found => {
      const [first] = found
      if (first === undefined) return []
      const fixes = found.filter(({ fix }) => fix !== null).length
      return [{ number: found.length, count: numberOf(found.length), first, fixes }]
    })
    .sort(
      (a, b) =>
        b.number - a.number ||
        SEVERITIES.indexOf(b.first.severity) - SEVERITIES.indexOf(a.first.severity) ||
        (a.first.rule < b.first.rule ? -1 : 1),
    )
  const digits = Math.max(...rows.map(({ count }) => count.length), 0)
  const names = Math.max(...rows.map(({ first }) => first.rule.length), 0)
  const lines = rows.map(({ count, first: { rule, severity }, fixes }) => {
    const word = colourOf(chalk, severity)(severity.padEnd('warning'.length))
    const fix = fixes === 0 ? '' : `  ${numberOf(fixes)} with a fix`
    return `${count.padStart(digits)}  ${word}  ${fix === '' ? rule : rule.padEnd(names)}${fix}\n`
  })
  return lines.length === 0 ? [] : [lines.join('')]
}

function countOf(count: number, word: string): string {
  return `${numberOf(count)} ${word}${count === 1 ? '' : 's'}`
}

/** `10,000`. */
function numberOf(count: number): string {
  // The tables of languages take longer to load than a small report to make.
  return String(count).replace(/\B(?=(?:\d{3})+$)/g, ',')
}

/** What each server would say; of fragments once, with the number of their sets. */
function verdicts(programs: readonly ProgramReport[]): readonly string[] {
  return [...groupBy(programs.map(verdict), said => said)].map(([said, { length }]) =>
    length === 1 ? said : `${said} (${numberOf(length)} sets)`,
  )
}

function verdict({ program, main, accepted, refusedInTemplate, whole }: ProgramReport): string {
  const name = program === 'nginx' ? 'nginx' : 'Apache'
  if (main === null) return accepted ? `${name} fragments read` : `${name} would refuse the fragments`
  if (accepted && refusedInTemplate === true)
    return `${name} would refuse what ${printable(main)} becomes, as the template is written`
  const verb = accepted ? (whole ? 'accepts' : 'accepts what could be read of') : 'refuses'
  return `${name} ${verb} ${printable(main)}`
}
