import { type Reading, refuse } from './reading.ts'
import type { PcreNode, PcreSequence } from './tree.ts'
import { childrenOf } from './walk.ts'

/**
 * Refuses, as PCRE1 does, a call of a group that is still open where nothing need have been matched since it
 * began: it could call itself for ever. Inside of a conditional group PCRE1 does not look.
 */
export function checkRecursion(reading: Reading, alternatives: readonly PcreSequence[]): void {
  /** `open`: the groups that began here without having matched anything yet. */
  const visit = (sequences: readonly PcreSequence[], open: readonly number[]): void => {
    for (const { items } of sequences) {
      let still = open
      for (const item of items) {
        const inner = item.kind === 'repeat' ? item.item : item
        if (inner.kind === 'call' && still.includes(inner.group)) {
          refuse(reading, 'endless-recursion', reading.text.length)
        }
        if (inner.kind === 'group') {
          visit(inner.alternatives, inner.capture === null ? still : [...still, inner.capture])
        }
        if (!mayBeEmpty(item)) still = []
      }
    }
  }
  visit(alternatives, [0])
}

/** Whether an item may match nothing; in doubt it may not, as then nothing is refused. */
function mayBeEmpty(item: PcreNode): boolean {
  switch (item.kind) {
    case 'assertion':
    case 'keep':
    case 'look':
    case 'callout':
    case 'back-reference':
    case 'verb':
      return true
    case 'repeat':
      return item.least === 0 || mayBeEmpty(item.item)
    case 'group':
      return item.alternatives.some(({ items }) => items.every(mayBeEmpty))
  }
  return childrenOf(item).length > 0 && item.kind === 'conditional' && item.alternatives.length === 1
}
