import type { TextEdit } from '../../parsers/text/edit.ts'
import type { Place } from '../../parsers/text/source.ts'
import { type AnyDirective, isNginxDirective } from './places.ts'

/** A change that a rule proposes; spread into its finding. Empty where the text must not be touched. */
export type Proposal =
  | { readonly fix: { title: string; safety: 'safe' | 'unsafe'; edits: readonly TextEdit[] } }
  | { readonly fix?: never }

/**
 * A fix of all the edits given, or none where one of them is null or lies in a template, whose text is not
 * what the server reads.
 */
export function propose(
  title: string,
  safety: 'safe' | 'unsafe',
  edits: readonly (TextEdit | null)[],
): Proposal {
  const sound = edits.filter(edit => edit !== null)
  if (sound.length === 0 || sound.length < edits.length) return {}
  if (sound.some(edit => edit.source.template)) return {}
  return { fix: { title, safety, edits: sound } }
}

export function replacePlace(place: Place, text: string): TextEdit {
  return { source: place.source, start: place.start, end: place.end, text }
}

/** Inserts a text before a place. */
export function insertBefore(place: Place, text: string): TextEdit {
  return { source: place.source, start: place.start, end: place.start, text }
}

/** Inserts a text behind a place. */
export function insertAfter(place: Place, text: string): TextEdit {
  return { source: place.source, start: place.end, end: place.end, text }
}

/** The whole directive as written, from its name to behind its `;`, `}` or last word. */
export function directivePlace(directive: AnyDirective): Place {
  const { source } = directive
  return isNginxDirective(directive)
    ? { source, start: directive.node.start, end: directive.node.end }
    : { source, start: directive.start, end: directive.end }
}

/**
 * True where the directive's offsets are its own text. A line that a macro's `Use` or a `${}` made points
 * at the text it came from, which serves other lines too.
 */
export function isOwnText(directive: AnyDirective): boolean {
  return isNginxDirective(directive) || directive.file === directive.source.path
}

/** Removes a directive, and its line where nothing else stands on it. */
export function removeDirective(directive: AnyDirective): TextEdit | null {
  if (!isOwnText(directive)) return null
  const { source, start, end } = directivePlace(directive)
  const { text } = source
  let from = start
  while (from > 0 && (text[from - 1] === ' ' || text[from - 1] === '\t')) from--
  let to = end
  while (to < text.length && (text[to] === ' ' || text[to] === '\t' || text[to] === '\r')) to++
  const aloneOnLine = (from === 0 || text[from - 1] === '\n') && (to === text.length || text[to] === '\n')
  return aloneOnLine
    ? { source, start: from, end: Math.min(to + 1, text.length), text: '' }
    : { source, start, end, text: '' }
}

/** The white space in front of a place's line: what an inserted line begins with. */
export function indentationAt(place: Place): string {
  const { text } = place.source
  const line = text.lastIndexOf('\n', place.start - 1) + 1
  let end = line
  while (text[end] === ' ' || text[end] === '\t') end++
  return text.slice(line, end)
}
