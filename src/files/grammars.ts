import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { embedded } from './embedded.ts'

/** What reads the parsers' WebAssembly modules: from this machine, or from what a single executable holds. */
export interface GrammarFiles {
  readonly runtime: () => Uint8Array
  readonly bash: () => Uint8Array
  readonly python: () => Uint8Array
}

/**
 * Finds the modules that the build copied beside the bundle (`dist/web-tree-sitter.wasm`,
 * `dist/tree-sitter-bash.wasm`), else in `node_modules`. Throws where neither has them.
 */
export function grammarFiles(): GrammarFiles {
  return {
    runtime: find('web-tree-sitter.wasm', 'web-tree-sitter'),
    bash: find('tree-sitter-bash.wasm', 'tree-sitter-bash'),
    python: find('tree-sitter-python.wasm', 'tree-sitter-python'),
  }
}

function find(file: string, packageName: string): () => Uint8Array {
  const held = embedded
  if (held !== null) return () => held(file)
  const here = dirname(fileURLToPath(import.meta.url))
  for (let directory = here; ; directory = dirname(directory)) {
    for (const path of [join(directory, file), join(directory, 'node_modules', packageName, file)])
      if (existsSync(path)) return () => readFileSync(path)
    if (directory === dirname(directory))
      throw new Error(`${file} is missing: the installation is not complete`)
  }
}
