import type { PcreNode, PcreSequence, PcreTree } from '../../../parsers/pcre/tree.ts'

/**
 * Where a question mark of a URL is written without `\`, as in `^/item.php?id=7`: it makes the letter before it
 * optional, and the pattern has no `?` at all. Null where no such place is, or the pattern asks for a `?` elsewhere.
 *
 * @returns the offset of the question mark in the pattern
 */
export function optionalBeforeQuery({ alternatives }: PcreTree): number | null {
  for (const { items } of alternatives) {
    const found = inItems(items)
    if (found !== null) return found
  }
  return null
}

function inItems(items: readonly PcreNode[]): number | null {
  let hasSlash = false
  for (const [index, item] of items.entries()) {
    // What is behind a question mark that is meant is a query already.
    if (isLiteral(item, '?')) return null
    if (isLiteral(item, '/')) hasSlash = true
    if (item.kind === 'group') {
      const found = firstIn(item.alternatives)
      if (found !== null) return found
    }
    const isFile =
      item.kind === 'repeat' && !hasSlash && isOfScript(items.slice(Math.max(0, index - 4), index), item)
    if (item.kind === 'repeat' && (hasSlash || isFile) && isOptionalLetter(item, items[index - 1])) {
      if (beginsArgument(items.slice(index + 1))) return item.end - 1
    }
  }
  return null
}

function firstIn(alternatives: readonly PcreSequence[]): number | null {
  for (const { items } of alternatives) {
    const found = inItems(items)
    if (found !== null) return found
  }
  return null
}

/** True where the optional letter is the last one of the extension of a script: `index.php?id=`. */
function isOfScript(before: readonly PcreNode[], last: PcreNode): boolean {
  if (last.kind !== 'repeat') return false
  const text = [...before, last.item].map(node =>
    node.kind === 'literal' ? String.fromCodePoint(node.code) : '.',
  )
  return /\.(?:php|asp|aspx|html?|jsp|cgi|pl|cfm|do)$/i.test(text.join(''))
}

/** A letter in the middle of a word, or a slash, that a `?` follows. */
function isOptionalLetter(item: PcreNode, before: PcreNode | undefined): boolean {
  if (item.kind !== 'repeat' || item.least !== 0 || item.most !== 1 || item.mode !== 'greedy') return false
  if (isLiteral(item.item, '/')) return true
  return isWordLetter(item.item) && before !== undefined && isWordLetter(before)
}

/** The name of an argument and its `=`. */
function beginsArgument(items: readonly PcreNode[]): boolean {
  const end = items.findIndex(item => !isWordLetter(item))
  const last = items[end]
  return end > 0 && last !== undefined && isLiteral(last, '=')
}

function isLiteral(node: PcreNode, text: string): boolean {
  return node.kind === 'literal' && String.fromCodePoint(node.code) === text
}

function isWordLetter(node: PcreNode): boolean {
  return node.kind === 'literal' && /^[\w-]$/.test(String.fromCodePoint(node.code))
}
