import type { PcreNode, PcreSequence, PcreSet, PcreTree } from '../../../parsers/pcre/tree.ts'
import { compilePcre } from '../regex.ts'
import { characterSet } from './character-set.ts'
import { readPattern } from './read-pattern.ts'
import { Unanswerable } from './unanswerable.ts'

/** Texts that a pattern matches, as bytes. */
export interface SampleTexts {
  /** Each of them matches, looked at by itself: what stands before and behind a match is not among it. */
  readonly texts: readonly string[]
  /** True where every alternative of the pattern has a text of its own. */
  readonly isComplete: boolean
}

export interface SampleOptions {
  readonly caseless?: boolean
  /** What stands where any text may. */
  readonly filler?: string
  /** Which member stands for a set. */
  readonly pick?: 'likely' | 'first' | 'last'
}

/** As many texts are made of one pattern. */
const MOST = 96

/** What a `.` or a set stands for: the first that is in it, so that samples read like URLs. */
const LIKELY = [...'x1', 'X', '-', '_', '.', '/'].map(text => text.charCodeAt(0))

/**
 * Texts that a pattern matches: one of each alternative, with repeats as often as they have to be and, where they
 * may be left out, without and with them. Empty where the pattern asks for what is not tried here, such as a look
 * behind or a reference back.
 */
export function sampleTexts(
  pattern: string,
  { caseless = false, filler = 'x', pick = 'likely' }: SampleOptions = {},
): SampleTexts {
  const tree = readPattern(pattern, { caseless })
  const regex = tree === null ? null : compilePcre(pattern, { caseless })
  if (tree === null || regex === null) return { texts: [], isComplete: false }
  const run: Run = { tree, filler, pick, isComplete: true }
  const all = ofAlternatives(tree.alternatives, run)
  const texts = [...new Set(all)].filter(text => regex.test(text) === true)
  return { texts, isComplete: run.isComplete && texts.length > 0 }
}

interface Run {
  readonly tree: PcreTree
  readonly filler: string
  readonly pick: 'likely' | 'first' | 'last'
  isComplete: boolean
}

function ofAlternatives(alternatives: readonly PcreSequence[], run: Run): readonly string[] {
  const all = alternatives.flatMap(({ items }) => ofItems(items, run))
  return bounded(all, run)
}

function bounded(texts: readonly string[], run: Run): readonly string[] {
  if (texts.length <= MOST) return texts
  run.isComplete = false
  return texts.slice(0, MOST)
}

function ofItems(items: readonly PcreNode[], run: Run): readonly string[] {
  let texts: readonly string[] = ['']
  for (const item of items) {
    const own = ofItem(item, run)
    texts = bounded(
      texts.flatMap(text => own.map(end => text + end)),
      run,
    )
  }
  return texts
}

function ofItem(item: PcreNode, run: Run): readonly string[] {
  switch (item.kind) {
    case 'literal':
      return item.code < 256 ? [String.fromCharCode(item.code)] : unread(run)
    case 'any':
      // A dot that nobody escaped mostly means a dot.
      return [{ likely: '.', first: '!', last: '~' }[run.pick]]
    case 'set': {
      const code = memberOf(item, run)
      return code === null ? unread(run) : [String.fromCharCode(code)]
    }
    case 'group':
      return ofAlternatives(item.alternatives, run)
    case 'repeat': {
      const own = isFree(item, run) ? [run.filler] : ofItem(item.item, run)
      const least = Math.min(item.least, 32)
      if (least > 0 && own[0] === run.filler) return own
      if (least > 0) return own.map(text => text.repeat(least))
      return item.most === 0 ? [''] : ['', ...own]
    }
    // What stands around a match is tried out in the end.
    case 'assertion':
    case 'look':
    case 'callout':
    case 'keep':
      return ['']
    default:
      return unread(run)
  }
}

/** True where the repeat takes the filler as a whole. */
function isFree({ item, least, most }: Extract<PcreNode, { kind: 'repeat' }>, run: Run): boolean {
  if (least > 1 || most !== Number.POSITIVE_INFINITY) return false
  if (item.kind === 'any') return true
  if (item.kind !== 'set') return false
  const table = tableOf(item, run)
  return table !== null && [...run.filler].every(char => table[char.charCodeAt(0)] === 1)
}

function unread(run: Run): readonly string[] {
  run.isComplete = false
  return ['']
}

function memberOf(item: PcreSet, run: Run): number | null {
  const table = tableOf(item, run)
  if (table === null) return null
  const likely = LIKELY.find(code => table[code] === 1)
  if (run.pick === 'likely' && likely !== undefined) return likely
  const printable = table.subarray(33, 127)
  const index = run.pick === 'last' ? printable.lastIndexOf(1) : printable.indexOf(1)
  if (index !== -1) return index + 33
  const first = table.indexOf(1)
  return first === -1 ? null : first
}

function tableOf(item: PcreSet, { tree }: Run): Uint8Array | null {
  try {
    return characterSet(item, tree.start).table
  } catch (error) {
    if (error instanceof Unanswerable) return null
    throw error
  }
}
