import type { Item, Reading } from './reading.ts'
import type { PcreNode } from './tree.ts'

/** A reference to a group by number or name, which may be opened only later. */
export function backReference(reading: Reading, start: number, to: number | string): Item {
  const groups: number[] = []
  reading.pending.push({ to, offset: reading.at, resolve: found => groups.push(...found) })
  const node: PcreNode = {
    kind: 'back-reference',
    groups,
    caseless: reading.flags.caseless,
    start: reading.place(start),
    end: reading.placeBehind(reading.at),
  }
  return { node, isQuantifiable: true }
}

/** A call of a group by number or name; where a name stands for more than one group, of the first. */
export function call(reading: Reading, start: number, to: number | string, returnsCaptures = false): Item {
  const node = {
    kind: 'call' as const,
    group: typeof to === 'number' ? to : 0,
    returnsCaptures,
    start: reading.place(start),
    end: reading.placeBehind(reading.at),
  }
  if (to !== 0) {
    const resolve = (found: readonly number[]): void => {
      node.group = found[0] ?? 0
    }
    reading.pending.push({ to, offset: reading.at, resolve })
  }
  return { node, isQuantifiable: true }
}
