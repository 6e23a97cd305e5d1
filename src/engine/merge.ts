import type { Place, Source } from '../../parsers/text/source.ts'
import type { Related } from '../servers/problem.ts'
import type { RuleFinding } from './rule.ts'
import { CONFIDENCES, type Confidence, SEVERITIES, type Severity } from './severity.ts'

/** A finding as it is reported: what a rule said several times of one cause, said once. */
export interface MergedFinding extends Omit<RuleFinding, 'message'> {
  readonly message: string
  readonly severity: Severity
  readonly confidence: Confidence
  readonly fatal: boolean
}

/** As many other places are shown with a finding, beyond those that its own occurrence has. */
const MOST_RELATED = 5

interface Group {
  /** The worst so far. */
  worst: RuleFinding
  readonly all: RuleFinding[]
}

/** What the rule's own definition says where a finding does not. */
export interface Defaults {
  readonly severity: Severity
  readonly confidence: Confidence
}

/**
 * One finding for each cause, in the order in which they were met. Of those with one cause (the text itself,
 * unless they name one) the worst speaks, and among equals the most certain, then the first; the others add to
 * its count and their places to the related ones.
 */
export function mergeFindings(found: Iterable<RuleFinding>, defaults: Defaults): readonly MergedFinding[] {
  const groups: Group[] = []
  const byText = new Map<Source, Map<string, Group>>()
  const byCause = new Map<unknown, Map<string, Group>>()
  for (const finding of found) {
    const { at, cause, aspect = '' } = finding
    const known =
      cause === undefined
        ? mapIn(byText, at.source).get(`${at.start}-${at.end} ${aspect}`)
        : mapIn(byCause, cause).get(aspect)
    if (known !== undefined) {
      known.all.push(finding)
      if (isWorse(finding, known.worst, defaults)) known.worst = finding
      continue
    }
    const group = { worst: finding, all: [finding] }
    groups.push(group)
    if (cause === undefined) mapIn(byText, at.source).set(`${at.start}-${at.end} ${aspect}`, group)
    else mapIn(byCause, cause).set(aspect, group)
  }
  return groups.map(group => join(group, defaults))
}

function mapIn<K>(maps: Map<K, Map<string, Group>>, key: K): Map<string, Group> {
  let map = maps.get(key)
  if (map === undefined) {
    map = new Map()
    maps.set(key, map)
  }
  return map
}

function isWorse(one: RuleFinding, other: RuleFinding, defaults: Defaults): boolean {
  const order = rank(one, defaults)
  const known = rank(other, defaults)
  const index = order.findIndex((value, index) => value !== known[index])
  return index !== -1 && (order[index] ?? 0) > (known[index] ?? 0)
}

function rank({ fatal = false, severity, confidence }: RuleFinding, defaults: Defaults): readonly number[] {
  return [
    fatal ? 1 : 0,
    SEVERITIES.indexOf(severity ?? defaults.severity),
    CONFIDENCES.indexOf(confidence ?? defaults.confidence),
  ]
}

function join({ worst, all }: Group, defaults: Defaults): MergedFinding {
  const { message, severity = defaults.severity, confidence = defaults.confidence, fatal = false } = worst
  const count = worst.per === undefined ? 1 : new Set(all.map(finding => finding.occurrence ?? finding)).size
  const often = count > 1 ? `, for ${count} ${worst.per}` : ''
  return {
    ...worst,
    message: typeof message === 'string' ? message : message(often),
    severity,
    confidence,
    fatal,
    ...(all.length === 1 ? {} : { related: relatedOf(worst, all) }),
  }
}

/** The places of the worst, then those of the others: where they stand, and what they relate to. */
function relatedOf(worst: RuleFinding, all: readonly RuleFinding[]): readonly Related[] {
  const { related: own = [] } = worst
  const joined = [...own]
  const most = Math.max(own.length, MOST_RELATED)
  const seen = new Set([worst.at, ...own.map(({ at }) => at)].map(placeKey))
  for (const { at, also, related = [] } of all) {
    for (const other of [...(also === undefined ? [] : [{ at, message: also }]), ...related]) {
      if (joined.length >= most) return joined
      if (seen.has(placeKey(other.at))) continue
      seen.add(placeKey(other.at))
      joined.push(other)
    }
  }
  return joined
}

function placeKey({ source, start, end }: Place): string {
  return `${source.path}\0${start}\0${end}`
}
