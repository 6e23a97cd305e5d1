import type { PythonExpression } from '../../../parsers/python/python-module.ts'

/** True for an expression that gives a text, or nothing, whatever the environment holds. */
export function isTextExpression(expression: PythonExpression): boolean {
  switch (expression.kind) {
    case 'string':
      return true
    case 'subscript':
      return expression.of.kind === 'name' && /^(?:os\.)?environ$/.test(expression.of.name)
    case 'binary':
      return (
        expression.operator === '+' &&
        (isTextExpression(expression.left) || isTextExpression(expression.right))
      )
    case 'call': {
      const { callee, args, keywords, receiver } = expression
      if (READERS.test(callee)) {
        const fallback = args[1] ?? keywords.default
        return !('cast' in keywords) && (fallback === undefined || isTextExpression(fallback))
      }
      return (
        PATHS.test(callee) ||
        (/\.(?:strip|lower|upper|replace|format)$/.test(callee) &&
          receiver !== null &&
          isTextExpression(receiver))
      )
    }
    default:
      return false
  }
}

/** Of the standard library, and of python-decouple and django-environ where they are told of no other type. */
const READERS = /^(?:(?:os\.)?environ\.get|(?:os\.)?getenv|config|decouple\.config|env\.str|str)$/

const PATHS = /^(?:os\.)?path\.(?:join|abspath|dirname|normpath|realpath)$/
