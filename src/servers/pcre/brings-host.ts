import type { PcreNode, PcreTree } from '../../../parsers/pcre/tree.ts'
import { groupsOf } from '../../../parsers/pcre/walk.ts'
import { mayHold } from './pattern-facts.ts'

/** True where each text of a group begins with a scheme and a host that the expression writes out, at least its domain. */
export function bringsHost(tree: PcreTree, group: number): boolean {
  const node = groupsOf(tree).get(group)
  if (node?.kind !== 'group') return false
  return node.alternatives.every(({ items }) => {
    // A port is written `:`, what a label may be made of `*`, and what may be anything `!`.
    const text = items.map(item => {
      if (item.kind === 'literal') return String.fromCodePoint(item.code).toLowerCase()
      if (![...'/?#@:\\'].some(char => holds(tree, item, char))) return '*'
      return holds(tree, item, 'a') ? '!' : ':'
    })
    return /^https?\*?:\/\/(?:[a-z0-9.-]+|[^/!]*\.[a-z0-9-]+\.[a-z]+):?\d*\//.test(text.join(''))
  })
}

function holds(tree: PcreTree, item: PcreNode, char: string): boolean {
  const alternatives = [{ start: item.start, end: item.end, items: [item] }]
  return mayHold({ ...tree, alternatives }, char.charCodeAt(0))
}
