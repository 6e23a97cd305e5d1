import type { PythonExpression } from '../../parsers/python/python-module.ts'
import type { Place } from '../../parsers/text/source.ts'
import type { DjangoSettings } from '../../src/deployment/django/settings.ts'

/**
 * Where a text stands in the value of a setting, also in a list that it is put together of:
 * `INSTALLED_APPS = DJANGO_APPS + LOCAL_APPS`. Null where it stands in none of its lines, or several times.
 */
export function literalPlace(settings: DjangoSettings, name: string, text: string): Place | null {
  const found: Place[] = []
  const asked = new Set<string>()
  const ask = (each: string): void => {
    if (asked.has(each)) return
    asked.add(each)
    const held = settings.expressionOf(each)
    const lines = held === null ? settings.assigned.filter(line => line.name === each) : [held]
    for (const { expression, source } of lines)
      for (const part of partsOf(expression)) {
        if (part.kind === 'name') ask(part.name)
        else if (part.kind === 'string' && part.value === text)
          found.push({ source, start: part.start, end: part.end })
      }
  }
  ask(name)
  const [only, ...others] = found
  return only === undefined || others.length > 0 ? null : only
}

/** The texts that a value holds, and the names that stand for parts of it. */
function partsOf(expression: PythonExpression): readonly PythonExpression[] {
  switch (expression.kind) {
    case 'string':
    case 'name':
      return [expression]
    case 'list':
      return expression.items.flatMap(partsOf)
    case 'dict':
      return expression.entries.flatMap(({ value }) => partsOf(value))
    case 'spread':
      return partsOf(expression.of)
    case 'conditional':
      return [...partsOf(expression.then), ...partsOf(expression.otherwise)]
    case 'call':
      return /^(?:list|tuple|dict)$/.test(expression.callee)
        ? [...expression.args, ...Object.values(expression.keywords)].flatMap(partsOf)
        : []
    case 'binary':
      return expression.operator === '+' ? [...partsOf(expression.left), ...partsOf(expression.right)] : []
    default:
      return []
  }
}
