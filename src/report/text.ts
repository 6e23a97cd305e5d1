import type { Finding, Location } from '../engine/finding.ts'
import type { ProgramReport, Report } from '../engine/report.ts'
import { SEVERITIES, type Severity } from '../engine/severity.ts'
import { frameOf } from './frame.ts'
import { noticeLines } from './notices.ts'
import { printable, withoutCommands } from './printable.ts'
import type { Paint, Reporter, ReportOptions } from './reporter.ts'
import { wrapWords } from './wrap-words.ts'

/** For people: each finding with the code it speaks of, the worst named first in the line that sums up. */
export const reportText: Reporter = (report, options) => {
  const notes = new Map<string, string>()
  const blocks = report.findings.map(finding => findingBlock(finding, options, notes))
  for (const { rule, message } of report.crashes) {
    const head = options.chalk.red.bold('error[internal/rule-crashed]')
    blocks.push(
      `${head}: \`${rule}\` failed: ${printable(message)}\n   = help: report it, with the rule's name\n`,
    )
  }
  if (options.summary) blocks.push(`${summaryLines(report, options)}\n`)
  return withoutCommands(blocks.join('\n'))
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
  const fits = markEnd + 1 + text.length <= room
  const lines = [
    `${blank}${chalk.blue(arrow)} ${printable(at.file)}:${at.line}:${at.column}`,
    `${blank} ${bar}`,
    `${chalk.blue(` ${String(at.line).padStart(digits)} |`)} ${code}`.trimEnd(),
    `${blank} ${bar} ${space}${paint(text !== '' && fits ? `${underline} ${text}` : underline)}`,
  ]
  if (text !== '' && !fits) {
    const indent = ' '.repeat(Math.max(0, Math.min(markStart, room - text.length)))
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

/** What could not be done, what each server would say, a line each, and the last line of all: `1 error, 2 warnings in 42 files`. */
function summaryLines(report: Report, { chalk, width, allNotices }: ReportOptions): string {
  const counts = [...SEVERITIES]
    .reverse()
    .filter(severity => report.summary[severity] > 0)
    .map(severity => colourOf(chalk, severity)(countOf(report.summary[severity], severity)))
  const found = counts.length === 0 ? chalk.green('nothing found') : counts.join(', ')
  const files = `${report.files} ${report.files === 1 ? 'file' : 'files'}`
  const suppressed = report.suppressed.length === 0 ? '' : ` (${report.suppressed.length} suppressed)`
  return [
    ...noticeLines(report.notices, allNotices, width, chalk),
    ...report.programs.map(verdict),
    `${found}${suppressed} in ${files}`,
  ].join('\n')
}

function countOf(count: number, severity: Severity): string {
  if (severity === 'info') return `${count} info`
  return `${count} ${severity}${count === 1 ? '' : 's'}`
}

function verdict({ program, main, accepted }: ProgramReport): string {
  const name = program === 'nginx' ? 'nginx' : 'Apache'
  if (main === null) return accepted ? `${name} fragments read` : `${name} would refuse the fragments`
  return `${name} ${accepted ? 'accepts' : 'refuses'} ${printable(main)}`
}
