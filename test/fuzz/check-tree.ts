import { spawnSync } from 'node:child_process'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { runIn } from '../cli/harness.ts'
import { scratchTree } from '../files/scratch-tree.ts'
import { mutateTree } from './mutate.ts'
import { Random } from './random.ts'
import { SEEDS } from './seeds.ts'

const CANARY = 'canary-outside-of-the-tree'
/** What no line of any output holds: see `printable`. */
const UNSEEN = /(?![\t\n])[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u
/** Seconds that nothing takes, on a machine that does other things too. */
const LONGEST = 20

const COMMANDS: readonly (readonly string[])[] = [
  ['-f', 'text', '-v'],
  ['-f', 'json'],
  ['-f', 'sarif'],
  ['-f', 'github'],
  ['-f', 'concise'],
  ['map'],
  ['map', '-f', 'json'],
  ['map', '-f', 'mermaid'],
  ['trace', 'https://shop.example/static/a.css?token=b'],
  ['resolve'],
]

/**
 * Makes the tree of a seed and runs one command on it.
 *
 * @returns what does not hold, null where everything does
 */
export async function checkTree(seed: number): Promise<string | null> {
  const random = new Random(seed)
  const directory = scratchTree({ 'outside/canary': `${CANARY} ${CANARY};\n` })
  const root = join(directory, 'tree')
  mkdirSync(root)
  for (const [path, file] of mutateTree(random, SEEDS)) {
    const absolute = join(root, path)
    try {
      mkdirSync(dirname(absolute), { recursive: true })
      if ('link' in file) symlinkSync(file.link, absolute)
      else if ('fifo' in file) spawnSync('mkfifo', [absolute])
      // Never through a link: that might lead out of the scratch directory.
      else writeFileSync(absolute, file.bytes, { flag: 'wx' })
    } catch {
      // Two names that exclude each other: the tree has one of them.
    }
  }
  const words = [...random.pick(COMMANDS), '.']
  const started = performance.now()
  const { code, out, errors } = await runIn(root, words)
  const seconds = (performance.now() - started) / 1000
  const said = `${out}\n${errors.join('\n')}`
  const where = `seed ${seed}, ${words.join(' ')} in ${root}`
  if (![0, 1, 2, 4].includes(code)) return `${where}: exit ${code}: ${errors.join('\n')}`
  if (/a defect/.test(errors.join('\n')) || /internal\/rule-crashed|failed, which is a defect/.test(said))
    return `${where}: ${said.match(/^.*(?:defect|rule-crashed).*$/m)?.[0]}`
  if (seconds > LONGEST) return `${where}: ${seconds.toFixed(1)} s`
  if (said.includes(CANARY)) return `${where}: a file outside was read`
  if (UNSEEN.test(said)) return `${where}: a control character is printed`
  if (code !== 2 && (words.includes('json') || words.includes('sarif'))) JSON.parse(out)
  return null
}
