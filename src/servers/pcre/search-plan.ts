import type { PcreNode, PcreSequence, PcreTree } from '../../../parsers/pcre/tree.ts'
import { nodesOf } from '../../../parsers/pcre/walk.ts'
import { type CharacterRules, caseVariants, characterSet } from './character-set.ts'

/** Where in a subject a match can begin at all. */
export interface SearchPlan {
  /** `start`: only where the subject begins; `lines`: there, and behind a newline. */
  readonly begins: 'start' | 'lines' | 'anywhere'
  /** What every match begins with; empty where nothing is known. */
  readonly prefix: string
  /** Of the first byte of a match: 1 for those that it may be; null where it may be any, or none. */
  readonly first: Uint8Array | null
}

export function searchPlan(tree: PcreTree): SearchPlan {
  const { alternatives, start } = tree
  const [only] = alternatives
  const prefix = alternatives.length === 1 && only !== undefined ? leadingText(only.items, start) : ''
  const first = start.utf || prefix !== '' ? null : firstBytes(alternatives, start)
  return { begins: beginOf(tree), prefix, first }
}

function leadingText(items: readonly PcreNode[], rules: CharacterRules): string {
  let text = ''
  for (const item of items) {
    if (item.kind !== 'literal' || item.code > 0xffff) break
    if (item.caseless && caseVariants(item.code, rules).length > 1) break
    text += String.fromCharCode(item.code)
  }
  return text
}

function beginOf({ alternatives }: PcreTree): SearchPlan['begins'] {
  if (alternatives.every(alternative => isAnchored(alternative.items))) return 'start'
  // Where `.*` did not lead to a match from one place, it does not from the next, unless something refers to it.
  for (const node of nodesOf(alternatives)) {
    if (node.kind === 'back-reference' || node.kind === 'call' || node.kind === 'conditional')
      return 'anywhere'
  }
  const dots = alternatives.map(alternative => leadingDot(alternative.items))
  if (!dots.every(dot => dot !== null)) return 'anywhere'
  return dots.every(dot => dot) ? 'start' : 'lines'
}

function isAnchored(items: readonly PcreNode[]): boolean {
  for (const item of items) {
    if (item.kind === 'callout') continue
    if (item.kind === 'assertion') return item.at === 'subject-start' || item.at === 'match-start'
    if (item.kind === 'group') return item.alternatives.every(alternative => isAnchored(alternative.items))
    return item.kind === 'repeat' && item.least > 0 && isAnchored([item.item])
  }
  return false
}

/** Whether a leading `.*` takes newlines too; null where there is none. */
function leadingDot(items: readonly PcreNode[]): boolean | null {
  const [item] = items
  if (item?.kind === 'group' && !item.atomic) {
    const dots = item.alternatives.map(alternative => leadingDot(alternative.items))
    return dots.includes(null) ? null : dots.every(dot => dot)
  }
  if (item?.kind !== 'repeat' || item.item.kind !== 'any' || item.mode === 'possessive') return null
  return item.least === 0 && item.most === Number.POSITIVE_INFINITY ? item.item.newline : null
}

/** The bytes with which something can begin; null where it may match nothing, or begin with any. */
function firstBytes(alternatives: readonly PcreSequence[], rules: CharacterRules): Uint8Array | null {
  const result = new Uint8Array(256)
  return alternatives.every(({ items }) => addFirst(items, result, rules)) ? result : null
}

/** Adds the bytes with which the items can begin; false where that is not told by their first bytes. */
function addFirst(items: readonly PcreNode[], result: Uint8Array, rules: CharacterRules): boolean {
  for (const item of items) {
    const answer = addFirstOf(item, result, rules)
    if (answer !== 'empty') return answer === 'full'
  }
  return false
}

/** `empty` where the item may match nothing, so that what follows it counts too. */
function addFirstOf(item: PcreNode, result: Uint8Array, rules: CharacterRules): 'full' | 'empty' | 'unknown' {
  switch (item.kind) {
    case 'literal':
      for (const code of item.caseless ? caseVariants(item.code, rules) : [item.code]) result[code] = 1
      return 'full'
    case 'set':
      for (const [code, isIn] of characterSet(item, rules).table.entries()) if (isIn === 1) result[code] = 1
      return 'full'
    case 'group': {
      const isFull = item.alternatives.every(({ items }) => addFirst(items, result, rules))
      return isFull ? 'full' : 'unknown'
    }
    case 'repeat': {
      if (item.most === 0) return 'empty'
      const answer = addFirstOf(item.item, result, rules)
      return answer === 'full' && item.least === 0 ? 'empty' : answer
    }
    case 'assertion':
    case 'look':
    case 'callout':
      return 'empty'
  }
  return 'unknown'
}
