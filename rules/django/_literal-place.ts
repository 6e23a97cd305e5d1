import type { PythonExpression } from '../../parsers/python/python-module.ts'
import type { Place } from '../../parsers/text/source.ts'
import type { DjangoSettings } from '../../src/deployment/django/settings.ts'

/** Where a text stands as it is in the value of a setting, and not as the default of a variable; null where it does not. */
export function literalPlace(settings: DjangoSettings, name: string, text: string): Place | null {
  const assigned = settings.expressionOf(name)
  const found = assigned === null ? [] : literalsIn(assigned.expression, text)
  const [only, ...others] = found
  return assigned === null || only === undefined || others.length > 0
    ? null
    : { source: assigned.source, start: only.start, end: only.end }
}

function literalsIn(expression: PythonExpression, text: string): readonly PythonExpression[] {
  switch (expression.kind) {
    case 'string':
      return expression.value === text ? [expression] : []
    case 'list':
      return expression.items.flatMap(item => literalsIn(item, text))
    case 'dict':
      return expression.entries.flatMap(({ value }) => literalsIn(value, text))
    default:
      return []
  }
}
