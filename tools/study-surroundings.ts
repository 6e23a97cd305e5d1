/**
 * Lays the examples of rules into other surroundings, asks each rule of its own there, and prints how many bad examples
 * it still tells, and what is said of good ones.
 *
 *     npx tsx tools/study-surroundings.ts [--rules GROUP/NAME,…] [--part K/N] [--output FILE] [SURROUNDING…]
 *
 * `--part 3/20` takes each twentieth example; `--output` keeps the files of those that fell silent, and of good ones of
 * which something is said. What a surrounding has no word for is rightly silent there: the figures are to compare.
 */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Example, Rule } from '../src/engine/rule.ts'
import { auditPaths, InputError } from '../src/index.ts'
import { unmark } from '../test/rules/marks.ts'
import { loadRules } from './load-rules.ts'
import { type Files, OPTIONS } from './surroundings/files.ts'
import { surroundings } from './surroundings/surroundings.ts'

interface Count {
  told: number
  silent: number
  good: number
  alarms: number
}

const { values, positionals } = readArguments()
const chosen = positionals.length === 0 ? [...surroundings.keys()] : positionals
const rules = values.rules?.split(',') ?? null
const [part = 0, parts = 1] = values.part.split('/').map(Number)
const scratch = mkdtempSync(join(tmpdir(), 'surroundings-'))
const counts = new Map(
  chosen.map((name): [string, Count] => [name, { told: 0, silent: 0, good: 0, alarms: 0 }]),
)
const kept: string[] = []

try {
  await study()
} finally {
  rmSync(scratch, { recursive: true, force: true })
}
for (const [name, { told, silent, good, alarms }] of counts)
  if (told + silent + good > 0)
    console.log(
      `${name}: bad examples told ${told}, silent ${silent}; good ones silent ${good}, told ${alarms}`,
    )
if (values.output !== undefined) writeFileSync(values.output, kept.join('\n'))

function readArguments() {
  const usage = `usage: study-surroundings [--rules GROUP/NAME,…] [--part K/N] [--output FILE] [SURROUNDING…]\nsurroundings: ${[...surroundings.keys()].join(' ')}`
  try {
    const given = parseArgs({
      options: {
        rules: { type: 'string' },
        part: { type: 'string', default: '0/1' },
        output: { type: 'string' },
      },
      allowPositionals: true,
    })
    const unknown = given.positionals.find(name => !surroundings.has(name))
    const isPart = /^\d+\/[1-9]\d*$/.test(given.values.part)
    if (unknown === undefined && isPart) return given
    console.error(unknown === undefined ? `no part: ${given.values.part}` : `no such surrounding: ${unknown}`)
  } catch (error) {
    console.error((error as Error).message)
  }
  console.error(usage)
  process.exit(2)
}

async function study(): Promise<void> {
  let index = 0
  for (const { rule } of await loadRules()) {
    if (rules !== null && !rules.includes(rule.id)) continue
    for (const [isBad, examples] of [
      [true, rule.bad],
      [false, rule.good],
    ] as const)
      for (const example of examples) if (index++ % parts === part) await lay(rule, example, isBad)
  }
}

async function lay(rule: Rule, example: Example, isBad: boolean): Promise<void> {
  const { files, marks } = unmark(example.files)
  // Options are of the tree as it was; what has no mark says something of no line.
  if (files[OPTIONS] !== undefined || (isBad && marks.length === 0)) return
  // What a directory on disk does not show, no other surrounding will.
  let isShown: boolean | null = null
  for (const name of chosen) {
    const laid = surroundings.get(name)?.(files) ?? null
    const count = counts.get(name)
    if (laid === null || count === undefined) continue
    isShown ??= (await isTold(rule, files, example.modes)) === isBad
    if (!isShown) return
    const isSaid = await isTold(rule, laid, example.modes)
    if (isBad) count[isSaid ? 'told' : 'silent']++
    else count[isSaid ? 'alarms' : 'good']++
    if (isSaid !== isBad) kept.push(described(`${name} ${rule.id}: ${example.title}`, laid))
  }
}

async function isTold(rule: Rule, files: Files, modes: Example['modes'] = {}): Promise<boolean> {
  const tree = join(scratch, 'tree')
  rmSync(tree, { recursive: true, force: true })
  for (const [path, text] of Object.entries(files)) {
    const place = join(tree, path)
    // An empty directory ends in a slash.
    mkdirSync(path.endsWith('/') ? place : dirname(place), { recursive: true })
    if (!path.endsWith('/')) writeFileSync(place, text)
    const mode = modes[path]
    if (mode !== undefined) chmodSync(place, mode)
  }
  try {
    const { findings } = await auditPaths(['.'], { workingDirectory: tree, rules: [rule] })
    return findings.length > 0
  } catch (error) {
    // Nothing there is a configuration any more.
    if (error instanceof InputError) return false
    throw error
  }
}

function described(title: string, files: Files): string {
  const texts = Object.entries(files).map(([path, text]) => `--- ${path}\n${text.trim()}\n`)
  return `### ${title}\n${texts.join('')}`
}
