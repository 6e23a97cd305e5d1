import type { Redactor } from '../secrets/redactor.ts'
import type { Finding, FindingFix, Location } from './finding.ts'

/**
 * A finding as it may leave the program: secrets are masked in all of its texts, and in the sources that it
 * points at, whose offsets stay.
 */
export function redactFinding(finding: Finding, given: Redactor): Finding {
  const { source } = finding.at
  const redactor: Redactor = { ...given, message: (text, about) => shorten(given.message(cut(text), about)) }
  return {
    ...finding,
    message: redactor.message(finding.message, source),
    at: redactLocation(finding.at, redactor),
    aspect: redactAspect(finding, redactor),
    label: finding.label === null ? null : redactor.message(finding.label, source),
    related: finding.related.map(({ at, message }) => ({
      at: redactLocation(at, redactor),
      message: redactor.message(message, at.source),
    })),
    help: redactor.message(finding.help, source),
    fix: finding.fix === null ? null : redactFix(finding.fix, redactor),
  }
}

/** Nobody reads on; a word of a file may be as long as the file. */
const LONGEST_TEXT = 2000
/** Twice as much is looked at, so that no secret is cut and shown in part. */
const cut = (text: string): string =>
  text.length > 2 * LONGEST_TEXT ? text.slice(0, 2 * LONGEST_TEXT) : text

function shorten(text: string): string {
  return text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT - 1)}…` : text
}

/** A message, or a word of the file alone, which is code. */
function redactAspect({ aspect, at }: Finding, redactor: Redactor): string {
  if (aspect.includes('`')) return redactor.message(aspect, at.source)
  return redactor.message(`\`${aspect}\``, at.source).slice(1, -1)
}

function redactLocation(at: Location, redactor: Redactor): Location {
  const source = redactor.source(at.source)
  return source === at.source ? at : { ...at, source }
}

/** A fix that writes a secret cannot be shown and still be one: there is none. */
function redactFix(fix: FindingFix, redactor: Redactor): FindingFix | null {
  if (fix.edits.some(({ text }) => redactor.code(text) !== text)) return null
  return {
    ...fix,
    title: redactor.message(fix.title),
    edits: fix.edits.map(edit => ({ ...edit, source: redactor.source(edit.source) })),
  }
}
