import { Language, Parser } from 'web-tree-sitter'
import type { Source } from '../text/source.ts'
import type { PythonModule, PythonParser } from './python-module.ts'
import { readStatements } from './read-statements.ts'

/** The two WebAssembly modules: their bytes, or the paths of their files. */
export interface PythonGrammar {
  /** `web-tree-sitter.wasm` */
  readonly runtime: Uint8Array | string
  /** `tree-sitter-python.wasm` */
  readonly grammar: Uint8Array | string
}

/** Loads tree-sitter's runtime and the grammar of Python; rejects where a module cannot be loaded. */
export async function loadPythonParser({ runtime, grammar }: PythonGrammar): Promise<PythonParser> {
  await Parser.init(typeof runtime === 'string' ? { locateFile: () => runtime } : { wasmBinary: runtime })
  const parser = new Parser()
  parser.setLanguage(await Language.load(grammar))
  const modules = new WeakMap<Source, PythonModule>()
  return {
    parse(source) {
      const known = modules.get(source)
      if (known !== undefined) return known
      const tree = parser.parse(source.code)
      if (tree === null) return { source, statements: [], broken: true }
      try {
        const { rootNode } = tree
        const module = { source, statements: readStatements(rootNode), broken: rootNode.hasError }
        modules.set(source, module)
        return module
      } finally {
        tree.delete()
      }
    },
  }
}
