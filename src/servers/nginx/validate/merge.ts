import type { NginxDirective } from '../configuration.ts'

/** The directive of a name that holds in a block: its own, else that of the block around it. */
export function effective(block: NginxDirective, name: string): NginxDirective | null {
  for (let level: NginxDirective | null = block; level !== null; level = level.parent)
    for (const child of level.children) if (child.name === name) return child
  return null
}

/** All directives of a name that hold in a block, where several may stand side by side. */
export function effectiveAll(block: NginxDirective, name: string): readonly NginxDirective[] {
  for (let level: NginxDirective | null = block; level !== null; level = level.parent) {
    const own = level.children.filter(child => child.name === name)
    if (own.length > 0) return own
  }
  return []
}
