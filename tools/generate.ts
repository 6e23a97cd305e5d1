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

const generated = new Set<string>()
const changed: string[] = []
for (const path of (await glob('tools/generate/*.ts')).sort(byStage)) {
  try {
    const module: Record<string, unknown> = await import(pathToFileURL(path).href)
    for (const value of Object.values(module)) {
      if (typeof value !== 'function') continue
      for (const file of [await (value as Generator)()].flat()) keep(file)
    }
  } catch (error) {
    // What a file that is not fresh leads to is no news.
    if (!isCheck || changed.length === 0) throw error
    break
  }
}

/** The index of the rules comes first: the program, which others run, loads all that it names. */
function byStage(a: string, b: string): number {
  const stage = (path: string): number => (path.endsWith('/rule-index.ts') ? 0 : 1)
  return stage(a) - stage(b) || (a < b ? -1 : 1)
}

function keep({ path, content }: GeneratedFile): void {
  generated.add(path)
  if (existsSync(path) && readFileSync(path, 'utf8') === content) return
  changed.push(path)
  if (isCheck) return
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, content)
  console.log(path)
}

/** Pages of rules that are no more. */
const stale = (await glob('docs/rules/**/*.md')).filter(path => !generated.has(path))

if (isCheck) {
  if (changed.length === 0) for (const path of stale) console.error(`${path}: no rule has this page`)
  for (const path of changed) console.error(`${path}: not fresh`)
  if (stale.length + changed.length > 0) {
    console.error('run `npm run generate`')
    process.exit(1)
  }
} else for (const path of stale) rmSync(path)
console.log(`${generated.size} generated files, ${stale.length + changed.length} changed`)
