import type { Place } from '../../parsers/text/source.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import type { FollowedRequest } from '../../src/deployment/requests/answer.ts'
import { type FollowedRedirects, urlOf } from '../../src/deployment/requests/follow-redirects.ts'
import { MISSING } from '../../src/deployment/requests/made-up-requests.ts'

/** Redirects that lead back to themselves: the line to change, the others of the way, and the URLs. */
export interface Loop {
  readonly at: Place
  readonly others: readonly Place[]
  readonly urls: string
}

/** A redirect of which every answer is redirected by the same line to a longer URL. */
export function growthOf({ requests }: FollowedRedirects): Loop | null {
  const last = requests.filter(({ end }) => end.kind === 'redirect').slice(-4)
  const [place, ...others] = last.map(placeOf)
  if (place === null || place === undefined) return null
  if (!others.every(other => other !== null && byPlace(other, place) === 0)) return null
  const sizes = last.map(({ request }) => request.target.length)
  if (!sizes.every((size, index) => index === 0 || size > (sizes[index - 1] ?? 0))) return null
  const urls = requests.slice(0, 3).map(({ request }) => `\`${urlOf(request).replace(MISSING, 'page')}\``)
  return { at: place, others: [], urls: `${urls.join(' → ')} → …` }
}

/** Redirects of which the last leads to the first; null where no line of them is to blame. */
export function loopOf(cycle: readonly FollowedRequest[]): Loop | null {
  // An empty `Location` is none: browsers stay where they are.
  if (cycle.some(({ end }) => end.kind !== 'redirect' || end.location === '')) return null
  // One line of Apache is named by `apache/redirect-loop`, with the reason.
  if (cycle.length === 1 && cycle.every(({ end }) => end.kind === 'redirect' && end.by === 'apache'))
    return null
  const places = cycle.flatMap(followed => placeOf(followed) ?? [])
  const implied = places.filter(place =>
    cycle.some(({ end, steps }) =>
      end.at === null ? steps.some(({ at }) => at === place) : end.at === place,
    ),
  )
  // What nginx does by itself, for a directory, is no line that would have to change.
  const [at, ...others] = [
    ...places.filter(place => !implied.includes(place)).sort(byPlace),
    ...[...implied].sort(byPlace),
  ]
  if (at === undefined || places.length < cycle.length) return null
  const [first] = cycle
  const urls = [...cycle, ...(first === undefined ? [] : [first])].map(
    ({ request }) => `\`${urlOf(request).replace(MISSING, 'page')}\``,
  )
  return { at, others: others.filter(other => byPlace(other, at) !== 0), urls: urls.join(' → ') }
}

/** What is written for the client to go to. */
function placeOf({ steps, end }: FollowedRequest): Place | null {
  const by = steps.findLast(
    ({ directive }) =>
      directive !== null &&
      ['return', 'rewrite', 'error_page'].includes(directive.name) &&
      'node' in directive,
  )?.directive
  // mod_dir adds the slash of a directory without a line that says so: the line that led there stands for it.
  if (by === null || by === undefined) return end.at ?? steps.findLast(({ at }) => at !== null)?.at ?? null
  return argumentPlace(by, by.name === 'error_page' ? by.args.length - 1 : Math.min(1, by.args.length - 1))
}

function byPlace(one: Place, other: Place): number {
  if (one.source !== other.source) return one.source.path < other.source.path ? -1 : 1
  return one.start - other.start
}
