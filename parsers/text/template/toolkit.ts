import { always, close, INSERT, loop, NOTHING, openBranch, PRINT, type Step, turn } from './tag.ts'

/** What stands between `[%` and `%]` of Perl's Template Toolkit, as steps: each of its blocks is closed by `END`. */
export function toolkitSteps(inner: string): readonly Step[] {
  const statement = inner
    .replace(/^[-+=~]/, '')
    .replace(/[-+=~]$/, '')
    .trim()
  const word = /^[A-Z]+\b/.exec(statement)?.[0] ?? ''
  const rest = statement.slice(word.length)
  switch (word) {
    case 'IF':
      return [openBranch(null, rest)]
    case 'UNLESS':
      return [openBranch(null, rest, true)]
    case 'ELSIF':
      return [turn(rest)]
    case 'ELSE':
      return [turn(null)]
    case 'END':
      return [close(null)]
    case 'FOREACH':
    case 'FOR':
    case 'WHILE':
      return [loop(null)]
    case 'BLOCK':
    case 'FILTER':
    case 'WRAPPER':
      return [always(null)]
    case 'INCLUDE':
    case 'INSERT':
    case 'PROCESS':
      return INSERT
    case 'DEFAULT':
    case 'SET':
    case 'USE':
      return NOTHING
    default:
      return PRINT
  }
}
