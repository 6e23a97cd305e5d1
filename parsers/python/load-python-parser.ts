import { memo } from '../collections/memo.ts'
import { once } from '../collections/once.ts'
import type { Source } from '../text/source.ts'
import { type GrammarModules, loadGrammar } from '../tree-sitter/load-grammar.ts'
import { firstError } from './first-error.ts'
import { firstReads } from './first-reads.ts'
import type { PythonModule, PythonParser, PythonRead } from './python-module.ts'
import { readStatements } from './read-statements.ts'

/** Loads the parser of Python, and its grammar with the first file; rejects where the runtime cannot be loaded. */
export async function loadPythonParser(modules: GrammarModules): Promise<PythonParser> {
  const parserOf = await loadGrammar(modules)
  const readNames = (source: Source): readonly PythonRead[] => {
    const tree = parserOf().parse(source.code)
    if (tree === null) return []
    try {
      return tree.rootNode.hasError ? [] : firstReads(tree.rootNode)
    } finally {
      tree.delete()
    }
  }
  return {
    parse: memo((source: Source): PythonModule => {
      const reads = once(() => readNames(source))
      const tree = parserOf().parse(source.code)
      if (tree === null) return { source, statements: [], broken: true, brokenAt: null, firstReads: () => [] }
      try {
        const { rootNode } = tree
        return {
          source,
          statements: readStatements(rootNode),
          broken: rootNode.hasError,
          brokenAt: firstError(rootNode, source.code),
          firstReads: reads,
        }
      } finally {
        tree.delete()
      }
    }),
  }
}
