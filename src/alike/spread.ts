import { memo } from '../../parsers/collections/memo.ts'
import type { TextEdit } from '../../parsers/text/edit.ts'
import type { Place } from '../../parsers/text/source.ts'
import type { Fix } from '../engine/rule.ts'
import { type Found, MOST_FINDINGS, type RuleAnswers } from '../engine/run.ts'
import type { FileSystem } from '../files/file-system.ts'
import type { Site } from './group-sites.ts'
import { type Renaming, renamed, renamedEdit, renaming } from './rename.ts'
import { wordsOf } from './words.ts'

/** A site that was looked at, and those that are left to it. */
export interface Spread {
  readonly from: Site
  readonly to: readonly Site[]
}

/**
 * What rules found of sites, and of those for which they stand: each finding of one, as often as there are others,
 * behind it.
 *
 * Null where a finding speaks of two sites that stand for others: of which pairs it holds, nobody has asked.
 */
export function spread(
  { found, crashes }: RuleAnswers,
  spreads: readonly Spread[],
  files: FileSystem,
): RuleAnswers | null {
  const mentions = found.map(each => mentionsOf(each, spreads))
  const shared = sharedObjects(found, mentions)
  const renamingOf = memo(({ from }: Spread) => renaming(from, files))
  const fixes = new Map<Fix, Fix>()
  const all: Found[] = []
  const counts = new Map<string, number>()
  for (const [index, given] of found.entries()) {
    const each = withSharedFix(given, shared, spreads, fixes, renamingOf)
    all.push(each)
    const [first, ...others] = ownersIn(mentions[index] as Mentions, given.finding.fix, shared)
    if (others.length > 0) return null
    if (first === undefined) continue
    const { id } = each.active.rule
    const count = counts.get(id) ?? 0
    const wanted = first.to.slice(0, Math.max(0, MOST_FINDINGS - count))
    const copy = renamed(each, renamingOf(first), shared)
    for (const site of wanted) all.push(copy(site))
    counts.set(id, count + wanted.length)
  }
  return { found: all, crashes }
}

/** The spreads whose first site a finding speaks of, by a place or by a name. */
interface Mentions {
  readonly said: readonly Spread[]
  readonly fixed: readonly Spread[]
}

function mentionsOf({ finding }: Found, spreads: readonly Spread[]): Mentions {
  const { at, message, aspect, also, label, help, cause, fix, related = [] } = finding
  const said = [
    typeof message === 'string' ? message : message(''),
    aspect,
    also,
    label,
    help,
    typeof cause === 'string' ? cause : undefined,
    ...related.map(({ message }) => message),
  ]
  const places = [at, ...related.map(({ at }) => at)]
  const edits = fix?.edits ?? []
  return {
    said: spreads.filter(mentionedIn(said, places)),
    fixed: spreads.filter(mentionedIn([fix?.title, ...edits.map(({ text }) => text)], edits)),
  }
}

function mentionedIn(
  texts: readonly (string | undefined)[],
  places: readonly Pick<Place, 'source'>[],
): (spread: Spread) => boolean {
  const paths = new Set(places.map(({ source }) => source.path))
  const words = new Set([...texts, ...paths].flatMap(text => (text === undefined ? [] : wordsOf(text))))
  return ({ from: { names, files } }) =>
    names.some(name => words.has(name)) || files.some(({ source }) => paths.has(source.path))
}

function ownersIn(
  { said, fixed }: Mentions,
  fix: Fix | undefined,
  shared: ReadonlySet<object>,
): readonly Spread[] {
  return fix === undefined || shared.has(fix) ? said : [...new Set([...said, ...fixed])]
}

/** Causes, occurrences and fixes that are no site's own: findings have them that speak of another one, or of none. */
function sharedObjects(found: readonly Found[], mentions: readonly Mentions[]): ReadonlySet<object> {
  const ownerOf = new Map<object, Spread | undefined>()
  const shared = new Set<object>()
  for (const [index, { finding }] of found.entries()) {
    const [owner] = (mentions[index] as Mentions).said
    for (const object of [finding.cause, finding.occurrence, finding.fix]) {
      if (typeof object !== 'object') continue
      if (owner === undefined || (ownerOf.has(object) && ownerOf.get(object) !== owner)) shared.add(object)
      ownerOf.set(object, owner)
    }
  }
  return shared
}

/** Files are read in the order of their names. */
function byPlace(a: TextEdit, b: TextEdit): number {
  if (a.source === b.source) return a.start - b.start
  return a.source.path < b.source.path ? -1 : 1
}

/** A fix of many sites at once changes those for which one stands as well. */
function withSharedFix(
  found: Found,
  shared: ReadonlySet<object>,
  spreads: readonly Spread[],
  fixes: Map<Fix, Fix>,
  renamingOf: (spread: Spread) => Renaming,
): Found {
  const { fix } = found.finding
  if (fix === undefined || !shared.has(fix)) return found
  let whole = fixes.get(fix)
  if (whole === undefined) {
    whole = {
      ...fix,
      edits: fix.edits
        .flatMap(edit => {
          const spread = spreads.find(mentionedIn([edit.text], [edit]))
          return spread === undefined
            ? [edit]
            : [edit, ...spread.to.map(renamedEdit(edit, renamingOf(spread)))]
        })
        .sort(byPlace),
    }
    fixes.set(fix, whole)
  }
  return { ...found, finding: { ...found.finding, fix: whole } }
}
