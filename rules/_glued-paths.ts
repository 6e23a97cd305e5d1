import type { PcreGroup, PcreNode } from '../parsers/pcre/tree.ts'
import { placeText } from '../parsers/text/source.ts'
import { propose, replacePlace } from '../src/deployment/edits.ts'
import type { RuleFinding } from '../src/engine/rule.ts'
import { readPattern } from '../src/servers/pcre/read-pattern.ts'
import type { Rewriting } from './_rewriting.ts'

/**
 * Tells of a target that puts the rest of a path behind a word, where the slash between them is not in the group; null
 * for every other one. `path` says what the pattern is compared with: a path with its first slash, or without.
 */
export function gluedPath(
  { pattern, target, patternAt, targetAt }: Rewriting,
  path: 'with slash' | 'without slash',
): RuleFinding | null {
  const rest = restOfPath(pattern, path)
  if (rest === null || (rest.isPart && ABROAD.test(target))) return null
  const { group } = rest
  const reference = `$${group.capture}`
  const glued = target.indexOf(reference)
  const [begin, end] = [target.slice(0, glued), target.slice(glued + reference.length)]
  if (glued === -1 || !/^(?:\?|\$is_args|$)/.test(end) || !ENDS_IN_WORD.test(begin)) return null
  const written = placeText(targetAt)
  return {
    at: targetAt,
    message: `what \`${pattern.slice(group.start, group.end)}\` takes has no slash in front, so \`page\` makes \`${begin}page\` of this`,
    label: 'glued together',
    related: [{ at: patternAt, message: 'the slash is not in the group' }],
    ...propose('Part the two by a slash', 'unsafe', [
      written.split(reference).length === 2
        ? replacePlace(
            targetAt,
            written.replace(reference, () => `/${reference}`),
          )
        : null,
    ]),
  }
}

/**
 * A word of a path, or a host. What ends in capitals is often the first half of an identifier, and what stands behind a
 * question mark is no path.
 */
const ENDS_IN_WORD =
  /^[^?#]*(?:(?:^|\/)[\w.-]*[a-z0-9](?::\d+)?|%\{(?:HTTP_HOST|SERVER_NAME)\}|\$(?:http_)?host|\$server_name)$/

/** A page of another host, where what looks like a directory may be the first half of a name: `…/topic$1`. */
const ABROAD = /^https?:\/\/(?!127\.|localhost\b|\$|%)[^/]*\//

interface RestOfPath {
  readonly group: PcreGroup
  /** True for what follows a slash; false for the whole of a path that has none in front. */
  readonly isPart: boolean
}

/** The group that takes the rest of a path, without a slash in front; null for none. */
function restOfPath(pattern: string, path: 'with slash' | 'without slash'): RestOfPath | null {
  const tree = readPattern(pattern)
  const [only, ...others] = tree?.alternatives ?? []
  if (only === undefined || others.length > 0) return null
  const items = only.items.filter(({ kind }) => kind !== 'assertion')
  const last = items.at(-1)
  const before = items.at(-2)
  if (last?.kind !== 'group' || !takesAnything(last)) return null
  if (before === undefined) return path === 'without slash' ? { group: last, isPart: false } : null
  return isSlash(before.kind === 'repeat' ? before.item : before) ? { group: last, isPart: true } : null
}

function takesAnything({ capture, alternatives }: PcreGroup): boolean {
  const [only, ...others] = alternatives
  const [item, ...rest] = only?.items ?? []
  return (
    typeof capture === 'number' &&
    others.length + rest.length === 0 &&
    item?.kind === 'repeat' &&
    item.item.kind === 'any' &&
    item.least <= 1
  )
}

function isSlash(node: PcreNode): boolean {
  return node.kind === 'literal' && node.code === 47
}
