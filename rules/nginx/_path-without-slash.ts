import { matchPattern } from '../../src/servers/nginx/queries/match-pattern.ts'
import { sampleTexts } from '../../src/servers/pcre/sample-texts.ts'

/** A path that the pattern takes, and what it becomes without a slash; null where it may get one, or nobody can tell. */
export function pathWithoutSlash(
  pattern: string,
  replacement: string,
): { readonly from: string; readonly to: string } | null {
  const text = replacement.replace(/\?.*$/s, '')
  // Other variables than groups of the pattern may have a slash.
  const first = /^\$\{?(\d)\}?/.exec(text)
  if (first === null && text.startsWith('$')) return null
  let found: { from: string; to: string } | null = null
  for (const from of sampleTexts(pattern).texts) {
    if (!from.startsWith('/')) continue
    const match = first === null ? null : matchPattern(pattern, from)
    if (match === undefined) return null
    const group = match?.captures[Number(first?.[1])] ?? ''
    // Without a slash in front of it the group has one itself in every path that people ask for.
    if (first !== null && !from.endsWith(`/${group}`)) return null
    const start = first === null ? text : group + text.slice(first[0].length)
    if (start.startsWith('/')) return null
    const to = start.replace(/\$\{?\w+\}?/g, '…')
    if (to !== '' && found === null) found = { from, to }
  }
  return found
}
