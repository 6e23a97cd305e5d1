import type { PythonExpression } from './python-module.ts'

/** What an expression is made of, one level down and in its order: a call's receiver, then its arguments. */
export function expressionParts(expression: PythonExpression): readonly PythonExpression[] {
  switch (expression.kind) {
    case 'call': {
      const { receiver, args, keywords } = expression
      return [...(receiver === null ? [] : [receiver]), ...args, ...Object.values(keywords)]
    }
    case 'list':
      return expression.items
    case 'dict':
      return expression.entries.flatMap(({ key, value }) => [key, value])
    case 'binary':
      return [expression.left, expression.right]
    case 'subscript':
      return [expression.of, expression.index]
    case 'conditional':
      return [expression.condition, expression.then, expression.otherwise]
    case 'comprehension':
      return [expression.of, expression.item, ...expression.conditions]
    case 'attribute':
    case 'not':
    case 'spread':
      return [expression.of]
    default:
      return []
  }
}
