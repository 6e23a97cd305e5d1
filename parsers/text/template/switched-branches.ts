import type { TemplateBranch } from './constructs.ts'

const MARK = /^[ \t]*#+[ \t]*(\w+?)_(ENABLED|DISABLED|ON|OFF)_(START|BEGIN|END)[ \t]*\r?$/gm

/**
 * What stands between two comments such as `#STORAGE_ENABLED_START` and `#STORAGE_ENABLED_END`, of which a start
 * script takes one part out: each is there under one answer alone.
 */
export function switchedBranches(path: string, text: string): readonly TemplateBranch[] {
  if (!text.includes('_END')) return []
  const branches: TemplateBranch[] = []
  let open: { readonly name: string; readonly state: string; readonly start: number } | null = null
  for (const { 0: line, 1: name = '', 2: state = '', 3: mark, index } of text.matchAll(MARK)) {
    if (mark !== 'END') {
      open = { name, state, start: index + line.length }
      continue
    }
    if (open?.name === name && open.state === state)
      branches.push({
        start: open.start,
        end: index,
        condition: `${path}#${name}`,
        answers: 2,
        answer: /^(?:ENABLED|ON)$/.test(state) ? 1 : 0,
        negated: false,
      })
    open = null
  }
  return branches
}
