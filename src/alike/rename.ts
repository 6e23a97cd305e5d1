import type { TextEdit } from '../../parsers/text/edit.ts'
import { memo, memoByKey } from '../../parsers/collections/memo.ts'
import type { Place, Source } from '../../parsers/text/source.ts'
import type { Fix, RuleFinding } from '../engine/rule.ts'
import type { Found } from '../engine/run.ts'
import { type FileSystem, sourceAt } from '../files/file-system.ts'
import type { Related } from '../servers/problem.ts'
import type { Site } from './group-sites.ts'
import { replaceWords, wordsOf } from './words.ts'

/** What something of one site is for another that differs from it in its names alone. */
export type Renamed<T> = (site: Site) => T

/**
 * A finding of one site as it is for any other.
 *
 * @param shared causes, occurrences and fixes that are not the site's own, and stay what they are
 */
export function renamed(
  { active, finding }: Found,
  rename: Renaming,
  shared: ReadonlySet<object>,
): Renamed<Found> {
  const message = messageFor(finding.message, rename)
  const at = rename.place(finding.at)
  const aspect = optional(finding.aspect, rename.text)
  const also = optional(finding.also, rename.text)
  const label = optional(finding.label, rename.text)
  const help = optional(finding.help, rename.text)
  const own = finding.fix !== undefined && !shared.has(finding.fix) ? finding.fix : undefined
  const fix = optional(own, fix => fixFor(fix, rename))
  const related = optional(finding.related, related => relatedFor(related, rename))
  const { cause, occurrence } = finding
  const causeFor = typeof cause === 'string' ? rename.text(cause) : null
  return site => ({
    active,
    finding: {
      ...finding,
      at: at(site),
      message: message(site),
      ...(aspect && { aspect: aspect(site) }),
      ...(also && { also: also(site) }),
      ...(label && { label: label(site) }),
      ...(help && { help: help(site) }),
      ...(fix && { fix: fix(site) }),
      ...(related && { related: related(site) }),
      ...(causeFor !== null && { cause: causeFor(site) }),
      ...(typeof cause === 'object' && { cause: shared.has(cause) ? cause : copyFor(cause, site) }),
      ...(occurrence !== undefined && {
        occurrence: shared.has(occurrence) ? occurrence : copyFor(occurrence, site),
      }),
    },
  })
}

/** An edit in a file of one site as it is for any other. */
export function renamedEdit(edit: TextEdit, { place, text }: Renaming): Renamed<TextEdit> {
  const at = place(edit)
  const written = text(edit.text)
  return site => ({ ...at(site), text: written(site) })
}

/** What stands for an object in another site: the same one whichever finding has it. */
const copyFor = memoByKey((_: object, __: Site): object => ({}))

/** How texts and places of one site become those of another. */
export interface Renaming {
  readonly text: (text: string) => Renamed<string>
  readonly source: (source: Source) => Renamed<Source>
  /** The stretch that has, in the other's file, the same words around it. */
  readonly place: <T extends Place>(place: T) => Renamed<T>
}

/** Of a name that is cut; what is shorter may be any word. */
const LEAST_PART = 5

/** @param files those in which a site may have more than is compared of all: its unit, its application */
export function renaming({ names, files: own }: Site, files: FileSystem): Renaming {
  const indexes = new Map(names.map((name, index) => [name, index]))
  const indexOf = new Map(own.map(({ source }, index) => [source.path, index]))
  /** Messages show what is left of a name that is too long. */
  const nameIn = (word: string): number =>
    indexes.get(word) ?? (word.length < LEAST_PART ? -1 : names.findIndex(name => name.startsWith(word)))
  const text: Renaming['text'] = text =>
    wordsOf(text).some(word => nameIn(word) !== -1)
      ? site =>
          replaceWords(text, word => {
            const name = site.names[nameIn(word)]
            if (name === undefined) return word
            return indexes.has(word) ? name : name.slice(0, word.length)
          })
      : () => text
  const source: Renaming['source'] = given => {
    const index = indexOf.get(given.path)
    if (index !== undefined) return site => site.files[index]?.source ?? given
    if (!wordsOf(given.path).some(word => indexes.has(word))) return () => given
    const path = text(given.path)
    return site => sourceAt(files, path(site)) ?? given
  }
  const marksOf = memo((source: Source) => marksIn(source.text, indexes))
  return {
    text,
    source,
    place: place => {
      const other = source(place.source)
      const marks = marksOf(place.source)
      return site => {
        const found = other(site)
        if (found === place.source) return place
        const start = moved(place.start, marks, site)
        return { ...place, source: found, start, end: moved(place.end, marks, site) }
      }
    },
  }
}

/** Where a name stands in a text, and which of its site's it is. */
interface Mark {
  readonly start: number
  readonly end: number
  readonly index: number
}

function marksIn(text: string, indexes: ReadonlyMap<string, number>): readonly Mark[] {
  const marks: Mark[] = []
  replaceWords(text, (word, start) => {
    const index = indexes.get(word)
    if (index !== undefined) marks.push({ start, end: start + word.length, index })
    return word
  })
  return marks
}

/** The offset behind the same words where names are shorter or longer. */
function moved(offset: number, marks: readonly Mark[], { names }: Site): number {
  let by = 0
  for (const { start, end, index } of marks) {
    if (start >= offset) break
    const { length } = names[index] as string
    if (end > offset) return start + by + Math.min(offset - start, length)
    by += length - (end - start)
  }
  return offset + by
}

function optional<T, R>(value: T | undefined, of: (value: T) => R): R | undefined {
  return value === undefined ? undefined : of(value)
}

function messageFor(message: RuleFinding['message'], { text }: Renaming): Renamed<RuleFinding['message']> {
  if (typeof message === 'string') return text(message)
  // Its words are the same however often it is met.
  const plain = text(message(''))
  return site => often => (often === '' ? plain(site) : text(message(often))(site))
}

function relatedFor(related: readonly Related[], { place, text }: Renaming): Renamed<readonly Related[]> {
  const all = related.map(each => ({ each, at: place(each.at), message: text(each.message) }))
  return site => all.map(({ each, at, message }) => ({ ...each, at: at(site), message: message(site) }))
}

function fixFor(fix: Fix, rename: Renaming): Renamed<Fix> {
  const title = rename.text(fix.title)
  const edits = fix.edits.map(edit => renamedEdit(edit, rename))
  return site => ({ ...fix, title: title(site), edits: edits.map(edit => edit(site)) })
}
