/**
 * Runs the tests: `tsx tools/run-tests.ts [--full] [PART-OF-A-PATH…]`.
 *
 * One process a file, one more at a time than there are cores, for live tests wait for servers. Without
 * `--full`, the files that need real servers (`*.server.test.ts`) stay out. With it, a file that failed
 * beside others is run once more with nothing beside it, and that run counts: servers that start and times
 * that are measured depend on what else the machine does. Both runs are shown. The last line is
 * `N passed, N failed`; a file that crashes, hangs or holds no test counts as one failure.
 */
import { spawn } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { styleText } from 'node:util'
import glob from 'fast-glob'
import { installServers } from './install-servers.ts'

interface Outcome {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
  readonly output: string
  readonly seconds: number
}

/** Seconds after which a file is ended: each is meant to take well under one minute. */
const TIMEOUT = 600
const PROCESSES = availableParallelism() + 1

const isFull = process.argv.includes('--full')
const parts = process.argv.slice(2).filter(word => !word.startsWith('--'))

const paths = (await glob('test/**/*.test.ts'))
  .filter(path => isFull || !path.endsWith('.server.test.ts'))
  .filter(path => parts.length === 0 || parts.some(part => path.includes(part)))
  .sort()

if (paths.some(path => path.endsWith('.server.test.ts'))) {
  try {
    installServers()
  } catch (error) {
    console.error((error as Error).message)
    process.exit(1)
  }
}

const total = { passed: 0, failed: 0, skipped: 0 }
const waiting = [...paths]
const again: string[] = []
await Promise.all(Array.from({ length: PROCESSES }, worker))
for (const path of again) count(await runFile(path), path)

if (paths.length === 0) console.log('no test file matches')
if (total.skipped > 0) console.log(`${total.skipped} skipped`)
console.log(`${total.passed} passed, ${total.failed} failed`)
process.exit(total.failed === 0 && total.passed > 0 ? 0 : 1)

async function worker(): Promise<void> {
  for (let path = waiting.shift(); path !== undefined; path = waiting.shift()) {
    const outcome = await runFile(path)
    if (isFull && outcome.failed > 0) {
      show(outcome, path, styleText('yellow', 'AGAIN'))
      again.push(path)
    } else count(outcome, path)
  }
}

function count(outcome: Outcome, path: string): void {
  total.passed += outcome.passed
  total.failed += outcome.failed
  total.skipped += outcome.skipped
  show(outcome, path, outcome.failed === 0 ? styleText('green', 'ok  ') : styleText('red', 'FAIL'))
}

function show(outcome: Outcome, path: string, mark: string): void {
  console.log(`${mark} ${path} (${outcome.passed} passed, ${outcome.seconds.toFixed(1)} s)`)
  if (outcome.failed > 0) console.log(withoutDots(outcome.output).replace(/^/gm, '     '))
}

function runFile(path: string): Promise<Outcome> {
  const start = performance.now()
  const child = spawn(process.execPath, ['--import', 'tsx', path], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, FORCE_COLOR: '0' },
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8')
    stream.on('data', (text: string) => {
      output += text
    })
  }
  const timer = setTimeout(() => {
    output += `\nended after ${TIMEOUT} s\n`
    child.kill('SIGKILL')
  }, TIMEOUT * 1000)
  return new Promise(resolve => {
    child.on('close', code => {
      clearTimeout(timer)
      resolve({ ...countTests(output, code), output, seconds: (performance.now() - start) / 1000 })
    })
  })
}

/** uvu prints a dot a test, hundreds in some files, before what failed. */
function withoutDots(output: string): string {
  return output.replace(/^(?:[•✘] )+ *(?:\(\d+ \/ \d+\))?\n*/gm, '')
}

/** Reads uvu's own totals; the exit code tells of a crash before or after them. */
function countTests(output: string, code: number | null): Omit<Outcome, 'output' | 'seconds'> {
  const sum = (word: string): number => {
    const lines = output.matchAll(new RegExp(`^ {2}${word}:\\s+(\\d+)$`, 'gm'))
    return [...lines].reduce((count, line) => count + Number(line[1]), 0)
  }
  const passed = sum('Passed')
  const skipped = sum('Skipped')
  const failed = sum('Total') - passed - skipped
  const isBroken = failed === 0 && (code !== 0 || passed === 0)
  return { passed, skipped, failed: isBroken ? 1 : failed }
}
