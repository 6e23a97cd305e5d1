import { close, INSERT, loop, NOTHING, openBranch, perhaps, PRINT, type Step, turn } from './tag.ts'

/** A tag of vlibTemplate, as ISPConfig writes them: `<tmpl_if name='ssl'>`, `{tmpl_var name='ip'}`. */
export const VLIB_TAG = /^(?:<(\/?)tmpl_(\w+)\b([^>]*)>|\{(\/?)tmpl_(\w+)\b([^}]*)\})/i

/** What such a tag does, of the match of {@link VLIB_TAG}. */
export function vlibSteps(match: RegExpExecArray): readonly Step[] {
  const isCloser = (match[1] ?? match[4]) === '/'
  const name = (match[2] ?? match[5] ?? '').toLowerCase()
  if (isCloser) return [close(name)]
  const condition = (match[3] ?? match[6] ?? '').replace(/["']/g, '').toLowerCase()
  switch (name) {
    case 'var':
      return PRINT
    case 'if':
      return [openBranch(name, condition)]
    case 'unless':
      return [openBranch(name, condition, true)]
    case 'elseif':
      return [turn(condition)]
    case 'else':
      return [turn(null)]
    case 'loop':
      return [loop(name)]
    case 'comment':
      return [perhaps(name)]
    case 'include':
    case 'dyninclude':
    case 'phpinclude':
    case 'hook':
      return INSERT
    default:
      return NOTHING
  }
}
