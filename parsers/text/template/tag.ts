/** One tag of a template engine, and what it makes of the text around it. */
export interface Tag {
  readonly start: number
  readonly end: number
  readonly steps: readonly Step[]
}

/** What a tag does. A condition is its text, or null where there is none to tell it by. */
export type Step =
  /** Prints a value. */
  | { readonly does: 'print' }
  /** Brings another file in, or whatever a block of the engine holds. */
  | { readonly does: 'insert' }
  /** Sets a name, which later conditions may ask for. */
  | { readonly does: 'assign'; readonly name: string }
  | {
      readonly does: 'open'
      /** The name that a closer repeats; null where any closer will do. */
      readonly block: string | null
      /** How often what follows is there: always, once or not at all, any number of times. */
      readonly body: 'always' | 'branch' | 'loop'
      readonly condition: string | null
      readonly negated: boolean
    }
  /** `else` and its like: the other branch, under a condition of its own or none. */
  | { readonly does: 'turn'; readonly condition: string | null; readonly negated: boolean }
  | { readonly does: 'close'; readonly block: string | null }

export const NOTHING: readonly Step[] = []
export const PRINT: readonly Step[] = [{ does: 'print' }]
export const INSERT: readonly Step[] = [{ does: 'insert' }]

export function always(block: string | null): Step {
  return { does: 'open', block, body: 'always', condition: null, negated: false }
}

export function loop(block: string | null): Step {
  return { does: 'open', block, body: 'loop', condition: null, negated: false }
}

/** What is there or not, and nobody can tell by which condition. */
export function perhaps(block: string | null): Step {
  return { does: 'open', block, body: 'branch', condition: null, negated: false }
}

export function openBranch(block: string | null, condition: string, negated = false): Step {
  return { does: 'open', block, body: 'branch', ...read(condition, negated) }
}

export function turn(condition: string | null, negated = false): Step {
  return { does: 'turn', ...(condition === null ? { condition, negated } : read(condition, negated)) }
}

export function close(block: string | null): Step {
  return { does: 'close', block }
}

/** `not x` and `!x` ask what `x` asks. */
function read(
  written: string,
  negated: boolean,
): { readonly condition: string | null; readonly negated: boolean } {
  let condition = written.replace(/\s+/g, ' ').trim()
  const outer = /^\((.*)\)$/.exec(condition)
  if (outer?.[1] !== undefined && !/[()]/.test(outer[1])) condition = outer[1].trim()
  const without = /^(?:not\s+|!\s*)([\w.$@[\]'":-]+)$/.exec(condition)
  if (without !== null) return { condition: without[1] ?? '', negated: !negated }
  const undefinedName = /^(\S+) is not (\w+)$/.exec(condition)
  if (undefinedName !== null)
    return { condition: `${undefinedName[1]} is ${undefinedName[2]}`, negated: !negated }
  return { condition: condition === '' ? null : condition, negated }
}

/** An engine that is known by one of its statements. */
export interface EngineOfItsOwn {
  /** Texts without one of which it has no statement. */
  readonly marks: readonly string[]
  /** Matches a statement that nobody but this engine could have meant. */
  readonly proof: RegExp
  /** Global; its groups tell what a tag does. */
  readonly pattern: RegExp
  readonly stepsOf: (groups: Readonly<Record<string, string | undefined>>) => readonly Step[]
  /** True where the engine fills in every `${…}` too. */
  readonly hasExpressions: boolean
}
