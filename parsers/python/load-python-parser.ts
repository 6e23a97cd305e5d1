import { memo } from '../collections/memo.ts'
import type { Source } from '../text/source.ts'
import { type GrammarModules, loadGrammar } from '../tree-sitter/load-grammar.ts'
import type { PythonModule, PythonParser } from './python-module.ts'
import { readStatements } from './read-statements.ts'

/** Loads the grammar of Python; rejects where a module cannot be loaded. */
export async function loadPythonParser(modules: GrammarModules): Promise<PythonParser> {
  const parser = await loadGrammar(modules)
  return {
    parse: memo((source: Source): PythonModule => {
      const tree = parser.parse(source.code)
      if (tree === null) return { source, statements: [], broken: true }
      try {
        const { rootNode } = tree
        return { source, statements: readStatements(rootNode), broken: rootNode.hasError }
      } finally {
        tree.delete()
      }
    }),
  }
}
