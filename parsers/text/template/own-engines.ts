import { bladeTags } from './blade.ts'
import { directAdminTags } from './direct-admin.ts'
import { freeMarkerTags } from './freemarker.ts'
import { isM4, m4Tags } from './m4.ts'
import { smartyTags } from './smarty.ts'
import { terraformTags } from './terraform.ts'
import type { EngineOfItsOwn, Tag } from './tag.ts'

/**
 * Engines whose tags look like something that others write too. A file has to show one that neither server could have
 * meant: then all of that engine's count.
 */
const ENGINES: readonly EngineOfItsOwn[] = [
  terraformTags,
  freeMarkerTags,
  bladeTags,
  smartyTags,
  directAdminTags,
]

export interface OwnTags {
  readonly tags: readonly Tag[]
  /** True where the engine fills in every `${…}` too. */
  readonly hasExpressions: boolean
}

/** The tags of the engine of which a text has an unmistakable one; null for every other text. */
export function findOwnTags(text: string): OwnTags | null {
  const engine = ENGINES.find(
    ({ marks, proof }) => marks.some(mark => text.includes(mark)) && proof.test(text),
  )
  if (engine === undefined) return isM4(text) ? { tags: m4Tags(text), hasExpressions: false } : null
  const tags = [...text.matchAll(engine.pattern)].map(match => ({
    start: match.index,
    end: match.index + match[0].length,
    steps: engine.stepsOf(match.groups ?? {}),
  }))
  return { tags, hasExpressions: engine.hasExpressions }
}

/** Tags in order, without those of the second list that lie in one of the first. */
export function mergeTags(tags: readonly Tag[], more: readonly Tag[]): readonly Tag[] {
  if (tags.length === 0 || more.length === 0) return tags.length === 0 ? more : tags
  let last = 0
  const outside = more.filter(({ start, end }) => {
    while (last < tags.length && tags[last]!.end <= start) last++
    return last === tags.length || tags[last]!.start >= end
  })
  return [...tags, ...outside].sort((a, b) => a.start - b.start)
}
