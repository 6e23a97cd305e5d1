import { TOO_DEEP } from '../text/limits.ts'
import type { Parser } from 'web-tree-sitter'
import type { Source } from '../text/source.ts'
import { type GrammarModules, loadGrammar } from '../tree-sitter/load-grammar.ts'
import { callFunction, runStatements } from './run-script.ts'
import { Scope } from './scope.ts'
import { type Recording, type ScriptRun, type StepsLeft, TooManySteps } from './script-run.ts'
import type { ShellEnvironment, ShellOptions, ShellParser } from './shell-environment.ts'

/**
 * Statements, and variables that are kept for what comes after a condition: a hundred times what any script
 * of a server comes to.
 */
const MOST_STEPS = 1_000_000

/** A script that reads itself, or reads deeper than this, is given up. */
const MAXIMUM_DEPTH = 16

/**
 * Returns the reader of scripts, which loads the grammar of bash, of which POSIX sh is nearly a part, with the first
 * of them. It rejects where tree-sitter's runtime cannot be loaded.
 */
export async function loadShellParser(modules: GrammarModules): Promise<ShellParser> {
  const parserOf = await loadGrammar(modules)
  return { parse: (source, options = {}) => runScript(parserOf(), source, options) }
}

function runScript(parser: Parser, source: Source, options: ShellOptions): ShellEnvironment {
  const { initial = [], outer = null, start } = options
  const scope = new Scope(initial, null, false, [])
  scope.outer = outer
  const record = start === undefined ? null : { commands: [], undecided: 0, background: 0, calls: 0 }
  if (start !== undefined) {
    scope.directory = start.directory
    scope.positional = start.args
  }
  try {
    const steps: StepsLeft = { left: MOST_STEPS }
    runFile(parser, source, scope, { options, functions: new Map(), steps, record, depth: 0 })
  } catch (error) {
    // The other is a stack that overflows: a script that is nested beyond measure.
    if (!(error instanceof TooManySteps) && !(error instanceof RangeError)) throw error
    const reason = error instanceof TooManySteps ? error.message : TOO_DEEP
    const unread = new Scope(initial, null, false, [])
    unread.blurAll(reason)
    return { ...unread.environment(), assignments: [], commands: [], givenUp: reason }
  }
  return {
    ...scope.environment(),
    assignments: scope.assignments,
    commands: record?.commands ?? [],
    givenUp: null,
  }
}

interface Context {
  readonly options: ShellOptions
  readonly functions: Map<string, string>
  readonly steps: StepsLeft
  readonly record: Recording | null
  readonly depth: number
}

function runFile(parser: Parser, source: Source, scope: Scope, context: Context): boolean {
  const { options, functions, steps, record, depth } = context
  if (depth > MAXIMUM_DEPTH) return false
  // A script is read line by line, and to a POSIX shell the carriage return belongs to the value.
  const tree = parser.parse(source.code)
  if (tree === null) return false
  const run: ScriptRun = {
    source,
    options,
    functions,
    steps,
    record,
    bodies: new Map(),
    call: (name, args, into) => callFunction(name, args, into, run),
    include: (other, into) =>
      runFile(parser, other, into, { options, functions, steps, record, depth: depth + 1 }),
  }
  try {
    const before = scope.ended
    runStatements(tree.rootNode.children, scope, run)
    if (depth > 0) scope.ended = before
  } finally {
    tree.delete()
  }
  return true
}
