import { mapEach } from '../../parsers/collections/map-each.ts'
import { positionAt } from '../../parsers/text/source.ts'
import type { LocatedEdit, Location } from '../engine/finding.ts'
import type { Severity } from '../engine/severity.ts'
import { jsonPieces } from './json-text.ts'
import { printable } from './printable.ts'
import type { Reporter } from './reporter.ts'

const SEVERITIES: Readonly<Record<Severity, string>> = { error: 'ERROR', warning: 'WARNING', info: 'INFO' }

/**
 * The Diagnostic Format of reviewdog, fixes in one file as suggestions. Its columns count bytes of UTF-8.
 * https://github.com/reviewdog/reviewdog/tree/master/proto/rdf
 */
export const reportRdjson: Reporter = ({ findings }) =>
  jsonPieces({
    source: { name: 'deploy-audit', url: 'https://github.com/deploy-audit/deploy-audit' },
    diagnostics: mapEach(findings, ({ rule, severity, message, docs, at, related, fix }) => ({
      message: printable(message),
      location: located(at),
      severity: SEVERITIES[severity],
      code: { value: rule, url: docs },
      ...(fix?.edits.every(({ file }) => file === at.file) === true && {
        suggestions: fix.edits.map(suggestion),
      }),
      ...(related.length > 0 && {
        related_locations: related.map(({ at, message }) => ({
          message: printable(message),
          location: located(at),
        })),
      }),
    })),
  })

function located(at: Location): object {
  return { path: at.file, range: range(at) }
}

function suggestion(edit: LocatedEdit): object {
  return { range: range(edit), text: edit.text }
}

function range({ source, start, end }: Pick<Location, 'source' | 'start' | 'end'>): object {
  return { start: position(source, start), end: position(source, end) }
}

function position(source: Location['source'], offset: number): object {
  const { line, column } = positionAt(source, offset)
  const before = source.text.slice(offset - column + 1, offset)
  return { line, column: Buffer.byteLength(before, source.encoding) + 1 }
}
