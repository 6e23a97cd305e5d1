import type { ChalkInstance } from 'chalk'
import { type Place, positionAt } from '../../parsers/text/source.ts'
import type { Trace, TraceEnd } from '../deployment/trace/trace.ts'
import { maskMessage } from './mask.ts'
import { printable } from './printable.ts'

type FileNamer = (path: string) => string

/** The way of one request for a terminal: a decision a line, with the place that made it. */
export function traceText(trace: Trace, fileName: FileNamer, chalk: ChalkInstance): string {
  const { request, steps, end } = trace
  const lines = [chalk.bold(`${request.method} ${urlOf(trace)}`)]
  let layer = ''
  for (const step of steps) {
    if (step.layer !== layer) lines.push(`  ${chalk.cyan(step.layer)}`)
    layer = step.layer
    const text = maskMessage(printable(step.text))
    const place = step.at === null ? '' : `  ${chalk.dim(placeText(step.at, fileName))}`
    lines.push(`    ${step.known ? text : chalk.yellow(`unknown: ${text}`)}${place}`)
  }
  lines.push(`  ${chalk.bold('end')} ${describeEnd(end)}`)
  return `${lines.join('\n')}\n`
}

/** The same as data: `version` 1, steps with `file` and `line`, the end as it is. */
export function traceJson(trace: Trace, fileName: FileNamer): string {
  const steps = trace.steps.map(({ layer, text, at, known }) => ({
    layer,
    text: maskMessage(text),
    known,
    file: at === null ? null : fileName(at.source.path),
    line: at === null ? null : positionAt(at.source, at.start).line,
  }))
  return `${JSON.stringify({ version: 1, url: urlOf(trace), method: trace.request.method, steps, end: trace.end }, null, 2)}\n`
}

function urlOf({ request: { scheme, host, port, target } }: Trace): string {
  const written = port === (scheme === 'https' ? 443 : 80) ? '' : `:${port}`
  return `${scheme}://${host}${written}${target}`
}

function placeText(at: Place, fileName: FileNamer): string {
  return `${fileName(at.source.path)}:${positionAt(at.source, at.start).line}`
}

function describeEnd(end: TraceEnd): string {
  switch (end.kind) {
    case 'status':
      return `${end.status} by ${end.by}: ${end.reason}`
    case 'redirect':
      return `${end.status} to ${end.location} by ${end.by}`
    case 'file':
      return `file ${end.path} by ${end.by}${end.exists === null ? ', if it is there' : ''}`
    case 'handler':
      return `${end.name} of ${end.by}`
    case 'application': {
      const where =
        end.processGroup === null
          ? 'in a process group that is not known'
          : end.processGroup === ''
            ? 'embedded in Apache'
            : `in process group ${end.processGroup}`
      return `application ${end.script} ${where}`
    }
    case 'backend':
      return `backend ${end.address}: ${end.reason}`
    case 'refused':
      return `refused: ${end.reason}`
    case 'loop':
      return `loop: ${end.reason}`
    case 'unknown':
      return `unknown: ${end.reason}`
  }
}
