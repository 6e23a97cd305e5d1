import type { Node } from 'web-tree-sitter'
import type { PythonExpression, PythonGuard, PythonStatement } from './python-module.ts'
import { dottedName, readCall, readExpression } from './read-expression.ts'

/** Statements whose bodies may run or not; what stands in them is read as conditional. */
const COMPOUND: ReadonlySet<string> = new Set([
  'else_clause',
  'try_statement',
  'except_clause',
  'except_group_clause',
  'finally_clause',
  'for_statement',
  'while_statement',
  'with_statement',
  'match_statement',
  'case_clause',
])

/** Whether what is read runs whatever happens, and all that decides it where that is known. */
interface Way {
  readonly conditional: boolean
  readonly guards?: readonly PythonGuard[]
}

const OF_MODULE: Way = { conditional: false }

/** Nobody writes more branches one below the other. */
const MOST_GUARDS = 30

/** The statements of a module, in order; bodies of functions and classes are no part of it. */
export function readStatements(root: Node): readonly PythonStatement[] {
  const statements: PythonStatement[] = []
  collect(root, OF_MODULE, statements)
  return statements
}

function collect(parent: Node, way: Way, into: PythonStatement[]): void {
  for (const node of parent.namedChildren) {
    if (node === null) continue
    if (node.type === 'if_statement') collectBranches(node, way, into)
    else if (COMPOUND.has(node.type)) collect(node, { conditional: true }, into)
    else if (node.type === 'block') collect(node, way, into)
    else readStatement(node, way, into)
  }
}

/** Of the bodies of one `if` that runs of which the condition is the first to hold. */
function collectBranches(node: Node, way: Way, into: PythonStatement[]): void {
  let passed = way.conditional ? way.guards : []
  for (const clause of [node, ...node.childrenForFieldName('alternative')]) {
    if (clause === null) continue
    const isElse = clause.type === 'else_clause'
    const written = isElse ? null : clause.childForFieldName('condition')
    const condition = written === null || passed === undefined ? null : readExpression(written)
    const body = clause.childForFieldName(isElse ? 'body' : 'consequence')
    if (body !== null) collect(body, under(passed, condition, true), into)
    passed = under(passed, condition, false).guards
  }
}

function under(
  guards: readonly PythonGuard[] | undefined,
  condition: PythonExpression | null,
  holds: boolean,
): Way {
  if (guards === undefined || guards.length >= MOST_GUARDS) return { conditional: true }
  return { conditional: true, guards: condition === null ? guards : [...guards, { condition, holds }] }
}

function readStatement(node: Node, way: Way, into: PythonStatement[]): void {
  const at = { start: node.startIndex, end: node.endIndex, ...way }
  switch (node.type) {
    case 'expression_statement':
      for (const child of node.namedChildren) if (child !== null) readExpressionStatement(child, way, into)
      return
    case 'import_statement':
      for (const child of node.namedChildren) {
        if (child === null) continue
        const name = child.type === 'aliased_import' ? child.childForFieldName('name') : child
        into.push({ kind: 'import', ...at, module: name?.text ?? '', names: null })
      }
      return
    case 'import_from_statement':
    case 'future_import_statement':
      into.push({
        kind: 'import',
        ...at,
        module: node.childForFieldName('module_name')?.text ?? '',
        names: importedNames(node),
      })
      return
    case 'function_definition':
    case 'class_definition':
      into.push({ kind: 'definition', ...at, name: node.childForFieldName('name')?.text ?? '' })
      return
    case 'decorated_definition': {
      const definition = node.childForFieldName('definition')
      if (definition !== null) readStatement(definition, way, into)
      return
    }
    default:
      return
  }
}

function readExpressionStatement(node: Node, way: Way, into: PythonStatement[]): void {
  const at = { start: node.startIndex, end: node.endIndex, ...way }
  if (node.type === 'call') {
    into.push({ kind: 'call', ...at, call: readCall(node) })
    return
  }
  if (node.type !== 'assignment' && node.type !== 'augmented_assignment') return
  const left = node.childForFieldName('left')
  const right = node.childForFieldName('right')
  if (left === null || right === null) return
  // `a = b = value` nests to the right and gives both names the same value.
  if (right.type === 'assignment') readExpressionStatement(right, way, into)
  let last = right
  while (last.type === 'assignment') last = last.childForFieldName('right') ?? last
  const operator = node.childForFieldName('operator')?.text ?? '='
  const unknown = { kind: 'unknown', start: last.startIndex, end: last.endIndex } as const
  const isTuple =
    left.type === 'pattern_list' || left.type === 'tuple_pattern' || left.type === 'list_pattern'
  const targets = isTuple ? left.namedChildren.filter(child => child !== null) : [left]
  for (const target of targets) {
    const value = isTuple || (operator !== '=' && operator !== '+=') ? unknown : readExpression(last)
    into.push({ kind: 'assignment', ...at, target: targetName(target), appends: operator === '+=', value })
  }
}

/** Nobody goes deeper into a dictionary. */
const MOST_KEYS = 8

function targetName(node: Node): string {
  let keys = ''
  let inner: Node = node
  for (let count = 0; inner.type === 'subscript'; count++) {
    const value = inner.childForFieldName('value')
    const index = inner.childForFieldName('subscript')
    if (value === null || index === null || count === MOST_KEYS) return ''
    const key = readExpression(index)
    keys = `[${key.kind === 'string' ? key.value : ''}]${keys}`
    inner = value
  }
  return dottedName(inner) + keys
}

function importedNames(node: Node): readonly { readonly name: string; readonly as: string }[] {
  if (node.namedChildren.some(child => child?.type === 'wildcard_import')) return [{ name: '*', as: '*' }]
  return node.childrenForFieldName('name').flatMap(child => {
    if (child === null) return []
    const name = (child.type === 'aliased_import' ? child.childForFieldName('name') : child)?.text ?? ''
    return [{ name, as: child.childForFieldName('alias')?.text ?? name }]
  })
}
