import type { ChalkInstance } from 'chalk'
import { reveal, revealAll } from '../../parsers/text/placeholder.ts'
import { type Place, positionAt } from '../../parsers/text/source.ts'
import type { Trace, TraceEnd, TraceStep } from '../deployment/requests/trace.ts'
import type { FileNamer } from '../engine/finding.ts'
import { jsonText } from './json-text.ts'
import { placeColumn } from './place-column.ts'
import { printable } from './printable.ts'

/** The way of one request for a terminal: a decision a line, with the place that made it. */
export function traceText(trace: Trace, fileName: FileNamer, chalk: ChalkInstance): string {
  const { request, steps, end } = trace
  const drawn = placeColumn(
    steps.map(({ text, at, known }) => ({
      mark: known ? ' ' : '?',
      text: `  ${text}`,
      place: at === null ? null : placeText(at, fileName),
    })),
    chalk,
  )
  const lines = [chalk.bold(printable(`${request.method} ${urlOf(trace)}`))]
  let layer = ''
  steps.forEach((step, index) => {
    if (step.layer !== layer) lines.push(`  ${chalk.cyan(PROGRAMS[step.layer])}`)
    layer = step.layer
    lines.push(drawn[index] ?? '')
  })
  lines.push(chalk.bold(`→ ${printable(describeEnd(end))}`))
  return `${reveal(lines.join('\n'))}\n`
}

const PROGRAMS: Readonly<Record<TraceStep['layer'], string>> = {
  nginx: 'nginx',
  apache: 'Apache',
  mod_wsgi: 'mod_wsgi',
  django: 'Django',
}

/** A trace with the names that reports give to its files. */
export interface NamedTrace {
  readonly trace: Trace
  readonly fileName: FileNamer
}

/** `{ "version": 1, "traces": [ … ] }`: one for every deployment, steps with `file` and `line`, the end as it is. */
export function traceJson(traces: readonly NamedTrace[]): string {
  const shown = traces.map(({ trace, fileName }) => ({
    url: urlOf(trace),
    method: trace.request.method,
    steps: trace.steps.map(({ layer, text, at, known }) => ({
      layer,
      text,
      known,
      file: at === null ? null : fileName(at.source),
      line: at === null ? null : positionAt(at.source, at.start).line,
    })),
    end: trace.end,
  }))
  return jsonText(revealAll({ version: 1, traces: shown }))
}

function urlOf({ request: { scheme, host, port, target } }: Trace): string {
  const written = port === (scheme === 'https' ? 443 : 80) ? '' : `:${port}`
  return `${scheme}://${host}${written}${target}`
}

function placeText(at: Place, fileName: FileNamer): string {
  return `${fileName(at.source)}:${positionAt(at.source, at.start).line}`
}

function describeEnd(end: TraceEnd): string {
  switch (end.kind) {
    case 'status':
      return `${end.status} from ${PROGRAMS[end.by]}: ${end.reason}`
    case 'redirect':
      return `${end.status} from ${PROGRAMS[end.by]}: redirect to ${end.location}`
    case 'file':
      return `${end.status === undefined ? '' : `${end.status} with `}file ${end.path} from ${PROGRAMS[end.by]}${end.exists === null ? ', if it exists' : ''}`
    case 'handler':
      return `handler \`${end.name}\` of ${PROGRAMS[end.by]}${end.path === undefined ? '' : ` for ${end.path}`}`
    case 'application': {
      const where =
        end.processGroup === null
          ? 'in a process group that is not known'
          : end.processGroup === ''
            ? 'in embedded mode'
            : `in process group ${end.processGroup}`
      const scheme = end.scheme === null ? '' : `, wsgi.url_scheme ${end.scheme}`
      return `application ${end.script} ${where}${scheme}`
    }
    case 'backend':
      return `proxied to ${end.address}, ${end.reason}${end.script === undefined ? '' : `, for the script ${end.script}`}`
    case 'refused':
      return `refused: ${end.reason}`
    case 'loop':
      return `loop: ${end.reason}`
    case 'unknown':
      return `unknown: ${end.reason}`
  }
}
