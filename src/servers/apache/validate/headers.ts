import type { ApacheWord } from '../../../../parsers/apache/syntax.ts'
import type { ApacheDirective } from '../configuration.ts'
import { type Check, type Fault, invalid, argument, type Walk } from './check.ts'
import { expressionFault } from './expression.ts'
import { regexFault } from './regex.ts'

const ACTIONS = new Set([
  'add',
  'append',
  'echo',
  'edit',
  'edit*',
  'merge',
  'note',
  'set',
  'setifempty',
  'unset',
])
const FORMATS = 'Dtlibes'

/** `Header` and `RequestHeader`: action, name, value, and a condition at the end. */
export function headerCheck(request: boolean): Check {
  return (directive, _scope, walk) => {
    const { args } = directive
    const first = argument(directive, 0).toLowerCase()
    const from = !request && (first === 'always' || first === 'onsuccess') ? 1 : 0
    const action = argument(directive, from).toLowerCase()
    if (args.length > from + 5) {
      return {
        code: 'wrong-argument-count',
        message: `\`${directive.name}\` has too many arguments`,
        word: args[from + 5],
      }
    }
    if (!ACTIONS.has(action)) {
      const word = args[from]
      const message =
        word === undefined
          ? `\`${directive.name}\` has no action`
          : `\`${directive.name}\` knows no action \`${word.value}\``
      return invalid(
        message,
        word,
        'write `set`, `append`, `add`, `merge`, `unset`, `edit` or one of their kin',
      )
    }
    if (request && (action === 'echo' || action === 'note')) {
      return invalid(`\`RequestHeader\` has no action \`${action}\``, args[from])
    }
    return argumentsFault(directive, action, args.slice(from + 1), walk)
  }
}

function argumentsFault(
  directive: ApacheDirective,
  action: string,
  rest: readonly ApacheWord[],
  walk: Walk,
): Fault | null {
  const [name, value, third, fourth] = rest
  if (action === 'edit' || action === 'edit*') {
    if (third === undefined || value === undefined) {
      return wrongCount(
        `\`${directive.name} ${action}\` takes a name, a pattern and a substitution`,
        value ?? name,
      )
    }
    const fault = regexFault(value.value, walk.pcre)
    if (fault !== null) {
      return {
        code: 'invalid-regex',
        message: `the pattern of \`${directive.name} ${action}\` does not compile: ${fault}`,
        word: value,
      }
    }
    return conditionFault(fourth, walk) ?? formatFault(third, walk)
  }
  if (fourth !== undefined) return wrongCount(`\`${directive.name}\` has too many arguments`, fourth)
  if (action === 'unset' || action === 'echo') {
    if (third !== undefined)
      return wrongCount(`\`${directive.name} ${action}\` takes only a name and a condition`, third)
    const fault = action === 'echo' ? regexFault(name?.value ?? '', walk.pcre) : null
    if (fault !== null) {
      return {
        code: 'invalid-regex',
        message: `the pattern of \`Header echo\` does not compile: ${fault}`,
        word: name,
      }
    }
    return conditionFault(value, walk)
  }
  if (value === undefined) return wrongCount(`\`${directive.name} ${action}\` takes a name and a value`, name)
  return conditionFault(third, walk) ?? formatFault(value, walk)
}

function wrongCount(message: string, word: ApacheWord | undefined): Fault {
  return { code: 'wrong-argument-count', message, word, help: 'put a value with blanks into quotes' }
}

function conditionFault(word: ApacheWord | undefined, walk: Walk): Fault | null {
  if (word === undefined) return null
  const lower = word.value.toLowerCase()
  if (lower === 'early') return null
  if (lower.startsWith('env=')) {
    const name = word.value.slice(4)
    return name === '' || name === '!' ? invalid('`env=` names no variable', word) : null
  }
  if (lower.startsWith('expr=')) {
    const fault = expressionFault(word.value.slice(5), 'boolean', walk.names)
    if (fault === null) return null
    return { code: 'invalid-expression', message: `the condition is no expression: ${fault}`, word }
  }
  return invalid(
    `\`${word.value}\` stands behind the value, where only \`env=\`, \`expr=\` or \`early\` may`,
    word,
    'put a value with blanks into quotes',
  )
}

function formatFault(word: ApacheWord, walk: Walk): Fault | null {
  const text = word.value
  if (text.slice(0, 5).toLowerCase() === 'expr=') {
    const fault = expressionFault(text.slice(5), 'string', walk.names)
    if (fault === null) return null
    return { code: 'invalid-expression', message: `the value is no expression: ${fault}`, word }
  }
  for (let at = text.indexOf('%'); at !== -1; at = text.indexOf('%', at)) {
    at++
    if (at >= text.length || text[at] === '%') {
      at++
      continue
    }
    if (text[at] === '{') {
      const end = text.indexOf('}', at)
      at = end === -1 ? text.length : end + 1
    }
    const letter = text[at] ?? ''
    if (letter === '' || !FORMATS.includes(letter)) {
      return invalid(`\`%${letter}\` is no format of a header's value`, word, 'write `%%` for a percent sign')
    }
    at++
  }
  return null
}
