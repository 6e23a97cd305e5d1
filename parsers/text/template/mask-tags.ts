import { Layout } from './layout.ts'
import { structureOf, type TemplateBranch } from './constructs.ts'
import type { Step, Tag } from './tag.ts'

export interface MaskedTags {
  readonly code: string
  readonly branches: readonly TemplateBranch[]
  /** Where whatever a placeholder or another template holds may stand, between directives. */
  readonly gaps: readonly number[]
}

/**
 * Takes the tags out of a text: a value becomes a placeholder's word, or blank where it stands alone between
 * directives; a statement becomes blank, and what it guards a branch, unless its arms touch the words
 * around them, which are then a placeholder from the statement's begin to its end.
 */
export function maskTags(path: string, text: string, tags: readonly Tag[]): MaskedTags {
  const { constructs, branches } = structureOf(path, tags)
  const opened = new Map(constructs.map(construct => [construct.first, construct]))
  const layout = new Layout(text, tags)
  const hidden: { readonly start: number; readonly end: number }[] = []
  const gaps: number[] = []
  for (let index = 0; index < tags.length; index++) {
    const tag = tags[index] as Tag
    layout.advance(tag.start)
    const construct = opened.get(index)
    if (construct !== undefined && layout.isInWord(construct)) {
      const { end } = tags[construct.last] as Tag
      layout.hide(tag.start, end)
      hidden.push({ start: tag.start, end })
      index = construct.last
    } else if (tag.steps.some(({ does }) => does === 'print' || does === 'insert')) {
      if (layout.isAlone(index)) {
        layout.blank(tag)
        gaps.push(tag.start)
      } else layout.hide(tag.start, tag.end)
    } else if (tag.steps.some(isStructural) || !layout.isGlued(index)) layout.blank(tag)
    else layout.hide(tag.start, tag.end)
  }
  return { code: layout.finish(), branches: outside(branches, hidden), gaps }
}

function isStructural({ does }: Step): boolean {
  return does === 'open' || does === 'turn' || does === 'close'
}

/** The branches that do not lie in one of these stretches; both are in the order of the text. */
function outside(
  branches: readonly TemplateBranch[],
  stretches: readonly { readonly start: number; readonly end: number }[],
): readonly TemplateBranch[] {
  let next = 0
  return branches.filter(({ start }) => {
    while (next < stretches.length && (stretches[next]?.end ?? 0) <= start) next++
    return start < (stretches[next]?.start ?? Number.POSITIVE_INFINITY)
  })
}
