import { lengthOf } from '../../../parsers/pcre/length.ts'
import type { PcreNode, PcreSequence, PcreTree } from '../../../parsers/pcre/tree.ts'
import { groupsOf } from '../../../parsers/pcre/walk.ts'
import { caseVariants, characterSet } from './character-set.ts'
import { Unanswerable } from './unanswerable.ts'

/** True where every match begins where the subject begins. */
export function isAnchoredAtStart({ alternatives }: PcreTree): boolean {
  return alternatives.every(({ items }) => isAnchored(items, ['subject-start', 'match-start']))
}

/** True where every match ends where the subject does, or before a newline that ends it. */
export function isAnchoredAtEnd({ alternatives }: PcreTree): boolean {
  return alternatives.every(({ items }) => isAnchored([...items].reverse(), ['subject-end', 'last-line-end']))
}

/** Whether the first of the items is such a place, in all of its alternatives. */
function isAnchored(items: readonly PcreNode[], places: readonly string[]): boolean {
  const isBackwards = places.includes('subject-end')
  for (const item of items) {
    if (item.kind === 'callout') continue
    if (item.kind === 'assertion') return places.includes(item.at)
    if (item.kind === 'group') {
      return item.alternatives.every(alternative =>
        isAnchored(isBackwards ? [...alternative.items].reverse() : alternative.items, places),
      )
    }
    return item.kind === 'repeat' && item.least > 0 && isAnchored([item.item], places)
  }
  return false
}

/**
 * The text with which every match begins, as it is written: letters whose case does not matter are in the case
 * of the pattern. Bytes where the pattern is not UTF.
 */
export function literalPrefix({ alternatives }: PcreTree): string {
  return prefixOf(alternatives).text
}

interface Prefix {
  readonly text: string
  /** True where the text is all that is matched. */
  readonly isWhole: boolean
}

function prefixOf(alternatives: readonly PcreSequence[]): Prefix {
  const prefixes = alternatives.map(({ items }) => prefixOfItems(items))
  const [first] = prefixes
  if (first === undefined) return { text: '', isWhole: true }
  let { text } = first
  for (const other of prefixes) while (!other.text.startsWith(text)) text = text.slice(0, -1)
  return { text, isWhole: prefixes.every(prefix => prefix.isWhole && prefix.text === text) }
}

function prefixOfItems(items: readonly PcreNode[]): Prefix {
  let text = ''
  for (const item of items) {
    const prefix = prefixOfItem(item)
    text += prefix.text
    if (!prefix.isWhole) return { text, isWhole: false }
  }
  return { text, isWhole: true }
}

function prefixOfItem(item: PcreNode): Prefix {
  switch (item.kind) {
    case 'literal':
      return { text: String.fromCodePoint(item.code), isWhole: true }
    case 'group':
      return prefixOf(item.alternatives)
    case 'repeat': {
      if (item.least === 0) return { text: '', isWhole: item.most === 0 }
      const prefix = prefixOfItem(item.item)
      const times = Math.min(item.least, 64)
      if (!prefix.isWhole) return prefix
      return { text: prefix.text.repeat(times), isWhole: item.most === times }
    }
    case 'assertion':
    case 'look':
    case 'callout':
      return { text: '', isWhole: true }
  }
  return { text: '', isWhole: false }
}

/**
 * All texts that the pattern can match, where they are finitely many and at most `most`; null where they are not.
 * What is around a match (anchors, look-arounds) is not looked at; letters in either case are both told.
 */
export function literalStrings(tree: PcreTree, most = 100): readonly string[] | null {
  const strings = stringsOf(tree.alternatives, tree, most)
  return strings === null ? null : [...new Set(strings)]
}

function stringsOf(
  alternatives: readonly PcreSequence[],
  tree: PcreTree,
  most: number,
): readonly string[] | null {
  const all: string[] = []
  for (const { items } of alternatives) {
    let ends: readonly string[] = ['']
    for (const item of items) {
      const own = stringsOfItem(item, tree, most)
      if (own === null || own.length * ends.length > most) return null
      ends = ends.flatMap(end => own.map(text => end + text))
    }
    all.push(...ends)
    if (all.length > most) return null
  }
  return all
}

function stringsOfItem(item: PcreNode, tree: PcreTree, most: number): readonly string[] | null {
  switch (item.kind) {
    case 'literal': {
      const codes = item.caseless ? caseVariants(item.code, tree.start) : [item.code]
      return codes.map(code => String.fromCodePoint(code))
    }
    case 'set': {
      const table = tableOf(item, tree)
      if (table === null || tree.start.utf) return null
      const texts = [...table.entries()].flatMap(([code, isIn]) => (isIn ? [String.fromCharCode(code)] : []))
      return texts.length > most ? null : texts
    }
    case 'group':
      return stringsOf(item.alternatives, tree, most)
    case 'repeat': {
      const own = stringsOfItem(item.item, tree, most)
      if (own === null || item.most > most) return null
      const all: string[] = []
      let ends: readonly string[] = ['']
      for (let count = 0; count <= item.most; count++) {
        if (count >= item.least) all.push(...ends)
        if (all.length > most || ends.length * own.length > most) return null
        ends = ends.flatMap(end => own.map(text => end + text))
      }
      return all
    }
    case 'assertion':
    case 'look':
    case 'callout':
      return ['']
  }
  return null
}

function tableOf(item: Extract<PcreNode, { kind: 'set' }>, { start }: PcreTree): Uint8Array | null {
  try {
    return characterSet(item, start).table
  } catch (error) {
    if (error instanceof Unanswerable) return null
    throw error
  }
}

/**
 * Whether what is matched may hold a character (a code below 256), or with a group what the group captures: true
 * in doubt. What a look-around sees is not matched.
 */
export function mayHold(tree: PcreTree, code: number, group?: number): boolean {
  const groups = groupsOf(tree)
  const scope = group === undefined ? tree.alternatives : alternativesOf(groups.get(group))
  const seen = new Set<number>()
  const holds = (item: PcreNode): boolean => {
    switch (item.kind) {
      case 'literal':
        return (item.caseless ? caseVariants(item.code, tree.start) : [item.code]).includes(code)
      case 'any':
        return item.newline || code !== NEWLINES[tree.start.newline]
      case 'set': {
        const table = tableOf(item, tree)
        return table === null || table[code] === 1
      }
      case 'line-break':
        return (code >= 10 && code <= 13) || code === 0x85
      case 'grapheme':
        return true
      case 'look':
      case 'assertion':
      case 'keep':
      case 'callout':
      case 'verb':
        return false
      case 'call':
        if (item.group === 0) return true
        return referenced([item.group])
      case 'back-reference':
        return referenced(item.groups)
      case 'repeat':
        return item.most > 0 && holds(item.item)
      case 'group':
      case 'script-run':
      case 'scan':
      case 'conditional':
        return item.alternatives.some(({ items }) => items.some(holds))
    }
  }
  const referenced = (numbers: readonly number[]): boolean =>
    numbers.some(number => {
      if (seen.has(number)) return false
      seen.add(number)
      return alternativesOf(groups.get(number)).some(({ items }) => items.some(holds))
    })
  return scope.some(({ items }) => items.some(holds))
}

/** Whether every match holds a character (a code below 256) as text: false in doubt. */
export function mustHold({ alternatives }: PcreTree, code: number): boolean {
  return everyHolds(alternatives, code)
}

function everyHolds(alternatives: readonly PcreSequence[], code: number): boolean {
  return (
    alternatives.length > 0 && alternatives.every(({ items }) => items.some(item => itemHolds(item, code)))
  )
}

function itemHolds(item: PcreNode, code: number): boolean {
  switch (item.kind) {
    case 'literal':
      return item.code === code
    case 'repeat':
      return item.least > 0 && itemHolds(item.item, code)
    case 'group':
      return everyHolds(item.alternatives, code)
    default:
      return false
  }
}

/** Whether what a group captures begins with a character (a code below 256), or is nothing: false in doubt. */
export function beginsWith(tree: PcreTree, code: number, group: number): boolean {
  const groups = groupsOf(tree)
  const allBegin = (alternatives: readonly PcreSequence[]): boolean =>
    alternatives.length > 0 && alternatives.every(({ items }) => begins(items))
  const begins = (items: readonly PcreNode[]): boolean => {
    for (const item of items) {
      if (item.kind === 'assertion' || item.kind === 'look' || item.kind === 'callout') continue
      const inner = item.kind === 'repeat' ? item.item : item
      if (inner.kind === 'literal' ? inner.code !== code : !allBegin(alternativesOf(inner))) return false
      // What may be nothing leaves the beginning to the next one.
      if (lengthOf([{ ...item, items: [item] }], groups).least > 0) return true
    }
    return true
  }
  return allBegin(alternativesOf(groups.get(group)))
}

const NEWLINES: Readonly<Partial<Record<PcreTree['start']['newline'], number>>> = { lf: 10, cr: 13, nul: 0 }

function alternativesOf(node: PcreNode | undefined): readonly PcreSequence[] {
  return node?.kind === 'group' ? node.alternatives : []
}

/** Whether nothing may be matched, or with a group captured by it: true in doubt. */
export function mayBeEmpty(tree: PcreTree, group?: number): boolean {
  const groups = groupsOf(tree)
  const scope = group === undefined ? tree.alternatives : alternativesOf(groups.get(group))
  return lengthOf(scope, groups).least === 0
}

/**
 * True where the pattern matches every path, but perhaps `/` itself: whatever begins with a slash and has no
 * newline. False in doubt.
 */
export function matchesEveryPath({ alternatives }: PcreTree): boolean {
  return alternatives.some(({ items }) => {
    const [first, ...rest] = items
    const isAnchor = first?.kind === 'assertion' && first.at === 'subject-start'
    const behind = isAnchor ? rest : items
    return takesAll(behind) || (isSlash(behind[0]) && takesAll(behind.slice(1)))
  })
}

function isSlash(item: PcreNode | undefined): boolean {
  if (item?.kind === 'repeat') return item.least <= 1 && isSlash(item.item)
  return item?.kind === 'literal' && item.code === 47
}

/** True where the items match any text without a newline, or what it begins with. */
function takesAll(items: readonly PcreNode[]): boolean {
  let isAll = false
  for (const item of items) {
    if (item.kind === 'assertion') {
      if (!isAll || (item.at !== 'subject-end' && item.at !== 'last-line-end')) return false
    } else if (isDots(item)) isAll = true
    else if (item.kind !== 'repeat' || item.least > 0 || isAll) return false
  }
  return true
}

/** `.*` or `.+`, a group around it too. */
function isDots(item: PcreNode): boolean {
  if (item.kind === 'group') {
    return item.alternatives.some(
      ({ items }) => items.length === 1 && items[0] !== undefined && isDots(items[0]),
    )
  }
  const isMany = item.kind === 'repeat' && item.least <= 1 && item.most === Number.POSITIVE_INFINITY
  return isMany && item.item.kind === 'any'
}
