/** Writes `dist/`: the command line and the library as one bundle, what V8 makes of it, and the types. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { bundle, writeCache } from './bundle.ts'

rmSync('dist', { recursive: true, force: true })
mkdirSync('dist')
await bundle('dist')
await writeCache('dist')

const { resolve } = createRequire(import.meta.url)
const types = spawnSync(
  process.execPath,
  [resolve('typescript/bin/tsc'), '--project', 'tools/tsconfig.types.json'],
  {
    stdio: 'inherit',
  },
)
if (types.status !== 0) process.exit(1)
