import { memo } from '../../../../parsers/collections/memo.ts'
import { parseApache } from '../../../../parsers/apache/parse.ts'
import type { Place, Source } from '../../../../parsers/text/source.ts'

/** A conditional section as it is written: `ifmodule`, and what it asks for in small letters, `!` included. */
export interface WrittenCondition {
  readonly name: string
  readonly asks: string
}

interface Stretch extends WrittenCondition {
  readonly start: number
  readonly end: number
}

/** The conditional sections of its own file that stand around a place, outermost first. */
export function conditionsAround({ source, start }: Place): readonly WrittenCondition[] {
  return stretchesOf(source).filter(stretch => stretch.start < start && start < stretch.end)
}

/** True for what a server without some module is to read, as frameworks bring it for one without mod_rewrite: hardly one is. */
export function isForLackOfModule(place: Place): boolean {
  return conditionsAround(place).some(({ name, asks }) => name === 'ifmodule' && asks.startsWith('!'))
}

const stretchesOf = memo((source: Source): readonly Stretch[] => {
  const stretches: Stretch[] = []
  const open: Omit<Stretch, 'end'>[] = []
  for (const node of parseApache(source)) {
    if (node.kind === 'comment' || node.kind === 'directive') continue
    const name = node.name.value.toLowerCase()
    if (!CONDITIONAL.test(name)) continue
    if (node.kind === 'open') {
      const asks = node.words.map(({ value }) => value.toLowerCase()).join(' ')
      open.push({ name, asks, start: node.start })
      continue
    }
    const opener = open.findLastIndex(each => each.name === name)
    const [opened] = opener === -1 ? [] : open.splice(opener)
    if (opened !== undefined) stretches.push({ ...opened, end: node.start })
  }
  return stretches.sort((one, other) => one.start - other.start)
})

const CONDITIONAL = /^if(?:module|define|version|file|directive|section)$/
