import type { Node } from 'web-tree-sitter'
import { isBuiltin } from './builtin-names.ts'
import type { PythonRead } from './python-module.ts'

/** Operands of which only the first is surely evaluated. */
const FIRST_ONLY: ReadonlySet<string> = new Set(['boolean_operator', 'comparison_operator'])

/** What is evaluated where it stands, part by part. */
const EVALUATED: ReadonlySet<string> = new Set([
  'module',
  'expression_statement',
  'parenthesized_expression',
  'expression_list',
  'list',
  'tuple',
  'set',
  'dictionary',
  'pair',
  'list_splat',
  'dictionary_splat',
  'argument_list',
  'call',
  'subscript',
  'slice',
  'binary_operator',
  'unary_operator',
  'not_operator',
  'concatenated_string',
  'string',
  'interpolation',
])

/** With one of these a module gets names that nothing in it spells. */
const MAKE_NAMES: ReadonlySet<string> = new Set([
  'globals',
  'locals',
  'vars',
  'exec',
  'execfile',
  'setattr',
  'include',
])

/** Whether a function puts the settings of other modules among those of the one that calls it, as its name says. */
export function fillsSettings(callee: string): boolean {
  return /(?:^|[._])(?:import|load|include|inject|merge)_(?:\w+_)?settings(?:_\w+)?$/i.test(callee)
}

/** No settings are nested so deep. */
const DEEPEST = 200

/**
 * The names that a module reads whatever happens, at a place before which it nowhere has that name: neither builds,
 * imports nor mentions it. Python stops there with a `NameError`, if no star import brings the name.
 */
export function firstReads(root: Node): readonly PythonRead[] {
  const seen = new Set<string>()
  const reads: PythonRead[] = []
  let isReached = true

  const mention = (node: Node, isRead: boolean): void => {
    const name = node.text
    if (MAKE_NAMES.has(name) || fillsSettings(name)) isReached = false
    if (seen.has(name)) return
    seen.add(name)
    if (isRead && isReached && !isBuiltin(name))
      reads.push({ name, start: node.startIndex, end: node.endIndex })
  }
  const visitAll = (node: Node, isSure: boolean, depth: number): void => {
    for (const child of node.namedChildren) if (child !== null) visit(child, isSure, depth + 1)
  }
  const visitField = (node: Node, field: string, isSure: boolean, depth: number): void => {
    const child = node.childForFieldName(field)
    if (child !== null) visit(child, isSure, depth + 1)
  }
  const visit = (node: Node, isSure: boolean, depth: number): void => {
    if (depth > DEEPEST) {
      isReached = false
      return
    }
    const { type } = node
    switch (type) {
      case 'identifier':
        mention(node, isSure)
        return
      // The names of attributes and of arguments are none of the module's.
      case 'attribute':
        // `sys.modules[__name__]` is the module itself.
        if (node.childForFieldName('attribute')?.text === 'modules') isReached = false
        visitField(node, 'object', isSure, depth)
        return
      case 'call':
        if (isGivenModule(node)) isReached = false
        break
      case 'keyword_argument':
        visitField(node, 'value', isSure, depth)
        return
      case 'assignment': {
        // Python evaluates the right side first.
        visitField(node, 'right', isSure, depth)
        visitField(node, 'type', false, depth)
        const left = node.childForFieldName('left')
        if (left !== null) visit(left, isSure && /^(?:attribute|subscript)$/.test(left.type), depth + 1)
        return
      }
      case 'augmented_assignment':
        visitField(node, 'left', isSure, depth)
        visitField(node, 'right', isSure, depth)
        return
      case 'named_expression':
        visitField(node, 'value', isSure, depth)
        visitField(node, 'name', false, depth)
        return
      case 'if_statement': {
        const condition = node.childForFieldName('condition')
        if (condition !== null) visit(condition, isSure, depth + 1)
        for (const child of node.namedChildren)
          if (child !== null && child.startIndex !== condition?.startIndex) visit(child, false, depth + 1)
        return
      }
      case 'raise_statement':
        visitAll(node, false, depth)
        if (isSure) isReached = false
        return
      default:
        break
    }
    if (FIRST_ONLY.has(type)) {
      for (const [index, child] of node.namedChildren.entries())
        if (child !== null) visit(child, isSure && index === 0, depth + 1)
      return
    }
    visitAll(node, isSure && EVALUATED.has(type), depth)
  }
  visit(root, true, 0)
  return reads
}

/**
 * True for what is told which module calls it, and may put names into it; a logger is only called like it. By its name,
 * too, for what looks up its caller: `import_settings_modules("shop.base")`.
 */
function isGivenModule(call: Node): boolean {
  const args = call.childForFieldName('arguments')?.namedChildren ?? []
  const callee = call.childForFieldName('function')?.text ?? ''
  if (fillsSettings(callee)) return true
  return args.some(each => each?.text === '__name__') && !/(?:^|\.)[gG]et_?[lL]ogger$/.test(callee)
}
