import { type Length, lengthOf, lengthOfItems } from '../../../parsers/pcre/length.ts'
import type { PcreLook, PcreNode, PcreRepeat, PcreSequence, PcreTree } from '../../../parsers/pcre/tree.ts'
import { groupsOf, nodesOf } from '../../../parsers/pcre/walk.ts'
import {
  type CharacterRules,
  type CharacterSet,
  caseVariants,
  characterSet,
  isWordCharacter,
  setOf,
  setOfCodes,
} from './character-set.ts'
import { FIRST_GROUP, Op, type Program } from './program.ts'
import { Unanswerable } from './unanswerable.ts'

const NEWLINES: Readonly<Record<string, number>> = { lf: 10, cr: 13, nul: 0 }

/**
 * A pattern's program. Throws {@link Unanswerable} where this matcher cannot say what the library would: verbs
 * that steer backtracking, newlines of more than one kind, script runs, and the like.
 */
export function compileProgram(tree: PcreTree): Program {
  return new Compiler(tree).program()
}

class Compiler {
  readonly #tree: PcreTree
  readonly #rules: CharacterRules
  readonly #code: number[] = []
  readonly #strings: string[] = []
  readonly #sets: CharacterSet[] = []
  readonly #lists: (readonly number[])[] = []
  readonly #groups: ReadonlyMap<number, PcreNode>
  readonly #called: ReadonlySet<number>
  readonly #addresses = new Map<number, number>()
  readonly #calls: { readonly at: number; readonly group: number }[] = []
  #registers: number
  #wordSet = -1

  constructor(tree: PcreTree) {
    this.#tree = tree
    this.#rules = tree.start
    this.#groups = groupsOf(tree)
    this.#registers = FIRST_GROUP + tree.groups * 3
    const called = new Set<number>()
    for (const node of nodesOf(tree.alternatives)) {
      if (node.kind === 'call') called.add(node.group)
    }
    this.#called = called
  }

  program(): Program {
    const { start, groups } = this.#tree
    const newline = NEWLINES[start.newline]
    if (start.changesMatching || newline === undefined) throw new Unanswerable()
    this.#alternatives(this.#tree.alternatives)
    this.#emit(Op.match)
    for (const { at, group } of this.#calls) {
      this.#code[at] = group === 0 ? 0 : (this.#addresses.get(group) ?? fail())
    }
    return {
      code: Int32Array.from(this.#code),
      strings: this.#strings,
      sets: this.#sets,
      lists: this.#lists,
      registers: this.#registers,
      groups,
      newline,
    }
  }

  #emit(...numbers: readonly number[]): number {
    this.#code.push(...numbers)
    return this.#code.length - 1
  }

  #here(): number {
    return this.#code.length
  }

  #register(): number {
    return this.#registers++
  }

  #alternatives(alternatives: readonly PcreSequence[], before?: (index: number) => void): void {
    const ends: number[] = []
    for (const [index, { items }] of alternatives.entries()) {
      const isLast = index === alternatives.length - 1
      const otherwise = isLast ? -1 : this.#emit(Op.split, 0)
      before?.(index)
      this.#items(items)
      if (!isLast) {
        ends.push(this.#emit(Op.jump, 0))
        this.#code[otherwise] = this.#here()
      }
    }
    for (const end of ends) this.#code[end] = this.#here()
  }

  /** Literals in a row are one string. */
  #items(items: readonly PcreNode[]): void {
    let run = ''
    const flush = (): void => {
      if (run.length === 1) this.#emit(Op.char, run.charCodeAt(0))
      else if (run !== '') this.#emit(Op.string, this.#strings.push(run) - 1)
      run = ''
    }
    for (const item of items) {
      const isPlain =
        item.kind === 'literal' &&
        item.code <= 0xffff &&
        this.#variants(item.code, item.caseless).length === 1
      if (isPlain) {
        run += String.fromCharCode(item.code)
        continue
      }
      flush()
      this.#node(item)
    }
    flush()
  }

  #variants(code: number, caseless: boolean): readonly number[] {
    return caseless ? caseVariants(code, this.#rules) : [code]
  }

  #node(node: PcreNode): void {
    switch (node.kind) {
      case 'literal': {
        const variants = this.#variants(node.code, node.caseless)
        if (variants.length === 1) this.#emit(Op.char, node.code)
        else if (variants.length === 2) this.#emit(Op.either, variants[0] ?? 0, variants[1] ?? 0)
        else this.#emit(Op.set, this.#addSet(setOfCodes(variants, this.#rules)))
        return
      }
      case 'any':
        if (node.byte && this.#rules.utf) fail()
        this.#emit(node.newline ? Op.any : Op.notNewline)
        return
      case 'set':
        this.#emit(Op.set, this.#addSet(characterSet(node, this.#rules)))
        return
      case 'line-break':
        this.#emit(Op.lineBreak, this.#tree.start.narrowLineBreak ? 1 : 0)
        return
      case 'grapheme':
        if (this.#rules.utf) fail()
        this.#emit(Op.grapheme)
        return
      case 'assertion':
        this.#assertion(node.at)
        return
      case 'keep':
        this.#emit(Op.keep)
        return
      case 'group':
        this.#group(node)
        return
      case 'look':
        this.#look(node)
        return
      case 'conditional':
        this.#conditional(node)
        return
      case 'back-reference':
        if (node.groups.length === 0 || (node.caseless && this.#rules.utf)) fail()
        this.#emit(Op.backReference, this.#addList(node.groups), node.caseless ? 1 : 0)
        return
      case 'call':
        this.#call(node.group, node.returnsCaptures)
        return
      case 'repeat':
        this.#repeat(node)
        return
      case 'verb':
        if (node.verb === 'fail') this.#emit(Op.fail)
        else if (node.verb !== 'mark') fail()
        return
      case 'callout':
        return
      case 'script-run':
      case 'scan':
        fail()
    }
  }

  #addSet(set: CharacterSet): number {
    return this.#sets.push(set) - 1
  }

  #addList(groups: readonly number[]): number {
    return this.#lists.push(groups) - 1
  }

  #assertion(at: Extract<PcreNode, { kind: 'assertion' }>['at']): void {
    switch (at) {
      case 'subject-start':
      case 'match-start':
        this.#emit(Op.subjectStart)
        return
      case 'subject-end':
        this.#emit(Op.subjectEnd)
        return
      case 'last-line-end':
        this.#emit(Op.lastLineEnd)
        return
      case 'line-start':
        this.#emit(Op.lineStart)
        return
      case 'line-end':
        this.#emit(Op.lineEnd)
        return
      case 'word-boundary':
      case 'no-word-boundary':
        if (this.#wordSet === -1) {
          this.#wordSet = this.#addSet(setOf(code => isWordCharacter(code, this.#rules), this.#rules))
        }
        this.#emit(at === 'word-boundary' ? Op.wordBoundary : Op.noWordBoundary, this.#wordSet)
    }
  }

  #group(node: Extract<PcreNode, { kind: 'group' }>): void {
    const { capture } = node
    const height = node.atomic ? this.#register() : -1
    if (height !== -1) this.#emit(Op.atomicBegin, height)
    if (capture !== null) {
      if (!this.#addresses.has(capture)) this.#addresses.set(capture, this.#here())
      this.#emit(Op.open, capture)
    }
    this.#alternatives(node.alternatives)
    if (capture !== null) {
      this.#emit(Op.close, capture)
      if (this.#called.has(capture)) this.#emit(Op.return, capture)
    }
    if (height !== -1) this.#emit(Op.atomicEnd, height)
  }

  #call(group: number, returnsCaptures: boolean): void {
    if (returnsCaptures) fail()
    // Since 10.30 a call may be gone back into.
    this.#emit(Op.call, 0, group, this.#tree.release < 10 ? 1 : 0)
    this.#calls.push({ at: this.#here() - 3, group })
  }

  #look(node: PcreLook): void {
    const height = this.#register()
    if (node.negated) {
      const behind = this.#emit(Op.notBegin, height, 0)
      this.#lookBody(node)
      this.#emit(Op.notEnd, height)
      this.#code[behind] = this.#here()
      return
    }
    const place = this.#register()
    this.#emit(Op.lookBegin, height, place)
    this.#lookBody(node)
    this.#emit(Op.lookEnd, node.atomic ? height : -1, place)
  }

  /** A look-behind goes back by the length of each alternative. */
  #lookBody(node: PcreLook): void {
    if (!node.behind) {
      this.#alternatives(node.alternatives)
      return
    }
    const lengths = node.alternatives.map(({ items }) => this.#lengthBehind(items))
    const place = lengths.some(({ least, most }) => least !== most) ? this.#register() : -1
    if (place !== -1) this.#emit(Op.loopEnter, -1, place)
    this.#alternatives(node.alternatives, index => {
      const { least, most } = lengths[index] ?? { least: 0, most: 0 }
      if (place !== -1) this.#emit(Op.backBetween, least, most)
      else if (most > 0) this.#emit(Op.back, most)
    })
    if (place !== -1) this.#emit(Op.checkPlace, place)
  }

  #lengthBehind(items: readonly PcreNode[]): Length {
    for (const node of nodesOf([{ items, start: 0, end: 0 }])) {
      // How the library measures them is another matter than what they match.
      if (node.kind === 'verb' || node.kind === 'conditional') fail()
    }
    return lengthOfItems(items, this.#groups)
  }

  #conditional(node: Extract<PcreNode, { kind: 'conditional' }>): void {
    const { condition, alternatives } = node
    if (condition.kind === 'define') {
      const over = this.#emit(Op.jump, 0)
      this.#alternatives(alternatives)
      this.#code[over] = this.#here()
      return
    }
    const [yes, no] = alternatives
    const otherwise = this.#condition(condition)
    this.#items(yes?.items ?? [])
    const end = this.#emit(Op.jump, 0)
    for (const at of otherwise) this.#code[at] = this.#here()
    this.#items(no?.items ?? [])
    this.#code[end] = this.#here()
  }

  /** Emits a test, behind which it holds; the operands that are to hold the address for where it does not. */
  #condition(condition: Extract<PcreNode, { kind: 'conditional' }>['condition']): readonly number[] {
    switch (condition.kind) {
      case 'set':
        return [this.#emit(Op.ifSet, this.#addList(condition.groups), 0)]
      case 'called': {
        const list = condition.groups === null ? -1 : this.#addList(condition.groups)
        return [this.#emit(Op.ifCalled, list, 0)]
      }
      case 'constant':
        return condition.holds ? [] : [this.#emit(Op.jump, 0)]
      case 'define':
        return fail()
      case 'look':
        return this.#lookCondition(condition.look)
    }
  }

  #lookCondition(look: PcreLook): readonly number[] {
    const height = this.#register()
    const place = this.#register()
    if (look.negated) {
      // The other way round: where the inside matches the condition does not hold.
      const holds = this.#emit(Op.notBegin, height, 0)
      this.#emit(Op.loopEnter, -1, place)
      this.#lookBody(look)
      this.#emit(Op.lookEnd, height, place)
      const otherwise = this.#emit(Op.jump, 0)
      this.#code[holds] = this.#here()
      return [otherwise]
    }
    const otherwise = this.#emit(Op.notBegin, height, 0)
    this.#emit(Op.loopEnter, -1, place)
    this.#lookBody(look)
    this.#emit(Op.lookEnd, height, place)
    return [otherwise]
  }

  #repeat(node: PcreRepeat): void {
    const { item, least, mode } = node
    // A look-around matches no more for being repeated.
    const most =
      item.kind === 'look' && !Number.isFinite(node.most) && this.#tree.release > 10 ? least + 1 : node.most
    if (most === 0) {
      this.#never(item)
      return
    }
    if (least === 1 && most === 1) {
      if (mode === 'possessive') this.#atomic(() => this.#node(item))
      else this.#node(item)
      return
    }
    const set = this.#single(item)
    if (set !== null) {
      const op = mode === 'greedy' ? Op.greedy : mode === 'lazy' ? Op.lazy : Op.possessive
      this.#emit(op, set, least, Number.isFinite(most) ? most : -1)
    } else if (mode === 'possessive') this.#atomic(() => this.#loop(item, least, most, false))
    else this.#loop(item, least, most, mode === 'lazy')
  }

  /** What is never matched in its place, but may be called. */
  #never(item: PcreNode): void {
    if (this.#called.size === 0) return
    const over = this.#emit(Op.jump, 0)
    this.#node(item)
    this.#code[over] = this.#here()
  }

  #atomic(inside: () => void): void {
    const height = this.#register()
    this.#emit(Op.atomicBegin, height)
    inside()
    this.#emit(Op.atomicEnd, height)
  }

  /** The set of what matches one character, -1 for any; null for what else there is. */
  #single(item: PcreNode): number | null {
    switch (item.kind) {
      case 'literal': {
        const variants = this.#variants(item.code, item.caseless)
        return this.#addSet(setOfCodes(variants, this.#rules))
      }
      case 'set':
        return this.#addSet(characterSet(item, this.#rules))
      case 'any': {
        if (item.byte && this.#rules.utf) fail()
        const newline = NEWLINES[this.#tree.start.newline]
        return item.newline ? -1 : this.#addSet(setOfOthers(newline, this.#rules))
      }
    }
    return null
  }

  #loop(item: PcreNode, least: number, most: number, isLazy: boolean): void {
    const isBounded = Number.isFinite(most)
    const mayBeEmpty = lengthOf([{ items: [item], start: 0, end: 0 }], this.#groups).least === 0
    if (least === 0 && most === 1) {
      const end = this.#emit(isLazy ? Op.splitTo : Op.split, 0)
      this.#node(item)
      this.#code[end] = this.#here()
      return
    }
    if (!isBounded && !mayBeEmpty && least <= 1) {
      const begin = this.#here()
      if (least === 1) {
        this.#node(item)
        this.#emit(isLazy ? Op.split : Op.splitTo, begin)
        return
      }
      const end = this.#emit(isLazy ? Op.splitTo : Op.split, 0)
      this.#node(item)
      this.#emit(Op.jump, begin)
      this.#code[end] = this.#here()
      return
    }
    const counter = this.#register()
    const place = this.#register()
    this.#emit(Op.loopInit, counter)
    const test = this.#here()
    const end = this.#emit(Op.loopTest, counter, least, isBounded ? most : -1, isLazy ? 1 : 0, 0)
    this.#emit(Op.loopEnter, counter, place)
    this.#node(item)
    this.#emit(Op.loopNext, counter, place, least, isBounded ? 0 : 1, test)
    this.#code[end] = this.#here()
  }
}

/** All but one. */
function setOfOthers(code: number | undefined, { utf }: CharacterRules): CharacterSet {
  const table = new Uint8Array(256).fill(1)
  if (code !== undefined) table[code] = 0
  return { table, wide: utf ? () => true : null }
}

function fail(): never {
  throw new Unanswerable()
}
