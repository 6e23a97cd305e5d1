import type {
  Fix,
  Location as SarifLocation,
  Log,
  Notification,
  ReportingDescriptor,
  Result,
  Run,
  Suppression,
} from 'sarif'
import { groupBy } from '../../parsers/collections/group-by.ts'
import { positionAt } from '../../parsers/text/source.ts'
import { type Notice, noticeLine } from '../files/notice.ts'
import {
  DOCUMENTATION,
  type Finding,
  type FindingFix,
  fingerprintOf,
  type Location,
} from '../engine/finding.ts'
import type { Report } from '../engine/report.ts'
import type { Rule } from '../engine/rule.ts'
import type { SuppressedFinding } from '../engine/suppress.ts'
import { SEVERITIES, type Severity } from '../engine/severity.ts'
import { jsonPieces } from './json-text.ts'
import type { Reporter } from './reporter.ts'

const SCHEMA = 'https://json.schemastore.org/sarif-2.1.0.json'
const HOME = 'https://github.com/deploy-audit/deploy-audit'

/** GitHub refuses a run with more results, and a result with more locations. */
const MAXIMUM_RESULTS = 25_000
const MAXIMUM_LOCATIONS = 1000
const MAXIMUM_DESCRIPTION = 1024
/** Characters of marked text that a result quotes. */
const LONGEST_SNIPPET = 500

const LEVELS = { error: 'error', warning: 'warning', info: 'note' } as const
const PROBLEM_SEVERITIES = { error: 'error', warning: 'warning', info: 'recommendation' } as const

/**
 * SARIF 2.1.0 as GitHub code scanning reads it.
 * https://docs.github.com/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning
 */
export const reportSarif: Reporter = (report, options) => {
  const kept = worst(report.findings)
  const log: WrittenLog = {
    $schema: SCHEMA,
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: report.tool.name,
            semanticVersion: report.tool.version,
            informationUri: HOME,
            rules: report.rules.map(descriptor),
          },
        },
        ...(options.category != null && { automationDetails: { id: `${options.category}/` } }),
        columnKind: 'utf16CodeUnits',
        originalUriBaseIds: {
          '%SRCROOT%': { description: { text: 'The directory in which the audit was started.' } },
        },
        invocations: [
          {
            executionSuccessful: report.crashes.length === 0,
            toolExecutionNotifications: notifications(report, report.findings.length - kept.length),
          },
        ],
        results: results(kept, report),
      },
    ],
  }
  return jsonPieces(log)
}

/** A log of which the results need not all be there at once. */
type WrittenLog = Omit<Log, 'runs'> & {
  readonly runs: readonly (Omit<Run, 'results'> & { readonly results: Iterable<Result> })[]
}

function* results(kept: readonly Finding[], { rules, suppressed }: Report): Generator<Result> {
  const ruleIndex = new Map(rules.map(({ id }, index) => [id, index] as const))
  for (const finding of kept)
    yield {
      ...result(finding, ruleIndex.get(finding.rule)),
      // A reader may not know otherwise that this one is not suppressed.
      ...(suppressed.length > 0 && { suppressions: [] }),
    }
  for (const finding of suppressed.slice(0, MAXIMUM_RESULTS - kept.length))
    yield { ...result(finding, ruleIndex.get(finding.rule)), suppressions: [suppression(finding)] }
}

/** All of them in their order, or, where they are too many, the worst. */
function worst(findings: readonly Finding[]): readonly Finding[] {
  if (findings.length <= MAXIMUM_RESULTS) return findings
  const rank = (severity: Severity): number => -SEVERITIES.indexOf(severity)
  return [...findings].sort((a, b) => rank(a.severity) - rank(b.severity)).slice(0, MAXIMUM_RESULTS)
}

function notifications(report: Report, leftOut: number): Notification[] {
  const crashed = report.crashes.map(
    ({ rule, message }): Notification => ({
      level: 'error',
      message: { text: `The rule ${rule} failed: ${message}` },
      associatedRule: { id: rule },
    }),
  )
  const noticed = report.notices.map(notification)
  if (leftOut === 0) return [...crashed, ...noticed]
  const text = `${leftOut} findings are left out: GitHub takes ${MAXIMUM_RESULTS}. The worst are here.`
  return [...crashed, ...noticed, { level: 'warning', message: { text } }]
}

function notification(notice: Notice): Notification {
  const { code, path, line, incomplete } = notice
  const region = line === null ? {} : { region: { startLine: line } }
  return {
    level: incomplete ? 'warning' : 'note',
    message: { text: sentence(noticeLine(notice)) },
    descriptor: { id: code },
    ...(path !== null && {
      locations: [{ physicalLocation: { artifactLocation: artifact(path), ...region } }],
    }),
  }
}

function descriptor(rule: Rule): ReportingDescriptor {
  const [group = ''] = rule.id.split('/')
  const isSecurity = rule.securitySeverity !== undefined
  const references = rule.references.map(reference => `- <${reference}>`)
  return {
    id: rule.id,
    name: rule.id.replace(/(?:^|[/-])(.)/g, (_, letter: string) => letter.toUpperCase()),
    shortDescription: { text: sentence(rule.summary) },
    fullDescription: { text: shorten(rule.why, MAXIMUM_DESCRIPTION) },
    help: {
      text: sentence(rule.remedy),
      markdown: [rule.why, `**What to do:** ${sentence(rule.remedy)}`, references.join('\n')]
        .filter(Boolean)
        .join('\n\n'),
    },
    helpUri: `${DOCUMENTATION}/${rule.id}.md`,
    defaultConfiguration: { level: LEVELS[rule.severity] },
    properties: {
      tags: isSecurity ? ['security', group, ...(rule.cwe ?? []).map(cweTag)] : [group],
      precision: rule.confidence,
      ...(isSecurity
        ? { 'security-severity': rule.securitySeverity.toFixed(1) }
        : { 'problem.severity': PROBLEM_SEVERITIES[rule.severity] }),
    },
  }
}

/** As CodeQL writes it, and GitHub shows and searches it: three digits at least. */
function cweTag(number: number): string {
  return `external/cwe/cwe-${String(number).padStart(3, '0')}`
}

function result(finding: Finding, ruleIndex: number | undefined): Result {
  const related = finding.related.slice(0, MAXIMUM_LOCATIONS - 1)
  const links = related.map(({ message }, index) => `[${escapeLink(message)}](${index + 1})`)
  const text = [sentence(escapeLink(finding.message)), ...links.map(sentence)].join(' ')
  return {
    ruleId: finding.rule,
    ...(ruleIndex !== undefined && { ruleIndex }),
    level: LEVELS[finding.severity],
    message: { text },
    locations: [{ physicalLocation: physicalLocation(finding.at) }],
    relatedLocations: related.map(({ at, message }, index) => ({
      id: index + 1,
      physicalLocation: physicalLocation(at),
      message: { text: message },
    })),
    partialFingerprints: { 'deployAudit/v1': fingerprintOf(finding) },
    ...(finding.fix !== null && { fixes: [fixOf(finding.fix)] }),
  }
}

function suppression({ suppression: { kind, reason, file, line } }: SuppressedFinding): Suppression {
  const location = { physicalLocation: { artifactLocation: artifact(file), region: { startLine: line } } }
  return { kind, justification: reason, ...(kind === 'inSource' && { location }) }
}

function fixOf({ title, edits }: FindingFix): Fix {
  return {
    description: { text: sentence(title) },
    artifactChanges: [...groupBy(edits, ({ file }) => file)].map(([file, edits]) => ({
      artifactLocation: artifact(file),
      replacements: edits.map(({ source, start, end, text }) => {
        const from = positionAt(source, start)
        const to = positionAt(source, end)
        return {
          deletedRegion: {
            startLine: from.line,
            startColumn: from.column,
            endLine: to.line,
            endColumn: to.column,
          },
          insertedContent: { text },
        }
      }),
    })),
  }
}

function physicalLocation(at: Location): NonNullable<SarifLocation['physicalLocation']> {
  const isEmpty = at.line === at.endLine && at.endColumn <= at.column
  return {
    artifactLocation: artifact(at.file),
    region: {
      startLine: at.line,
      startColumn: at.column,
      endLine: at.endLine,
      endColumn: isEmpty ? at.column + 1 : at.endColumn,
      ...(!isEmpty &&
        at.end - at.start <= LONGEST_SNIPPET && {
          snippet: { text: at.source.text.slice(at.start, at.end) },
        }),
    },
  }
}

/** Relative to the directory of the audit; what lies elsewhere on the machine has no other name than its own. */
function artifact(file: string): { readonly uri: string; readonly uriBaseId?: string } {
  const uri = file
    .replace(/\p{Cs}/gu, '\uFFFD')
    .split('/')
    .map(encodeURIComponent)
    .join('/')
  return file.startsWith('/') ? { uri: `file://${uri}` } : { uri, uriBaseId: '%SRCROOT%' }
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`
}

/** In a SARIF message, brackets would begin a link. */
function escapeLink(text: string): string {
  return text.replace(/[[\]\\]/g, '\\$&')
}

function shorten(text: string, maximum: number): string {
  return text.length <= maximum ? text : `${text.slice(0, maximum - 1)}…`
}
