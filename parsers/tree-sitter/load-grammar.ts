import { Language, Parser } from 'web-tree-sitter'

/** Two WebAssembly modules: their bytes, or the paths of their files. */
export interface GrammarModules {
  /** `web-tree-sitter.wasm` */
  readonly runtime: Uint8Array | string
  /** Such as `tree-sitter-bash.wasm`. */
  readonly grammar: Uint8Array | string
}

/** Loads tree-sitter's runtime and one grammar; rejects where a module cannot be loaded. */
export async function loadGrammar({ runtime, grammar }: GrammarModules): Promise<Parser> {
  await Parser.init(typeof runtime === 'string' ? { locateFile: () => runtime } : { wasmBinary: runtime })
  const parser = new Parser()
  parser.setLanguage(await Language.load(grammar))
  return parser
}
