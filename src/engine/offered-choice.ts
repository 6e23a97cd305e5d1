import type { Place } from '../../parsers/text/source.ts'
import { branchesAt } from '../servers/presence.ts'

/** A switch that has its line to itself. */
const SWITCH = /^[ \t]*([A-Za-z_]\w*)[ \t]+["']?(on|off)["']?[ \t]*;?[ \t\r]*$/i

/**
 * True for a line such as `ProxyRequests On` that is one of two answers which a template offers whoever fills it in: it
 * stands below a condition that is called like the directive, or the other branch of its condition has the other answer.
 */
export function isOfferedChoice({ source, start }: Place): boolean {
  const { code, branches } = source
  if (branches.length === 0) return false
  const lineStart = code.lastIndexOf('\n', start - 1) + 1
  const lineEnd = code.indexOf('\n', start)
  const [, name = '', value = ''] =
    SWITCH.exec(code.slice(lineStart, lineEnd === -1 ? code.length : lineEnd)) ?? []
  if (name === '') return false
  const other = new RegExp(`^[ \\t]*${name}[ \\t]+["']?${/^on$/i.test(value) ? 'off' : 'on'}\\b`, 'im')
  // Of `code` what is not there in this world may be blank.
  return branchesAt(source, start).some(
    ({ condition, answer }) =>
      (answer === 0 && isCalledLike(condition.replace(source.path, ''), name)) ||
      branches.some(
        branch =>
          branch.condition === condition &&
          branch.answer !== answer &&
          other.test(source.text.slice(branch.start, branch.end)),
      ),
  )
}

/** `{% if item.proxy_requests %}` of `ProxyRequests`. */
function isCalledLike(condition: string, name: string): boolean {
  const letters = (text: string): string => text.toLowerCase().replace(/[_-]/g, '')
  return letters(condition).includes(letters(name))
}
