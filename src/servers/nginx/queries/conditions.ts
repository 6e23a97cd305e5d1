import { type Fact, known, unknown } from '../../fact.ts'
import { compilePcre, fromBytes, regexReason } from '../../regex.ts'
import type { NginxDirective } from '../configuration.ts'
import type { FileView } from './file-view.ts'
import { interpolate } from './interpolate.ts'
import { keepMatch, type RequestState, requestVariables } from './request.ts'

/** The words of an `if` without its parentheses, which may touch them or stand alone. */
export function conditionWords(directive: NginxDirective): readonly string[] {
  const words = directive.args.map(word => word.value)
  const first = words[0]
  if (first?.startsWith('(')) words[0] = first.slice(1)
  const last = words.at(-1)
  if (last?.endsWith(')')) words[words.length - 1] = last.slice(0, -1)
  return words.filter((word, index) => word !== '' || (index > 0 && index < words.length - 1))
}

/**
 * Whether the condition of an `if` holds. A matching expression leaves its groups in the state, as in nginx.
 * Unknown where a variable, a file or an expression is.
 */
export function conditionHolds(
  state: RequestState,
  directive: NginxDirective,
  view: FileView,
): Fact<boolean> {
  const [first = '', operator, operand = ''] = conditionWords(directive)
  const variables = requestVariables(state)
  const test = /^!?-[fdex]$/.exec(first)
  if (test !== null) {
    const path = interpolate(operator ?? '', variables)
    if (!path.known) return path
    const there = fileTest(view, fromBytes(path.value), first.at(-1) ?? '')
    return there.known && first.startsWith('!') ? known(!there.value) : there
  }
  const value = interpolate(first, variables)
  if (!value.known) return unknown(value.reason, value.at)
  switch (operator) {
    case undefined:
      return known(value.value !== '' && value.value !== '0')
    case '=':
    case '!=': {
      const other = interpolate(operand, variables)
      if (!other.known) return unknown(other.reason, other.at)
      return known((value.value === other.value) === (operator === '='))
    }
    case '~':
    case '~*':
    case '!~':
    case '!~*': {
      const regex = compilePcre(operand, { caseless: operator.endsWith('*') })
      if (regex === null) return unknown(`\`${operand}\` cannot be evaluated here`)
      const match = regex.match(value.value)
      if (match === undefined) return unknown(regexReason(operand))
      keepMatch(state, match)
      return known((match !== null) === !operator.startsWith('!'))
    }
    default:
      return unknown('the condition is malformed')
  }
}

function fileTest(view: FileView, path: string, test: string): Fact<boolean> {
  const kind = view.kind(path)
  if (kind === undefined) return unknown(`\`${path}\` is outside of what is audited`)
  if (kind === null) return known(false)
  // A file's name with a slash behind it is nothing to the system.
  if (kind === 'file' && path.endsWith('/')) return known(false)
  switch (test) {
    case 'f':
      return known(kind === 'file')
    case 'd':
      return known(kind === 'directory')
    case 'e':
      return known(true)
    default: {
      const mode = view.mode(path)
      return mode === null ? unknown(`the mode of \`${path}\` is not known`) : known((mode & 0o100) !== 0)
    }
  }
}
