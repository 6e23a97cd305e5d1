/**
 * Writes every generated file (`npm run generate`), or fails where one is not as it would be written
 * (`--check`). A generator is an exported function without parameters of a module in `tools/generate/`.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { pathToFileURL } from 'node:url'
import glob from 'fast-glob'
import type { GeneratedFile } from './generated-file.ts'

type Generator = () => GeneratedFile | readonly GeneratedFile[] | Promise<readonly GeneratedFile[]>

const isCheck = process.argv.includes('--check')

const generated = new Map<string, string>()
for (const path of (await glob('tools/generate/*.ts')).sort()) {
  const module: Record<string, unknown> = await import(pathToFileURL(path).href)
  for (const value of Object.values(module)) {
    if (typeof value !== 'function') continue
    for (const file of [await (value as Generator)()].flat()) generated.set(file.path, file.content)
  }
}

/** Pages of rules that are no more. */
const stale = (await glob('docs/rules/**/*.md')).filter(path => !generated.has(path))
const changed = [...generated].filter(
  ([path, content]) => !existsSync(path) || readFileSync(path, 'utf8') !== content,
)

if (isCheck) {
  for (const path of stale) console.error(`${path}: no rule has this page`)
  for (const [path] of changed) console.error(`${path}: not fresh`)
  if (stale.length + changed.length > 0) {
    console.error('run `npm run generate`')
    process.exit(1)
  }
} else {
  for (const path of stale) rmSync(path)
  for (const [path, content] of changed) {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, content)
    console.log(path)
  }
}
console.log(`${generated.size} generated files, ${stale.length + changed.length} changed`)
