import { InputError } from '../../files/input-error.ts'

/** Of all globs together: how many wildcards there may be, so that no path takes long. */
const MOST_WILDCARDS = 1000
const LONGEST = 1000

/** A character's test, or a way to go on: states are numbers into these lists. */
interface Automaton {
  /** What a state takes; null for one that only leads to others. */
  readonly takes: readonly (((code: number) => boolean) | null)[]
  readonly next: readonly (readonly number[])[]
  readonly start: number
  readonly end: number
}

/**
 * Matches paths against globs: `*` and `?` take no slash, `**` as a whole part takes any number of parts, `[…]`
 * and `{a,b}` as usual, a dot is nothing special. All ways to match are followed at once, so that the time grows
 * with the length of the path alone. `key` is the one of `.auditrc` that holds them. Throws {@link InputError} for what it does not know.
 */
export function globMatcher(globs: readonly string[], key: string): (path: string) => boolean {
  const wildcards = globs.join('').replace(/[^*?[{]/g, '').length
  if (wildcards > MOST_WILDCARDS) {
    throw new InputError(
      `\`${key}\` has ${wildcards} wildcards, more than the ${MOST_WILDCARDS} that are matched`,
    )
  }
  const automata = globs.map(glob => compile(glob, key))
  return path => automata.some(automaton => matches(automaton, path))
}

function matches({ takes, next, start, end }: Automaton, path: string): boolean {
  let states = closure([start], takes, next)
  for (let at = 0; at < path.length && states.length > 0; at++) {
    const code = path.charCodeAt(at)
    const reached: number[] = []
    for (const state of states) if (takes[state]?.(code)) reached.push(...(next[state] ?? []))
    states = closure(reached, takes, next)
  }
  return states.includes(end)
}

/** The states, and those to which they lead without a character. */
function closure(
  states: readonly number[],
  takes: Automaton['takes'],
  next: Automaton['next'],
): readonly number[] {
  const all = new Set(states)
  for (const state of all) {
    if (takes[state] === null) for (const other of next[state] ?? []) all.add(other)
  }
  return [...all]
}

const isAny = (): boolean => true
const isPart = (code: number): boolean => code !== 47

class Compiler {
  readonly takes: (((code: number) => boolean) | null)[] = []
  readonly next: number[][] = []
  #at = 0

  constructor(
    private readonly glob: string,
    private readonly key: string,
  ) {}

  automaton(): Automaton {
    const start = this.#state(null)
    const end = this.#sequence(start, 0)
    return { takes: this.takes, next: this.next, start, end }
  }

  #state(takes: ((code: number) => boolean) | null): number {
    this.takes.push(takes)
    return this.next.push([]) - 1
  }

  /** Adds a state that takes a character behind `from`; the state behind it. */
  #take(from: number, test: (code: number) => boolean): number {
    const state = this.#state(test)
    const behind = this.#state(null)
    this.next[from]?.push(state)
    this.next[state]?.push(behind)
    return behind
  }

  /** Any number of characters behind `from`. */
  #many(from: number, test: (code: number) => boolean): number {
    const state = this.#state(test)
    const behind = this.#state(null)
    this.next[from]?.push(state, behind)
    this.next[state]?.push(state, behind)
    return behind
  }

  /** Reads up to the end, or inside of braces up to `,` or `}`; the state behind it. */
  #sequence(start: number, depth: number): number {
    const { glob } = this
    let state = start
    while (this.#at < glob.length) {
      const char = glob[this.#at] ?? ''
      if (depth > 0 && (char === ',' || char === '}')) return state
      if (/^[!@+?*]\(/.test(glob.slice(this.#at, this.#at + 2))) this.#fail(`${char}(`)
      if (glob.slice(this.#at) === '/**' && glob[this.#at - 1] !== '*') {
        // What lies below a directory, and the directory itself.
        this.#at = glob.length
        const below = this.#many(
          this.#take(state, code => code === 47),
          isAny,
        )
        this.next[state]?.push(below)
        state = below
      } else if (char === '*') state = this.#stars(state)
      else if (char === '{') state = this.#braces(state, depth)
      else if (char === '[') state = this.#bracket(state)
      else {
        if (char === '(' || char === ')' || char === '|') this.#fail(char)
        if (char === '\\' && this.#at + 1 < glob.length) this.#at++
        const code = glob.charCodeAt(this.#at)
        this.#at++
        state = this.#take(state, char === '?' ? isPart : other => other === code)
      }
    }
    if (depth > 0) this.#fail('{')
    return state
  }

  #fail(what: string): never {
    throw new InputError(
      `\`${this.key}\`: \`${this.glob}\`: \`${what}\` is not understood here; there are *, **, ?, […] and {…,…}`,
    )
  }

  #stars(from: number): number {
    const { glob } = this
    const start = this.#at
    while (glob[this.#at] === '*') this.#at++
    const isWhole = (start === 0 || glob[start - 1] === '/') && this.#at - start === 2
    if (!isWhole || (this.#at < glob.length && glob[this.#at] !== '/')) return this.#many(from, isPart)
    if (this.#at === glob.length) return this.#many(from, isAny)
    // Any number of whole parts, each with its slash.
    this.#at++
    const inside = this.#many(from, isAny)
    const behind = this.#take(inside, code => code === 47)
    this.next[from]?.push(behind)
    return behind
  }

  #braces(from: number, depth: number): number {
    if (depth > 20) this.#fail('{')
    const behind = this.#state(null)
    do {
      this.#at++
      const start = this.#state(null)
      this.next[from]?.push(start)
      const end = this.#sequence(start, depth + 1)
      this.next[end]?.push(behind)
    } while (this.glob[this.#at] === ',')
    this.#at++
    return behind
  }

  /** A bracket that nothing closes stands for itself. */
  #bracket(from: number): number {
    const syntax = /\[([!^]?)(\]?(?:\\.|[^\]\\])*)\]/sy
    syntax.lastIndex = this.#at
    const match = syntax.exec(this.glob)
    if (match === null || match[2] === '') {
      this.#at++
      return this.#take(from, code => code === 91)
    }
    const [whole, negation, body = ''] = match
    if (body.includes('[:')) this.#fail('[:')
    this.#at += whole.length
    const ranges: (readonly [number, number])[] = []
    for (const [, low = '', high = low] of body.matchAll(/(\\?.)(?:-(\\?.))?/gs)) {
      ranges.push([low.charCodeAt(low.length - 1), high.charCodeAt(high.length - 1)])
    }
    const isNegated = negation !== ''
    return this.#take(from, code => {
      return code !== 47 && ranges.some(([low, high]) => code >= low && code <= high) !== isNegated
    })
  }
}

function compile(glob: string, key: string): Automaton {
  if (glob.length > LONGEST) throw new InputError(`\`${key}\`: a glob is longer than ${LONGEST} characters`)
  if (glob.startsWith('!')) {
    throw new InputError(`\`${key}\`: \`${glob}\`: what matches cannot be taken back by \`!\``)
  }
  return new Compiler(glob, key).automaton()
}
