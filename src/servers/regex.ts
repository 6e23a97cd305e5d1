import type { PcreOptions } from '../../parsers/pcre/parse-pcre.ts'
import type { PcreTree } from '../../parsers/pcre/tree.ts'
import { compileProgram } from './pcre/compile.ts'
import { beginOf, endOf, type Program, START } from './pcre/program.ts'
import { type Machine, machineFor } from './pcre/run.ts'
import { search } from './pcre/search.ts'
import { type SearchPlan, searchPlan } from './pcre/search-plan.ts'
import { patternKey, readPattern } from './pcre/read-pattern.ts'
import { Unanswerable } from './pcre/unanswerable.ts'

/**
 * Regular expressions of PCRE, as both servers use them.
 *
 * Both servers match bytes. A subject is therefore a string of which every character is one byte
 * (see {@link toBytes}); text in ASCII is that already.
 */
export interface PcreMatch {
  readonly start: number
  readonly end: number
  /** The whole match, then the groups; a group that took no part is empty, as in the servers' variables. */
  readonly captures: readonly string[]
  readonly named: ReadonlyMap<string, string>
}

export interface Pcre {
  readonly groups: number
  readonly names: readonly string[]
  /**
   * The first match; null where there is none; undefined where that is unknown, because finding out takes more
   * steps than {@link STEP_LIMIT}, or the library itself would fail.
   */
  match(subject: string): PcreMatch | null | undefined
  /** Whether there is a match; undefined where that is unknown. */
  test(subject: string): boolean | undefined
}

/**
 * How many steps a match may take. PCRE counts too (`pcre_match_limit`, ten million), and where it gives up
 * the servers answer with an error.
 */
export const STEP_LIMIT = 200_000

/** The UTF-8 bytes of a text, a character each. */
export function toBytes(text: string): string {
  if (isAscii(text)) return text
  let bytes = ''
  for (const byte of new TextEncoder().encode(text)) bytes += String.fromCharCode(byte)
  return bytes
}

/** The text of bytes that are UTF-8; the bytes themselves (latin1) where they are not. */
export function fromBytes(bytes: string): string {
  return decode(bytes) ?? bytes
}

function decode(bytes: string): string | null {
  if (isAscii(bytes)) return bytes
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(
      Uint8Array.from(bytes, byte => byte.charCodeAt(0)),
    )
  } catch {
    return null
  }
}

function isAscii(text: string): boolean {
  for (let index = 0; index < text.length; index++) if (text.charCodeAt(index) > 127) return false
  return true
}

/** What an answer that is unknown is explained with. */
export function regexReason(pattern: string): string {
  return `matching \`${pattern}\` takes more steps than are tried here`
}

const cache = new Map<string, Pcre | null>()
/** Past this many patterns the cache begins again. */
const MOST_CACHED = 50_000

/**
 * Prepares a pattern; null where the library refuses it, or where this matcher cannot say what it matches
 * (verbs that steer backtracking, newlines other than the usual, script runs).
 */
export function compilePcre(pattern: string, options: PcreOptions = {}): Pcre | null {
  const key = patternKey(pattern, options)
  const cached = cache.get(key)
  if (cached !== undefined) return cached
  const compiled = prepare(pattern, options)
  if (cache.size >= MOST_CACHED) cache.clear()
  cache.set(key, compiled)
  return compiled
}

function prepare(pattern: string, options: PcreOptions): Pcre | null {
  // Quantifiers since 10.43, text before.
  if (/\{(?:[ \t]*,[ \t]*[0-9]|[ \t]+[0-9]|[0-9]+[ \t])/.test(pattern)) return null
  const tree = readPattern(pattern, options)
  if (tree === null) return null
  try {
    return new CompiledPcre(tree, compileProgram(tree), searchPlan(tree))
  } catch (error) {
    if (error instanceof Unanswerable) return null
    throw error
  }
}

class CompiledPcre implements Pcre {
  readonly groups: number
  readonly names: readonly string[]
  readonly #plan: SearchPlan
  readonly #program: Program
  #machine: Machine | null = null
  readonly #names: PcreTree['names']
  readonly #isUtf: boolean

  constructor(tree: PcreTree, program: Program, plan: SearchPlan) {
    this.#isUtf = tree.start.utf
    this.#names = tree.names
    this.groups = tree.groups
    this.names = [...new Set(tree.names.map(({ name }) => name))]
    this.#plan = plan
    this.#program = program
  }

  match(subject: string): PcreMatch | null | undefined {
    if (!this.#isUtf || isAscii(subject)) return this.#search(subject, part => part)
    const text = decode(subject)
    // A character beyond the basic plane has two units here; bytes that are no UTF-8 are an error to the library.
    if (text === null || /[\ud800-\udfff]/.test(text)) return undefined
    return this.#search(text, toBytes)
  }

  test(subject: string): boolean | undefined {
    const match = this.match(subject)
    return match === undefined ? undefined : match !== null
  }

  #search(subject: string, bytesOf: (part: string) => string): PcreMatch | null | undefined {
    this.#machine ??= machineFor(this.#program)
    const end = search(this.#machine, this.#plan, subject, STEP_LIMIT)
    if (end === -2) return undefined
    return end === -1 ? null : this.#found(this.#machine, subject, end, bytesOf)
  }

  #found({ registers }: Machine, subject: string, end: number, bytesOf: (part: string) => string): PcreMatch {
    const start = registers[START] ?? 0
    const captures = [bytesOf(subject.slice(start, end))]
    for (let group = 1; group <= this.groups; group++) {
      const stop = registers[endOf(group)] ?? -1
      captures.push(stop === -1 ? '' : bytesOf(subject.slice(registers[beginOf(group)], stop)))
    }
    const named = new Map<string, string>()
    // Where more than one group has a name, the last of them gives its value.
    for (const { name, group } of this.#names) named.set(name, captures[group] ?? '')
    const before = bytesOf(subject.slice(0, start)).length
    return { start: before, end: bytesOf(subject.slice(0, end)).length, captures, named }
  }
}
