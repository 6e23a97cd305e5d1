import type { Source } from '../text/source.ts'

/**
 * What a Python file says at its top level, as plain data: assignments, calls, imports and definitions in
 * their order, with the literals of their expressions. Nothing is executed; what only the interpreter
 * could tell is `unknown`. Offsets are UTF-16 and half-open.
 */
export interface PythonModule {
  readonly source: Source
  readonly statements: readonly PythonStatement[]
  /** True where the grammar met something that is not Python 3; the rest is still read. */
  readonly broken: boolean
  /** The first text that is none, or where something is missing; null where all of it is. */
  readonly brokenAt: { readonly start: number; readonly end: number } | null
  /** Names that it reads without having them; asked for seldom. */
  readonly firstReads: () => readonly PythonRead[]
}

/** A name, where it is read. */
export interface PythonRead {
  readonly name: string
  readonly start: number
  readonly end: number
}

export type PythonStatement = PythonAssignment | PythonCallStatement | PythonImport | PythonDefinition

interface Statement {
  readonly start: number
  readonly end: number
  /** True inside `if`, `try`, `for`, `with` or `while`: it may run, and may not. */
  readonly conditional: boolean
  /** All that decides whether it runs, where that are conditions of `if` alone; absent elsewhere. */
  readonly guards?: readonly PythonGuard[]
}

/** A condition of `if` or `elif`, and whether it has to hold for what stands behind it. */
export interface PythonGuard {
  readonly condition: PythonExpression
  readonly holds: boolean
}

export interface PythonAssignment extends Statement {
  readonly kind: 'assignment'
  /** `DEBUG`, `sys.stdout`, or with the key as written in a subscript: `os.environ['NAME']` is `os.environ[NAME]`. */
  readonly target: string
  /** True for `+=`; every other augmented assignment has an unknown value. */
  readonly appends: boolean
  readonly value: PythonExpression
}

export interface PythonCallStatement extends Statement {
  readonly kind: 'call'
  readonly call: PythonCall
}

/** `import a.b` (names null) or `from .a import b, c`; `*` is a name. */
export interface PythonImport extends Statement {
  readonly kind: 'import'
  /** With its leading dots. */
  readonly module: string
  readonly names: readonly { readonly name: string; readonly as: string }[] | null
}

export interface PythonDefinition extends Statement {
  readonly kind: 'definition'
  readonly name: string
}

export interface PythonCall {
  readonly kind: 'call'
  /** The dotted name of what is called; empty where it is no name. */
  readonly callee: string
  /** What stands before the last dot of a method call, such as the `Path(__file__)` of `Path(__file__).resolve()`. */
  readonly receiver: PythonExpression | null
  readonly args: readonly PythonExpression[]
  readonly keywords: Readonly<Record<string, PythonExpression>>
  readonly start: number
  readonly end: number
}

export type PythonExpression =
  | PythonCall
  | {
      readonly kind: 'string'
      readonly value: string
      /** Several literals that stand beside each other, without parentheses around them, and are one text. */
      readonly parts?: readonly { readonly value: string; readonly start: number; readonly end: number }[]
      readonly start: number
      readonly end: number
    }
  | { readonly kind: 'number'; readonly value: number; readonly start: number; readonly end: number }
  | { readonly kind: 'boolean'; readonly value: boolean; readonly start: number; readonly end: number }
  | { readonly kind: 'none'; readonly start: number; readonly end: number }
  /** A list, tuple or set. */
  | {
      readonly kind: 'list'
      readonly items: readonly PythonExpression[]
      readonly start: number
      readonly end: number
    }
  | {
      readonly kind: 'dict'
      readonly entries: readonly { readonly key: PythonExpression; readonly value: PythonExpression }[]
      /** False where `**` brings more entries. */
      readonly complete: boolean
      readonly start: number
      readonly end: number
    }
  /** A name, dotted where attributes follow it. */
  | { readonly kind: 'name'; readonly name: string; readonly start: number; readonly end: number }
  /** `a.b` of something that is no name. */
  | {
      readonly kind: 'attribute'
      readonly of: PythonExpression
      readonly name: string
      readonly start: number
      readonly end: number
    }
  | {
      readonly kind: 'binary'
      readonly operator: string
      readonly left: PythonExpression
      readonly right: PythonExpression
      readonly start: number
      readonly end: number
    }
  | {
      readonly kind: 'subscript'
      readonly of: PythonExpression
      readonly index: PythonExpression
      readonly start: number
      readonly end: number
    }
  /** `not a`. */
  | {
      readonly kind: 'not'
      readonly of: PythonExpression
      readonly start: number
      readonly end: number
    }
  /** `a if b else c`. */
  | {
      readonly kind: 'conditional'
      readonly condition: PythonExpression
      readonly then: PythonExpression
      readonly otherwise: PythonExpression
      readonly start: number
      readonly end: number
    }
  /** `[item for name in of if a if b]`, and the same as a set or a generator. */
  | {
      readonly kind: 'comprehension'
      readonly item: PythonExpression
      readonly name: string
      readonly of: PythonExpression
      readonly conditions: readonly PythonExpression[]
      readonly start: number
      readonly end: number
    }
  /** `*a` of a list. */
  | {
      readonly kind: 'spread'
      readonly of: PythonExpression
      readonly start: number
      readonly end: number
    }
  | { readonly kind: 'unknown'; readonly start: number; readonly end: number }

/** A loaded grammar. */
export interface PythonParser {
  parse(source: Source): PythonModule
}
