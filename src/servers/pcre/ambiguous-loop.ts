import type { Positions } from './positions.ts'

/** A way from a position back to itself, and the bytes that it takes. */
export interface Loop {
  readonly position: number
  readonly word: string
}

/** Past this many steps between pairs of positions the search is given up. */
const MOST_STEPS = 400_000

/**
 * Loops that can be gone through in two ways with the same bytes, which is what makes backtracking exponential:
 * two ways through each turn are 2ⁿ ways through n turns. Null where there are too many positions to tell.
 */
export function ambiguousLoops(positions: Positions): readonly Loop[] | null {
  const pairs = new Pairs(positions)
  const components = pairs.components()
  if (components === null) return null
  const loops: Loop[] = []
  for (const component of components) {
    const loop = pairs.ambiguousIn(component)
    if (loop !== null) loops.push(loop)
  }
  return loops
}

/**
 * Pairs of positions that two ways have reached with the same bytes, as one number. A loop is ambiguous where from
 * a pair of the same position one comes to a pair of different ones and back.
 */
class Pairs {
  readonly #positions: Positions
  readonly #count: number
  /** For each pair of positions a byte that both take; -1 for none. */
  readonly #common: Int16Array

  constructor(positions: Positions) {
    const { sets } = positions
    this.#positions = positions
    this.#count = sets.length
    this.#common = new Int16Array(sets.length * sets.length).fill(-1)
    const letters = lettersByUse(positions)
    for (const [one, set] of sets.entries()) {
      for (const [other, otherSet] of sets.entries()) {
        const letter = letters.find(code => set[code] === 1 && otherSet[code] === 1)
        this.#common[one * sets.length + other] = letter ?? -1
      }
    }
  }

  #next(pair: number): readonly number[] {
    const { next } = this.#positions
    const result: number[] = []
    for (const one of next[Math.floor(pair / this.#count)]!.keys()) {
      for (const other of next[pair % this.#count]!.keys()) {
        const to = one * this.#count + other
        if (this.#common[to] !== -1) result.push(to)
      }
    }
    return result
  }

  /** The sets of pairs that can be reached from one another (Tarjan's algorithm), those of one pair included. */
  components(): readonly ReadonlySet<number>[] | null {
    const index = new Map<number, number>()
    const low = new Map<number, number>()
    const onStack = new Set<number>()
    const stack: number[] = []
    const found: ReadonlySet<number>[] = []
    let steps = 0
    for (let position = 0; position < this.#count; position++) {
      const root = position * this.#count + position
      if (index.has(root)) continue
      const work: { readonly pair: number; readonly next: readonly number[]; at: number }[] = []
      const enter = (pair: number): void => {
        index.set(pair, index.size)
        low.set(pair, index.size - 1)
        stack.push(pair)
        onStack.add(pair)
        work.push({ pair, next: this.#next(pair), at: 0 })
      }
      enter(root)
      while (work.length > 0) {
        if (++steps > MOST_STEPS) return null
        const top = work.at(-1)!
        const to = top.next[top.at++]
        if (to === undefined) {
          work.pop()
          const outer = work.at(-1)
          if (outer !== undefined) low.set(outer.pair, Math.min(low.get(outer.pair)!, low.get(top.pair)!))
          if (low.get(top.pair) === index.get(top.pair))
            found.push(this.#popComponent(stack, onStack, top.pair))
        } else if (!index.has(to)) enter(to)
        else if (onStack.has(to)) low.set(top.pair, Math.min(low.get(top.pair)!, index.get(to)!))
      }
    }
    return found
  }

  #popComponent(stack: number[], onStack: Set<number>, root: number): ReadonlySet<number> {
    const component = new Set<number>()
    for (;;) {
      const pair = stack.pop()
      if (pair === undefined) return component
      onStack.delete(pair)
      component.add(pair)
      if (pair === root) return component
    }
  }

  ambiguousIn(component: ReadonlySet<number>): Loop | null {
    const isSame = (pair: number): boolean => Math.floor(pair / this.#count) === pair % this.#count
    for (const pair of component) {
      if (!isSame(pair)) continue
      const position = pair % this.#count
      const different = [...component].find(other => !isSame(other))
      if (different !== undefined) {
        const there = this.#way(pair, different, component)
        const back = this.#way(different, pair, component)
        if (there !== null && back !== null) return { position, word: there + back }
      }
      // Two ways from one position to the next, without a byte between them.
      for (const [other, ways] of this.#positions.next[position]!) {
        const to = other * this.#count + other
        if (ways < 2 || !component.has(to)) continue
        const back = this.#way(to, pair, component)
        if (back !== null) return { position, word: this.#letter(to) + back }
      }
    }
    return null
  }

  #letter(pair: number): string {
    return String.fromCharCode(this.#common[pair]!)
  }

  /** The bytes of the shortest way from one pair to another inside of a component, at least one long unless both are one. */
  #way(from: number, to: number, component: ReadonlySet<number>): string | null {
    if (from === to) return ''
    const words = new Map<number, string>([[from, '']])
    for (const [pair, word] of words) {
      for (const next of this.#next(pair)) {
        if (!component.has(next) || words.has(next)) continue
        const longer = word + this.#letter(next)
        if (next === to) return longer
        words.set(next, longer)
      }
    }
    return null
  }
}

/**
 * The shortest way from each position that lies on a loop back to itself; with bytes that many positions take,
 * and with bytes that none takes outside of loops.
 */
export function plainLoops(positions: Positions): readonly Loop[] {
  const usual = lettersByUse(positions)
  const words = [...positions.sets.keys()].map(position => loopAt(positions, position, usual))
  const outside = positions.sets.filter((_, position) => words[position] === null)
  const others = [...usual].sort((one, other) => usesOf(one, outside) - usesOf(other, outside))
  return words.flatMap((word, position) => {
    if (word === null) return []
    const other = loopAt(positions, position, others)
    return [word, other].flatMap(loop => (loop === null ? [] : [{ position, word: loop }]))
  })
}

function loopAt(positions: Positions, position: number, letters: readonly number[]): string | null {
  return wordBetween(positions, [...positions.next[position]!.keys()], position, letters)
}

function usesOf(code: number, sets: readonly Uint8Array[]): number {
  return sets.reduce((uses, set) => uses + set[code]!, 0)
}

/** The bytes of the shortest way from where a match begins to behind a position. */
export function wordTo(positions: Positions, position: number): string | null {
  return wordBetween(positions, [...positions.first], position, lettersByUse(positions))
}

function wordBetween(
  { sets, next }: Positions,
  from: readonly number[],
  to: number,
  letters: readonly number[],
): string | null {
  const letterOf = (position: number): string => {
    return String.fromCharCode(letters.find(code => sets[position]![code] === 1) ?? 0)
  }
  const words = new Map<number, string>(from.map(position => [position, letterOf(position)]))
  for (const [position, word] of words) {
    if (position === to) return word
    for (const other of next[position]!.keys()) {
      if (!words.has(other)) words.set(other, word + letterOf(other))
    }
  }
  return null
}

/** Bytes, those first that the most positions take: they are where ways meet. */
function lettersByUse({ sets }: Positions): readonly number[] {
  const uses = Array.from({ length: 256 }, (_, code) => usesOf(code, sets))
  const isPlain = (code: number): boolean => code > 32 && code < 127
  return Array.from({ length: 256 }, (_, code) => code).sort(
    (one, other) => uses[other]! - uses[one]! || Number(isPlain(other)) - Number(isPlain(one)) || one - other,
  )
}
