/**
 * Writes `dist/`: the command line and the library as bundles that share their chunks, the types, and the
 * grammars, which are loaded only where a shell or Python file is read.
 */
import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename } from 'node:path'
import { build } from 'esbuild'

const GRAMMARS = [
  'web-tree-sitter/web-tree-sitter.wasm',
  'tree-sitter-bash/tree-sitter-bash.wasm',
  'tree-sitter-python/tree-sitter-python.wasm',
]

rmSync('dist', { recursive: true, force: true })
mkdirSync('dist')

await build({
  entryPoints: { 'deploy-audit': 'src/cli/main.ts', index: 'src/index.ts' },
  outdir: 'dist',
  chunkNames: 'chunks/[name]-[hash]',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  minify: true,
  // A crash report with the functions' own names is worth the bytes.
  keepNames: true,
  legalComments: 'linked',
  logLevel: 'warning',
  banner: {
    // Dependencies that are CommonJS ask for Node's modules by `require`.
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
  },
})

const { resolve } = createRequire(import.meta.url)
for (const grammar of GRAMMARS) copyFileSync(resolve(grammar), `dist/${basename(grammar)}`)

const types = spawnSync(
  process.execPath,
  [resolve('typescript/bin/tsc'), '--project', 'tools/tsconfig.types.json'],
  {
    stdio: 'inherit',
  },
)
if (types.status !== 0) process.exit(1)
