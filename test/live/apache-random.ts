/** A generator of choices that is the same for the same seed (mulberry32). */
export interface Choices {
  /** 0 up to and without `limit`. */
  below(limit: number): number
  chance(probability: number): boolean
  pick<T>(list: readonly T[]): T
  /** Between `least` and `most` of them, each at most once, in any order. */
  some<T>(list: readonly T[], least: number, most: number): T[]
}

export function choices(seed: number): Choices {
  let state = seed
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
  const below = (limit: number): number => Math.floor(next() * limit)
  return {
    below,
    chance: probability => next() < probability,
    pick: list => list[below(list.length)]!,
    some(list, least, most) {
      const rest = [...list]
      const count = least + below(most - least + 1)
      return Array.from(
        { length: Math.min(count, rest.length) },
        () => rest.splice(below(rest.length), 1)[0]!,
      )
    },
  }
}
