/**
 * Runs the tests: `tsx tools/run-tests.ts [--full] [PART-OF-A-PATH…]`.
 *
 * The files of a directory share a process, for to load all rules takes longer than most files; those that
 * need real servers or measure have one each. Where one of a directory fails, each is run in a process of
 * its own, and those runs count. As many processes run as there are cores, and as many beside them that
 * wait for live servers. Without `--full`, the files that need real servers (`*.server.test.ts`) stay out.
 * With it, a file that failed beside others is run once more with nothing beside it, and that run counts:
 * servers that start and times that are measured depend on what else the machine does. All runs are shown.
 * The last line is `N passed, N failed`; a file that crashes, hangs or holds no test counts as one failure.
 */
import { spawn } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
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

/** Test files that one process runs. */
interface Group {
  readonly name: string
  readonly paths: readonly string[]
}

/** Seconds after which a process is ended: a file is meant to take well under one minute. */
const TIMEOUT = 900

/** What measures or starts servers has a process of its own. */
const APART = /\.server\.test\.ts$|^test\/(?:[^/]+|(?:fuzz|limits|live)\/.+)$/
/** What waits for servers most of its time, and leaves a core to others. */
const WAITS = /^test\/live\//

const RUN_FILES = fileURLToPath(new URL('run-test-files.ts', import.meta.url))

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
const groups = groupsOf(paths)
const waiting = groups.filter(({ name }) => WAITS.test(name))
const working = groups.filter(({ name }) => !WAITS.test(name))
const again: Group[] = []
const workers = Array.from({ length: availableParallelism() }, () => [
  worker(working, waiting),
  worker(waiting, working),
])
await Promise.all(workers.flat())
for (const group of again) count(await run(group), group)

if (paths.length === 0) console.log('no test file matches')
if (total.skipped > 0) console.log(`${total.skipped} skipped`)
console.log(`${total.passed} passed, ${total.failed} failed`)
process.exit(total.failed === 0 && total.passed > 0 ? 0 : 1)

/** The files that share a process, by the directory below `test` that they have in common. */
function groupsOf(paths: readonly string[]): readonly Group[] {
  const groups = new Map<string, string[]>()
  for (const path of paths) {
    const name = APART.test(path) ? path : path.split('/', 2).join('/')
    groups.set(name, [...(groups.get(name) ?? []), path])
  }
  return [...groups].map(([name, paths]) => (paths.length === 1 ? alone(paths[0] ?? name) : { name, paths }))
}

function alone(path: string): Group {
  return { name: path, paths: [path] }
}

/** Runs what waits in the first queue, then in the second. */
async function worker(own: Group[], others: Group[]): Promise<void> {
  for (
    let group = own.shift() ?? others.shift();
    group !== undefined;
    group = own.shift() ?? others.shift()
  ) {
    const outcome = await run(group)
    if (outcome.failed > 0 && (isFull || group.paths.length > 1)) {
      show(outcome, group, styleText('yellow', 'AGAIN'))
      if (group.paths.length > 1) own.unshift(...group.paths.map(alone))
      else again.push(group)
    } else count(outcome, group)
  }
}

function count(outcome: Outcome, group: Group): void {
  total.passed += outcome.passed
  total.failed += outcome.failed
  total.skipped += outcome.skipped
  show(outcome, group, outcome.failed === 0 ? styleText('green', 'ok  ') : styleText('red', 'FAIL'))
}

function show(outcome: Outcome, { name, paths }: Group, mark: string): void {
  const files = paths.length === 1 ? '' : `${paths.length} files, `
  console.log(`${mark} ${name} (${files}${outcome.passed} passed, ${outcome.seconds.toFixed(1)} s)`)
  if (outcome.failed > 0) console.log(onlyFailures(outcome.output).replace(/^/gm, '     '))
}

function run({ paths }: Group): Promise<Outcome> {
  const start = performance.now()
  const words = paths.length === 1 ? paths : [RUN_FILES, ...paths]
  const child = spawn(process.execPath, ['--import', 'tsx', ...words], {
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

/** uvu prints a dot a test, hundreds in some files, before what failed, and the names of files in which nothing did. */
function onlyFailures(output: string): string {
  return output
    .replace(/^(?:[•✘] )+ *(?:\(\d+ \/ \d+\))?\n*/gm, '')
    .replace(/^test\/\S+\n+(?=test\/| {2}Total:)/gm, '')
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
