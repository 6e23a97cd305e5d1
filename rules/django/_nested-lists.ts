import type { PythonExpression } from '../../parsers/python/python-module.ts'
import type { Source } from '../../parsers/text/source.ts'
import type { AssignedName, DjangoSettings } from '../../src/deployment/django/settings.ts'

/** What is wrong with the type of a setting. */
export interface TypeFault {
  readonly severity?: 'warning' | 'info'
  readonly message: string
  readonly label: string
  readonly help: string
}

/** Lists of texts, and what comes of an entry that is a list itself. */
const OF_TEXTS = new Map<string, (type: string) => string>([
  [
    'ALLOWED_HOSTS',
    type =>
      `every request whose host no entry before it matches is answered with 500: AttributeError: '${type}' object has no attribute 'lower'`,
  ],
  ['INSTALLED_APPS', () => 'Django does not start: AttributeError'],
  ['MIDDLEWARE', type => `no worker boots: AttributeError: '${type}' object has no attribute 'rsplit'`],
  [
    'AUTHENTICATION_BACKENDS',
    type => `nobody can log in: AttributeError: '${type}' object has no attribute 'rsplit'`,
  ],
])

/** A list that was meant to lengthen the one that it is an entry of. */
export function nestedList(assigned: AssignedName, settings: DjangoSettings): TypeFault | null {
  const { name, expression, method, conditional } = assigned
  const harm = OF_TEXTS.get(name)
  if (harm === undefined) return null
  const isOneEntry = method === 'append' || method === 'insert'
  const type = isOneEntry
    ? typeOfList(expression, assigned.source)
    : expression.kind === 'list' && method === null
      ? (expression.items.map(item => typeOfList(item, assigned.source)).find(each => each !== null) ?? null)
      : null
  if (type === null) return null
  const value = settings.get(name)
  // Where all are allowed, Django looks no further.
  if (
    name === 'ALLOWED_HOSTS' &&
    value?.known === true &&
    Array.isArray(value.value) &&
    value.value.includes('*')
  )
    return null
  const isSure = !conditional && (isOneEntry || settings.expressionOf(name)?.expression === expression)
  return {
    ...(!isSure && { severity: 'warning' as const }),
    message: `${isSure ? '' : 'where this line runs, '}a ${type} is an entry of \`${name}\`, so ${harm(type)}`,
    label: `a ${type} in a list`,
    help: isOneEntry ? 'Write the text alone, or `extend` for several' : 'Leave the inner brackets out',
  }
}

/** The type of what is surely a list or a tuple that is not empty; null for everything else. */
function typeOfList(expression: PythonExpression, source: Source): 'list' | 'tuple' | null {
  if (expression.kind === 'list' && expression.items.length > 0) {
    const opening = source.code[expression.start]
    return opening === '[' ? 'list' : opening === '(' ? 'tuple' : null
  }
  if (expression.kind !== 'call') return null
  const isSplit = expression.receiver !== null && /(?:^|\.)split$/.test(expression.callee)
  return isSplit || /(?:^|\.)env\.list$/.test(expression.callee) ? 'list' : null
}
