import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { embedded } from './embedded.ts'

/** The parsers' WebAssembly modules: where they lie on this machine, or what a single executable holds of them. */
export interface GrammarFiles {
  readonly runtime: string | Uint8Array
  readonly bash: string | Uint8Array
  readonly python: string | Uint8Array
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

function find(file: string, packageName: string): string | Uint8Array {
  if (embedded !== null) return embedded(file)
  const here = dirname(fileURLToPath(import.meta.url))
  for (let directory = here; ; directory = dirname(directory)) {
    for (const path of [join(directory, file), join(directory, 'node_modules', packageName, file)])
      if (existsSync(path)) return path
    if (directory === dirname(directory))
      throw new Error(`${file} is missing: the installation is not complete`)
  }
}
