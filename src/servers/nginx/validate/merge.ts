import { groupBy } from '../../../../parsers/collections/group-by.ts'
import { memo } from '../../../../parsers/collections/memo.ts'
import type { NginxDirective } from '../configuration.ts'

const NONE: readonly NginxDirective[] = []

/** Blocks with more children than this are asked through an index: `http` may hold ten thousand servers. */
const FEW = 64

function ownOf(block: NginxDirective, name: string): readonly NginxDirective[] {
  if (block.children.length > FEW) return indexOf(block).get(name) ?? NONE
  let found: NginxDirective[] | null = null
  for (const child of block.children)
    if (child.name === name) {
      if (found === null) found = [child]
      else found.push(child)
    }
  return found ?? NONE
}

const indexOf = memo(({ children }: NginxDirective) => groupBy(children, ({ name }) => name))

/** The directive of a name that holds in a block: its own, else that of the block around it. */
export function effective(block: NginxDirective, name: string): NginxDirective | null {
  return effectiveAll(block, name)[0] ?? null
}

/** All directives of a name that hold in a block, where several may stand side by side. */
export function effectiveAll(block: NginxDirective, name: string): readonly NginxDirective[] {
  for (let level: NginxDirective | null = block; level !== null; level = level.parent) {
    const own = ownOf(level, name)
    if (own.length > 0) return own
  }
  return NONE
}
