import type { Parser } from 'web-tree-sitter'
import type { Source } from '../text/source.ts'
import { type GrammarModules, loadGrammar } from '../tree-sitter/load-grammar.ts'
import { runStatements } from './run-script.ts'
import { Scope } from './scope.ts'
import { type ScriptRun, type StepsLeft, TooManySteps } from './script-run.ts'
import type { ShellEnvironment, ShellOptions, ShellParser } from './shell-environment.ts'

/**
 * Statements, and variables that are kept for what comes after a condition: a hundred times what any script
 * of a server comes to.
 */
const MOST_STEPS = 1_000_000

/** A script that reads itself, or reads deeper than this, is given up. */
const MAXIMUM_DEPTH = 16

/**
 * Loads the grammar of bash, of which POSIX sh is nearly a part, and returns the reader of scripts. It
 * rejects where a module cannot be loaded.
 */
export async function loadShellParser(modules: GrammarModules): Promise<ShellParser> {
  const parser = await loadGrammar(modules)
  return { parse: (source, options = {}) => runScript(parser, source, options) }
}

function runScript(parser: Parser, source: Source, options: ShellOptions): ShellEnvironment {
  const scope = new Scope(options.initial ?? [], null, false, [])
  try {
    runFile(parser, source, scope, { options, functions: new Map(), steps: { left: MOST_STEPS }, depth: 0 })
  } catch (error) {
    // The other is a stack that overflows: a script that is nested beyond measure.
    if (!(error instanceof TooManySteps) && !(error instanceof RangeError)) throw error
    const reason = error instanceof TooManySteps ? error.message : 'it is nested too deep'
    const unread = new Scope(options.initial ?? [], null, false, [])
    unread.blurAll(reason)
    return { ...unread.environment(), assignments: [], givenUp: reason }
  }
  return { ...scope.environment(), assignments: scope.assignments, givenUp: null }
}

interface Context {
  readonly options: ShellOptions
  readonly functions: Map<string, string>
  readonly steps: StepsLeft
  readonly depth: number
}

function runFile(parser: Parser, source: Source, scope: Scope, context: Context): boolean {
  const { options, functions, steps, depth } = context
  if (depth > MAXIMUM_DEPTH) return false
  // A script is read line by line, and to a POSIX shell the carriage return belongs to the value.
  const tree = parser.parse(source.code)
  if (tree === null) return false
  const run: ScriptRun = {
    source,
    options,
    functions,
    steps,
    include: (other, into) => runFile(parser, other, into, { options, functions, steps, depth: depth + 1 }),
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
