import { isPcre1, type Reading, refuse, type Refusal } from './reading.ts'
import type { PcreLook, PcreNode, PcreSequence } from './tree.ts'
import { childrenOf, groupsOf, nodesOf } from './walk.ts'

/** How many characters something matches. */
export interface Length {
  readonly least: number
  readonly most: number
}

const NOTHING: Length = { least: 0, most: 0 }
const ONE: Length = { least: 1, most: 1 }
/** What a look-behind may look back over, and what it may where its length varies. */
const LONGEST = 65535
const LONGEST_VARIABLE = 255
/** PCRE2 gives up on a pattern whose look-behinds have more branches than this, calls counted in. */
const MOST_BRANCHES = 2000

/**
 * Refuses look-behinds that have no fixed length; from 10.43 on a bounded one is enough.
 */
export function checkLookbehinds(reading: Reading, alternatives: readonly PcreSequence[]): void {
  const lengths = new Lengths(reading, alternatives)
  for (const node of nodesOf(alternatives)) if (node.kind === 'look' && node.behind) lengths.check(node)
}

class Lengths {
  readonly #reading: Reading
  readonly #groups: ReadonlyMap<number, PcreNode>
  readonly #ofGroup = new Map<number, Length>()
  readonly #isVariable: boolean
  #branches = 0
  readonly #inside: ReadonlyMap<PcreNode, ReadonlySet<number>>

  constructor(reading: Reading, alternatives: readonly PcreSequence[]) {
    this.#reading = reading
    this.#groups = groupsOf({ alternatives })
    this.#isVariable = reading.release > 10.42
    this.#inside = openGroups(alternatives)
  }

  check(look: PcreLook): void {
    const lengths = look.alternatives.map(branch => this.#branch(branch, []))
    const isVariable = lengths.some(({ least, most }) => least !== most)
    if (isVariable && lengths.some(({ most }) => most > LONGEST_VARIABLE)) this.#fail('lookbehind-too-long')
  }

  #fail(code: Refusal['code']): never {
    return refuse(this.#reading, code, this.#reading.text.length)
  }

  #branch({ items }: PcreSequence, called: readonly number[]): Length {
    if (!isPcre1(this.#reading) && ++this.#branches > MOST_BRANCHES) this.#fail('lookbehind-too-complicated')
    let least = 0
    let most = 0
    for (const item of items) {
      if (item.kind === 'verb' && (item.verb === 'accept' || item.verb === 'fail')) {
        // They end the branch, to PCRE1 only the first does.
        if (item.verb === 'accept' || !isPcre1(this.#reading)) break
      }
      const length = this.#item(item, called)
      least += length.least
      most += length.most
      if (most > LONGEST) this.#fail('lookbehind-too-long')
    }
    return { least, most }
  }

  #alternatives(alternatives: readonly PcreSequence[], called: readonly number[]): Length {
    let least = Number.POSITIVE_INFINITY
    let most = -1
    for (const alternative of alternatives) {
      const length = this.#branch(alternative, called)
      if (!this.#isVariable && most !== -1 && length.most !== most) this.#fail('lookbehind-not-fixed')
      least = Math.min(least, length.least)
      most = Math.max(most, length.most)
    }
    return { least, most }
  }

  #item(item: PcreNode, called: readonly number[]): Length {
    switch (item.kind) {
      case 'literal':
      case 'set':
        return ONE
      case 'any':
        if (item.byte && this.#reading.start.utf) this.#fail('byte-in-lookbehind')
        return ONE
      case 'line-break':
        return this.#isVariable ? { least: 1, most: 2 } : this.#fail('lookbehind-not-fixed')
      case 'grapheme':
      case 'scan':
        return this.#fail('lookbehind-not-fixed')
      case 'group':
        return item.capture === null
          ? this.#alternatives(item.alternatives, called)
          : this.#group(item.capture, item, called)
      case 'script-run':
        return this.#alternatives(item.alternatives, called)
      case 'conditional':
        return item.condition.kind === 'define' ? NOTHING : this.#alternatives(item.alternatives, called)
      case 'back-reference':
        return this.#reference(item, called)
      case 'call':
        return this.#call(item.group, item, called)
      case 'repeat':
        return this.#repeat(item, called)
      case 'assertion':
      case 'keep':
      case 'look':
      case 'verb':
      case 'callout':
        return NOTHING
    }
  }

  #group(number: number, node: PcreNode, called: readonly number[]): Length {
    const known = this.#reading.resetsGroups ? undefined : this.#ofGroup.get(number)
    if (known !== undefined) return known
    const length = node.kind === 'group' ? this.#alternatives(node.alternatives, called) : NOTHING
    this.#ofGroup.set(number, length)
    return length
  }

  #call(number: number, from: PcreNode, called: readonly number[]): Length {
    const group = this.#groups.get(number)
    const isRecursion = number === 0 || called.includes(number) || this.#inside.get(from)?.has(number)
    if (group === undefined || isRecursion) return this.#fail('lookbehind-not-fixed')
    return this.#group(number, group, [...called, number])
  }

  #reference(item: Extract<PcreNode, { kind: 'back-reference' }>, called: readonly number[]): Length {
    const [group] = item.groups
    const isUnclear = item.groups.length !== 1 || this.#reading.resetsGroups || isPcre1(this.#reading)
    return group === undefined || isUnclear
      ? this.#fail('lookbehind-not-fixed')
      : this.#call(group, item, called)
  }

  #repeat(repeat: Extract<PcreNode, { kind: 'repeat' }>, called: readonly number[]): Length {
    const { item, least, most } = repeat
    // A quantified look-around matches nothing more often.
    if (item.kind === 'look' && (!item.behind || isPcre1(this.#reading))) return NOTHING
    const length = this.#item(item, called)
    if (!this.#isVariable && least !== most) this.#fail('lookbehind-not-fixed')
    if (most === Number.POSITIVE_INFINITY) this.#fail('lookbehind-not-fixed')
    return { least: length.least * least, most: length.most * most }
  }
}

/** Of every reference and call the groups inside of which it stands. */
function openGroups(alternatives: readonly PcreSequence[]): ReadonlyMap<PcreNode, ReadonlySet<number>> {
  const result = new Map<PcreNode, ReadonlySet<number>>()
  const visit = (items: readonly PcreNode[], open: ReadonlySet<number>): void => {
    for (const item of items) {
      if (item.kind === 'call' || item.kind === 'back-reference') result.set(item, open)
      const opens = item.kind === 'group' && item.capture !== null
      visit(childrenOf(item), opens ? new Set([...open, item.capture ?? 0]) : open)
    }
  }
  for (const { items } of alternatives) visit(items, new Set())
  return result
}
