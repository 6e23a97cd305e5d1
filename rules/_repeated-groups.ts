import type { PcreGroup, PcreNode, PcreSequence } from '../parsers/pcre/tree.ts'
import type { RuleFinding } from '../src/engine/rule.ts'
import { readPattern } from '../src/servers/pcre/read-pattern.ts'
import type { Rewriting } from './_rewriting.ts'

/**
 * Tells of a group that is repeated and then inserted: it holds what it took last, one character where it takes one at a
 * time. Null where it takes more at a time, of which the last may be meant, and where something else holds the whole.
 */
export function groupRepeated({ pattern, target, patternAt, targetAt }: Rewriting): RuleFinding | null {
  if (!/\)[+*{]/.test(pattern) || INSERTS_WHOLE.test(target)) return null
  const tree = readPattern(pattern)
  if (tree === null || tree.problem !== null) return null
  for (const group of repeatedGroups(tree.alternatives)) {
    const inserted = [`${group.capture}`, group.name ?? ''].find(
      name => name !== '' && new RegExp(`[$]\\{?${name}(?!\\w)`).test(target),
    )
    if (inserted === undefined) continue
    return {
      at: patternAt,
      message: `\`${pattern.slice(group.start, group.end)}\` takes one character at a time, and \`$${inserted}\` is the last of them alone`,
      related: [{ at: targetAt, message: 'it is inserted here' }],
    }
  }
  return null
}

/** What holds the whole path, beside which the last character of a part may be meant. */
const INSERTS_WHOLE =
  /\$\{?(?:uri|document_uri|request_uri|request_filename|0)\b|%\{(?:REQUEST_URI|REQUEST_FILENAME|THE_REQUEST)\}/

/** Groups that are repeated and take one character each time, outside of other groups that capture. */
function repeatedGroups(alternatives: readonly PcreSequence[]): readonly PcreGroup[] {
  return alternatives.flatMap(({ items }) => items.flatMap(repeatedGroup))
}

function repeatedGroup(item: PcreNode): readonly PcreGroup[] {
  if (item.kind === 'group') return item.capture === null ? repeatedGroups(item.alternatives) : []
  if (item.kind !== 'repeat') return []
  const { item: group, most } = item
  if (group.kind !== 'group') return []
  if (group.capture === null) return repeatedGroups(group.alternatives)
  return most === Infinity && group.alternatives.every(isOneCharacter) ? [group] : []
}

function isOneCharacter({ items: [only, ...others] }: PcreSequence): boolean {
  return others.length === 0 && (only?.kind === 'set' || only?.kind === 'any')
}
