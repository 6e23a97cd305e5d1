import type { Node } from 'web-tree-sitter'
import type { PythonCall, PythonExpression } from './python-module.ts'

/** No settings are nested so deep, Python itself takes 200 parentheses; far from where a stack would overflow. */
const DEEPEST = 300

/** Nobody writes a string or a dotted name of more parts. */
const MOST_PARTS = 50

/** How many expressions are open around the one that is read. */
let depth = 0

/**
 * An expression as data; everything that is neither literal, name, call, operator nor index is unknown, and
 * so is what is nested deeper than anybody writes.
 */
export function readExpression(node: Node): PythonExpression {
  if (depth >= DEEPEST) return { kind: 'unknown', start: node.startIndex, end: node.endIndex }
  depth++
  try {
    return readOpen(node)
  } finally {
    depth--
  }
}

function readOpen(node: Node): PythonExpression {
  const at = { start: node.startIndex, end: node.endIndex }
  switch (node.type) {
    case 'string': {
      const value = readString(node)
      return value === null ? readFormatted(node) : { kind: 'string', value, ...at }
    }
    case 'concatenated_string': {
      const parts = children(node).flatMap(part => {
        const value = readString(part)
        return value === null ? [] : [{ value, start: part.startIndex, end: part.endIndex }]
      })
      if (parts.length < children(node).length) return { kind: 'unknown', ...at }
      return { kind: 'string', value: parts.map(({ value }) => value).join(''), parts, ...at }
    }
    case 'integer':
    case 'float': {
      const value = Number(node.text.replaceAll('_', ''))
      return Number.isNaN(value) ? { kind: 'unknown', ...at } : { kind: 'number', value, ...at }
    }
    case 'true':
    case 'false':
      return { kind: 'boolean', value: node.type === 'true', ...at }
    case 'none':
      return { kind: 'none', ...at }
    case 'list':
    case 'tuple':
    case 'set':
    case 'expression_list':
      return { kind: 'list', items: children(node).map(readExpression), ...at }
    case 'dictionary':
      return readDictionary(node)
    case 'parenthesized_expression': {
      const inner = children(node)[0]
      if (inner === undefined) return { kind: 'unknown', ...at }
      const read = readExpression(inner)
      if (read.kind !== 'string') return read
      return { kind: 'string', value: read.value, start: read.start, end: read.end }
    }
    case 'identifier':
      return { kind: 'name', name: node.text, ...at }
    case 'attribute': {
      const name = dottedName(node)
      if (name !== '') return { kind: 'name', name, ...at }
      const of = node.childForFieldName('object')
      const attribute = node.childForFieldName('attribute')?.text ?? ''
      return of === null
        ? { kind: 'unknown', ...at }
        : { kind: 'attribute', of: readExpression(of), name: attribute, ...at }
    }
    case 'call':
      return readCall(node)
    case 'binary_operator': {
      const left = node.childForFieldName('left')
      const right = node.childForFieldName('right')
      const operator = node.childForFieldName('operator')?.text ?? ''
      if (left === null || right === null) return { kind: 'unknown', ...at }
      return { kind: 'binary', operator, left: readExpression(left), right: readExpression(right), ...at }
    }
    case 'comparison_operator': {
      const [left, right, ...others] = children(node)
      const operator = node.childForFieldName('operators')?.text ?? ''
      if (left === undefined || right === undefined || others.length > 0) return { kind: 'unknown', ...at }
      return { kind: 'binary', operator, left: readExpression(left), right: readExpression(right), ...at }
    }
    case 'boolean_operator': {
      const left = node.childForFieldName('left')
      const right = node.childForFieldName('right')
      const operator = node.childForFieldName('operator')?.text ?? ''
      if (left === null || right === null) return { kind: 'unknown', ...at }
      return { kind: 'binary', operator, left: readExpression(left), right: readExpression(right), ...at }
    }
    case 'not_operator': {
      const of = node.childForFieldName('argument')
      return of === null ? { kind: 'unknown', ...at } : { kind: 'not', of: readExpression(of), ...at }
    }
    case 'conditional_expression': {
      const [then, condition, otherwise] = children(node).map(readExpression)
      if (then === undefined || condition === undefined || otherwise === undefined)
        return { kind: 'unknown', ...at }
      return { kind: 'conditional', condition, then, otherwise, ...at }
    }
    case 'list_comprehension':
    case 'set_comprehension':
    case 'generator_expression':
      return readComprehension(node)
    case 'list_splat': {
      const of = children(node)[0]
      return of === undefined ? { kind: 'unknown', ...at } : { kind: 'spread', of: readExpression(of), ...at }
    }
    case 'subscript': {
      const of = node.childForFieldName('value')
      const index = node.childForFieldName('subscript')
      if (of === null || index === null) return { kind: 'unknown', ...at }
      return { kind: 'subscript', of: readExpression(of), index: readExpression(index), ...at }
    }
    default:
      return { kind: 'unknown', ...at }
  }
}

export function readCall(node: Node): PythonCall {
  const callee = node.childForFieldName('function')
  const receiver = callee?.type === 'attribute' ? callee.childForFieldName('object') : null
  const args: PythonExpression[] = []
  const keywords = Object.create(null) as Record<string, PythonExpression>
  for (const argument of children(node.childForFieldName('arguments'))) {
    if (argument.type === 'keyword_argument') {
      const value = argument.childForFieldName('value')
      const name = argument.childForFieldName('name')?.text ?? ''
      if (value !== null) keywords[name] = readExpression(value)
    } else {
      args.push(readExpression(argument))
    }
  }
  const name = callee === null ? '' : dottedName(callee)
  return {
    kind: 'call',
    callee:
      name === '' && callee?.type === 'attribute'
        ? (callee.childForFieldName('attribute')?.text ?? '')
        : name,
    receiver: receiver === null ? null : readExpression(receiver),
    args,
    keywords,
    start: node.startIndex,
    end: node.endIndex,
  }
}

/** `a.b.c`, or empty where something else than names stands in it. */
export function dottedName(node: Node): string {
  const parts: string[] = []
  let inner: Node | null = node
  for (; inner !== null && inner.type === 'attribute'; inner = inner.childForFieldName('object')) {
    if (parts.length === MOST_PARTS) return ''
    parts.push(inner.childForFieldName('attribute')?.text ?? '')
  }
  return inner?.type === 'identifier' ? [inner.text, ...parts.reverse()].join('.') : ''
}

function readDictionary(node: Node): PythonExpression {
  const entries = children(node).flatMap(pair => {
    const key = pair.type === 'pair' ? pair.childForFieldName('key') : null
    const value = pair.childForFieldName('value')
    return key === null || value === null ? [] : [{ key: readExpression(key), value: readExpression(value) }]
  })
  const complete = children(node).every(({ type }) => type === 'pair')
  return { kind: 'dict', entries, complete, start: node.startIndex, end: node.endIndex }
}

/** One with a single `for` of a single name. */
function readComprehension(node: Node): PythonExpression {
  const at = { start: node.startIndex, end: node.endIndex }
  const body = node.childForFieldName('body')
  const [, clause, ...others] = children(node)
  const name = clause?.childForFieldName('left')
  const of = clause?.childForFieldName('right')
  const isPlain =
    clause?.type === 'for_in_clause' &&
    name?.type === 'identifier' &&
    !clause.text.startsWith('async') &&
    others.every(({ type }) => type === 'if_clause')
  if (body === null || of == null || !isPlain) return { kind: 'unknown', ...at }
  const conditions = others.flatMap(each => children(each).slice(0, 1).map(readExpression))
  return {
    kind: 'comprehension',
    item: readExpression(body),
    name: name.text,
    of: readExpression(of),
    conditions,
    ...at,
  }
}

const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  r: '\r',
  t: '\t',
  '\\': '\\',
  "'": "'",
  '"': '"',
  '0': '\0',
  '\n': '',
}

/** The text of a string literal; null for one with an interpolation, of bytes, or with an escape that is rare. */
function readString(node: Node): string | null {
  const start = node.children.find(child => child?.type === 'string_start')?.text ?? ''
  const prefix = start.replace(/["']+$/, '').toLowerCase()
  if (prefix.includes('b') || children(node).some(child => child.type === 'interpolation')) return null
  const content = node.children
    .filter(child => child?.type === 'string_content')
    .map(child => child?.text ?? '')
    .join('')
  // `{{` is one brace in a formatted string.
  if (/[ft]/.test(prefix) && /[{}]/.test(content)) return null
  if (prefix.includes('r')) return content
  let isPlain = true
  const text = content.replace(/\\([\s\S])/g, (_, character: string) => {
    const escaped = ESCAPES[character]
    if (escaped === undefined) isPlain = false
    return escaped ?? ''
  })
  return isPlain ? text : null
}

/** `f'{host}:{port}'` as the sum it is; with a format or a conversion it is unknown. */
function readFormatted(node: Node): PythonExpression {
  const at = { start: node.startIndex, end: node.endIndex }
  const start = node.children.find(child => child?.type === 'string_start')?.text ?? ''
  let sum: PythonExpression = { kind: 'string', value: '', start: at.start, end: at.start }
  if (!/^[fF]["']/.test(start) || node.namedChildCount > MOST_PARTS) return { kind: 'unknown', ...at }
  for (const part of children(node)) {
    const place = { start: part.startIndex, end: part.endIndex }
    let right: PythonExpression
    if (part.type === 'string_content') {
      if (/[\\{}]/.test(part.text)) return { kind: 'unknown', ...at }
      right = { kind: 'string', value: part.text, ...place }
    } else if (part.type === 'interpolation') {
      const [inner, ...others] = children(part)
      if (inner === undefined || others.length > 0) return { kind: 'unknown', ...at }
      const args = [readExpression(inner)]
      right = { kind: 'call', callee: 'str', receiver: null, args, keywords: {}, ...place }
    } else if (part.type === 'string_start' || part.type === 'string_end') continue
    else return { kind: 'unknown', ...at }
    sum = { kind: 'binary', operator: '+', left: sum, right, ...at }
  }
  return sum
}

function children(node: Node | null): readonly Node[] {
  return node === null
    ? []
    : (node.namedChildren.filter(child => child !== null && child.type !== 'comment') as Node[])
}
