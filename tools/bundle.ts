import { copyFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, join } from 'node:path'
import { build } from 'esbuild'
import { precomputeExamples } from './precompute-examples.ts'

export const GRAMMARS = [
  'web-tree-sitter/web-tree-sitter.wasm',
  'tree-sitter-bash/tree-sitter-bash.wasm',
  'tree-sitter-python/tree-sitter-python.wasm',
]

/**
 * Bundles programs into a directory, with chunks that they share and the grammars, which are loaded only where a
 * shell or Python file is read.
 *
 * @param entryPoints source files by the name of what is made of them
 */
export async function bundle(entryPoints: Record<string, string>, directory: string): Promise<void> {
  await build({
    entryPoints,
    outdir: directory,
    chunkNames: 'chunks/[name]-[hash]',
    bundle: true,
    plugins: [precomputeExamples()],
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node18.19',
    minifySyntax: true,
    minifyWhitespace: true,
    // A crash report with the functions' own names is worth the bytes; `keepNames` would cost a call a closure.
    minifyIdentifiers: false,
    legalComments: 'linked',
    logLevel: 'warning',
    banner: {
      // Dependencies that are CommonJS ask for Node's modules by `require`.
      js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
    },
  })
  const { resolve } = createRequire(import.meta.url)
  for (const grammar of GRAMMARS) copyFileSync(resolve(grammar), join(directory, basename(grammar)))
}
