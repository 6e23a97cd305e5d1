import { expressionParts } from '../../../parsers/python/expression-parts.ts'
import type { PythonExpression } from '../../../parsers/python/python-module.ts'

/** The variables of the environment that an expression reads, by names that are written out. */
export function variablesRead(expression: PythonExpression | undefined): readonly string[] {
  if (expression === undefined) return []
  switch (expression.kind) {
    case 'call': {
      const [first] = expression.args
      const own = READERS.test(expression.callee) && first?.kind === 'string' ? [first.value] : []
      return [
        ...own,
        ...variablesRead(expression.receiver ?? undefined),
        ...expression.args.flatMap(variablesRead),
      ]
    }
    case 'subscript': {
      const { of, index } = expression
      const isEnvironment = of.kind === 'name' && /^(?:os\.)?environ$/.test(of.name)
      return isEnvironment && index.kind === 'string' ? [index.value] : variablesRead(of)
    }
    case 'binary':
      return [...variablesRead(expression.left), ...variablesRead(expression.right)]
    case 'list':
      return expression.items.flatMap(variablesRead)
    case 'conditional':
    case 'comprehension':
    case 'not':
    case 'spread':
      return expressionParts(expression).flatMap(variablesRead)
    default:
      return []
  }
}

const READERS = /^(?:(?:os\.)?environ\.get|(?:os\.)?getenv)$/
