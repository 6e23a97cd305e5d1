import type { PcreNode, PcreSequence, PcreTree } from '../../../parsers/pcre/tree.ts'
import { caseVariants, characterSet } from './character-set.ts'
import { Unanswerable } from './unanswerable.ts'

/**
 * A pattern as the places of it that take a character, and from which place one may come to which: what is matched
 * is a way through them. A look-around is a way of its own that leads nowhere; what refers to a group is passed
 * over, so that with those the ways are only nearly what is matched.
 */
export interface Positions {
  /** Of each position the bytes that it takes. */
  readonly sets: readonly Uint8Array[]
  readonly first: ReadonlySet<number>
  /** Of each position those that may follow, and in how many ways: 2 stands for more. */
  readonly next: readonly ReadonlyMap<number, number>[]
  readonly last: ReadonlySet<number>
  readonly mayBeEmpty: boolean
  /** True where nothing was passed over. */
  readonly isExact: boolean
}

/** Past this many positions a pattern is not looked at: counted repetition copies them. */
const MOST_POSITIONS = 400
/** A repetition of more turns counts as one without bound. */
const MOST_TURNS = 6

/** The positions of a pattern; null where there are too many of them. */
export function positionsOf(tree: PcreTree): Positions | null {
  try {
    return new Builder(tree).positions()
  } catch (error) {
    if (error instanceof Unanswerable) return null
    throw error
  }
}

interface Part {
  readonly first: ReadonlySet<number>
  readonly last: ReadonlySet<number>
  readonly mayBeEmpty: boolean
}

const EMPTY: Part = { first: new Set(), last: new Set(), mayBeEmpty: true }

class Builder {
  readonly #sets: Uint8Array[] = []
  readonly #next: Map<number, number>[] = []
  #isExact = true

  constructor(private readonly tree: PcreTree) {}

  positions(): Positions {
    const { first, last, mayBeEmpty } = this.#alternatives(this.tree.alternatives)
    return { sets: this.#sets, first, next: this.#next, last, mayBeEmpty, isExact: this.#isExact }
  }

  #position(set: Uint8Array): Part {
    if (this.#sets.length >= MOST_POSITIONS) throw new Unanswerable()
    const position = this.#sets.push(set) - 1
    this.#next.push(new Map())
    return { first: new Set([position]), last: new Set([position]), mayBeEmpty: false }
  }

  #join(from: ReadonlySet<number>, to: ReadonlySet<number>): void {
    for (const position of from) {
      const next = this.#next[position]!
      for (const other of to) next.set(other, Math.min(2, (next.get(other) ?? 0) + 1))
    }
  }

  #alternatives(alternatives: readonly PcreSequence[]): Part {
    const parts = alternatives.map(({ items }) => this.#sequence(items.map(item => () => this.#item(item))))
    return {
      first: new Set(parts.flatMap(part => [...part.first])),
      last: new Set(parts.flatMap(part => [...part.last])),
      mayBeEmpty: parts.some(part => part.mayBeEmpty),
    }
  }

  #sequence(makers: readonly (() => Part)[]): Part {
    let whole = EMPTY
    for (const make of makers) {
      const part = make()
      this.#join(whole.last, part.first)
      whole = {
        first: whole.mayBeEmpty ? new Set([...whole.first, ...part.first]) : whole.first,
        last: part.mayBeEmpty ? new Set([...whole.last, ...part.last]) : part.last,
        mayBeEmpty: whole.mayBeEmpty && part.mayBeEmpty,
      }
    }
    return whole
  }

  #item(item: PcreNode): Part {
    const { start } = this.tree
    switch (item.kind) {
      case 'literal': {
        const set = new Uint8Array(256)
        for (const code of item.caseless ? caseVariants(item.code, start) : [item.code]) set[code] = 1
        return this.#position(set)
      }
      case 'any': {
        const set = new Uint8Array(256).fill(1)
        if (!item.newline) set[start.newline === 'cr' ? 13 : 10] = 0
        return this.#position(set)
      }
      case 'set':
        return this.#position(characterSet(item, start).table)
      case 'line-break': {
        const set = new Uint8Array(256)
        for (const code of [10, 11, 12, 13, 0x85]) set[code] = 1
        return this.#position(set)
      }
      case 'grapheme':
        return this.#position(new Uint8Array(256).fill(1))
      case 'group':
      case 'script-run':
        return this.#alternatives(item.alternatives)
      case 'conditional': {
        this.#isExact = false
        const part = this.#alternatives(item.alternatives)
        return item.alternatives.length === 1 ? { ...part, mayBeEmpty: true } : part
      }
      case 'look': {
        this.#isExact = false
        const { first } = item.behind ? EMPTY : this.#alternatives(item.alternatives)
        return { first, last: new Set(), mayBeEmpty: true }
      }
      case 'repeat':
        return this.#repeat(item)
      case 'assertion':
      case 'keep':
      case 'callout':
        return EMPTY
      case 'verb':
      case 'back-reference':
      case 'call':
      case 'scan':
        this.#isExact = false
        return EMPTY
    }
  }

  #repeat({ item, least, most }: Extract<PcreNode, { kind: 'repeat' }>): Part {
    if (most === 0) return EMPTY
    const make = (): Part => this.#item(item)
    const optional = (): Part => ({ ...make(), mayBeEmpty: true })
    const times = (count: number, maker: () => Part): (() => Part)[] =>
      Array.from({ length: count }, () => maker)
    if (most <= MOST_TURNS) return this.#sequence([...times(least, make), ...times(most - least, optional)])
    const loop = (): Part => {
      const part = make()
      this.#join(part.last, part.first)
      return least <= 1 ? { ...part, mayBeEmpty: part.mayBeEmpty || least === 0 } : part
    }
    return this.#sequence([...times(Math.min(least, MOST_TURNS) - 1, make), loop])
  }
}

/** The bytes that may follow a text which a match begins with, and whether it may end there; null where none does. */
export function behindText(
  positions: Positions,
  text: string,
): { readonly next: Uint8Array; readonly mayEnd: boolean } | null {
  const { sets, next } = positions
  let candidates = positions.first
  let taken: number[] = []
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    taken = [...candidates].filter(position => sets[position]![code] === 1)
    if (taken.length === 0) return null
    candidates = new Set(taken.flatMap(position => [...next[position]!.keys()]))
  }
  const bytes = new Uint8Array(256)
  for (const position of candidates)
    for (let code = 0; code < 256; code++) bytes[code] = bytes[code]! | sets[position]![code]!
  const mayEnd = text === '' ? positions.mayBeEmpty : taken.some(position => positions.last.has(position))
  return { next: bytes, mayEnd }
}
