import type { PythonExpression, PythonModule } from '../../../parsers/python/python-module.ts'
import type { Place } from '../../../parsers/text/source.ts'

/** A variable of the environment that a module asks for without a default. */
export interface DemandedVariable {
  readonly name: string
  readonly at: Place
}

/** Every `os.environ["NAME"]` that is surely executed when the module is loaded, and that it does not set itself. */
export function demandedVariables({ statements, source }: PythonModule): readonly DemandedVariable[] {
  const found: DemandedVariable[] = []
  const own = new Set<string>()
  const read = (expression: PythonExpression): void => {
    switch (expression.kind) {
      case 'subscript': {
        const { of, index, start, end } = expression
        const isEnvironment = of.kind === 'name' && /^(?:os\.)?environ$/.test(of.name)
        if (isEnvironment && index.kind === 'string' && !own.has(index.value))
          found.push({ name: index.value, at: { source, start, end } })
        else read(of)
        return
      }
      case 'call':
        if (expression.receiver !== null) read(expression.receiver)
        for (const argument of [...expression.args, ...Object.values(expression.keywords)]) read(argument)
        return
      case 'list':
        for (const item of expression.items) read(item)
        return
      case 'dict':
        for (const { key, value } of expression.entries) {
          read(key)
          read(value)
        }
        return
      case 'conditional':
        read(expression.condition)
        return
      case 'attribute':
      case 'not':
      case 'comprehension':
      case 'spread':
        read(expression.of)
        return
      case 'binary':
        read(expression.left)
        if (!/^(?:and|or)$/.test(expression.operator)) read(expression.right)
        return
      case 'string':
      case 'number':
      case 'boolean':
      case 'none':
      case 'name':
      case 'unknown':
    }
  }
  for (const statement of statements) {
    if (statement.kind === 'assignment') {
      const set = /^(?:os\.)?environ\[(.+)\]$/.exec(statement.target)?.[1]
      if (!statement.conditional) read(statement.value)
      if (set !== undefined) own.add(set)
    } else if (statement.kind === 'call') {
      const [first] = statement.call.args
      if (/environ\.setdefault$/.test(statement.call.callee) && first?.kind === 'string') own.add(first.value)
      else if (!statement.conditional) read(statement.call)
    }
  }
  return found
}
