/**
 * Runs the built auditor over any list of directories and prints, for each, what was read and what was not,
 * what was found, time and memory, and what is different from a former run.
 *
 *     npx tsx tools/measure-trees.ts [--output FILE] [--former FILE] [--list] DIRECTORY…
 *
 * `--output` keeps the run for a later `--former`; `--list` prints every warning and error.
 */
import { spawn } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import { parseArgs } from 'node:util'

interface Finding {
  readonly rule: string
  readonly severity: string
  readonly file: string
  readonly line: number
  readonly message: string
}

/** One directory's run, as it is kept. */
interface Run {
  readonly exitCode: number | null
  readonly seconds: number
  readonly megabytes: number
  /** How many files were read, by what they are read as. */
  readonly read: Readonly<Record<string, number>>
  /** How many were not, by reason. */
  readonly skipped: Readonly<Record<string, number>>
  readonly notices: Readonly<Record<string, number>>
  readonly findings: readonly Finding[]
  /** What was printed in place of a report. */
  readonly failure: string | null
}

type Runs = Readonly<Record<string, Run>>

const PROGRAM = resolve('dist/deploy-audit.js')

/** Written to the third descriptor when the program ends: Node tells no parent how much memory a child took. */
const METER = `import { writeSync } from 'node:fs'
process.on('exit', () => writeSync(3, String(process.resourceUsage().maxRSS)))`

/** Seconds after which a run is taken for a hang. */
const PATIENCE = 120

const { values, positionals } = readArguments()
if (!existsSync(PROGRAM)) {
  console.error(`${PROGRAM} is not there: npm run build`)
  process.exit(2)
}

function readArguments() {
  try {
    const given = parseArgs({
      options: {
        output: { type: 'string' },
        former: { type: 'string' },
        list: { type: 'boolean', default: false },
      },
      allowPositionals: true,
    })
    if (given.positionals.length > 0) return given
  } catch (error) {
    console.error((error as Error).message)
  }
  console.error('usage: measure-trees [--output FILE] [--former FILE] [--list] DIRECTORY…')
  process.exit(2)
}

const former: Runs = values.former === undefined ? {} : JSON.parse(readFileSync(values.former, 'utf8'))
const runs: Record<string, Run> = {}
for (const directory of positionals) {
  const name = basename(resolve(directory))
  const run = await measure(resolve(directory))
  runs[name] = run
  console.log(describe(name, run, former[name]))
}
console.log(total(runs))
if (values.output !== undefined) writeFileSync(values.output, `${JSON.stringify(runs, null, 1)}\n`)

async function measure(directory: string): Promise<Run> {
  const started = performance.now()
  const meter = `data:text/javascript,${encodeURIComponent(METER)}`
  const words = ['--import', meter, PROGRAM, '.', '-f', 'json', '--fail-on', 'never', '--no-config']
  const child = spawn(process.execPath, words, {
    cwd: directory,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    timeout: PATIENCE * 1000,
    killSignal: 'SIGKILL',
  })
  const texts = [1, 2, 3].map(async descriptor => {
    const chunks: Buffer[] = []
    for await (const chunk of child.stdio[descriptor] as NodeJS.ReadableStream) chunks.push(chunk as Buffer)
    return Buffer.concat(chunks).toString('utf8')
  })
  const exitCode = await new Promise<number | null>(done => child.on('close', done))
  const [out = '', errors = '', memory = ''] = await Promise.all(texts)
  const usage = {
    exitCode,
    seconds: Math.round((performance.now() - started) / 10) / 100,
    megabytes: Math.round(Number(memory) / 1024),
  }
  try {
    const { findings, notices, fileList } = JSON.parse(out)
    return {
      ...usage,
      read: countBy(fileList, (file: { as?: string }) => file.as ?? null),
      skipped: countBy(fileList, (file: { skipped?: string }) => file.skipped ?? null),
      notices: countBy(notices, ({ code }: { code: string }) => code),
      findings: findings.map(({ rule, severity, file, line, message }: Finding) => ({
        rule,
        severity,
        file,
        line,
        message,
      })),
      failure: null,
    }
  } catch {
    const failure = errors.trim().split('\n').at(-1) || `no report, exit code ${exitCode}`
    return { ...usage, read: {}, skipped: {}, notices: {}, findings: [], failure }
  }
}

function countBy<T>(items: readonly T[] = [], keyOf: (item: T) => string | null): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const item of items) {
    const key = keyOf(item)
    if (key !== null) counts[key] = (counts[key] ?? 0) + 1
  }
  return counts
}

function describe(name: string, run: Run, before: Run | undefined): string {
  const head = `${name}: ${run.seconds} s, ${run.megabytes} MB`
  if (run.failure !== null) return `${head}, ${run.failure}${difference(run, before)}`
  const loud = run.findings.filter(({ severity }) => severity !== 'info')
  const lines = [
    head,
    `  read ${counted(run.read)}; skipped ${counted(run.skipped)}; notices ${counted(run.notices)}`,
    `  ${counted(countBy(run.findings, ({ severity }) => severity))}`,
    ...Object.entries(countBy(loud, ({ severity, rule }) => `${severity} ${rule}`)).map(
      ([kind, count]) => `    ${count} ${kind}`,
    ),
    ...(values.list ? loud.map(finding => `    ${findingLine(finding)}`) : []),
  ]
  return lines.join('\n') + difference(run, before)
}

function findingLine({ severity, rule, file, line, message }: Finding): string {
  return `${file}:${line}: ${severity}[${rule}] ${message}`
}

/** What is new and what is gone, not counting lines that moved. */
function difference(run: Run, before: Run | undefined): string {
  if (before === undefined) return ''
  const keyOf = ({ severity, rule, file, message }: Finding): string =>
    `${severity}[${rule}] ${file}: ${message}`
  const now = run.findings.map(keyOf)
  const then = before.findings.map(keyOf)
  return [
    ...without(now, then).map(key => `\n  + ${key}`),
    ...without(then, now).map(key => `\n  - ${key}`),
  ].join('')
}

/** Those of `items` that `others` has not, each as often as it is missing. */
function without(items: readonly string[], others: readonly string[]): readonly string[] {
  const left = countBy(others, key => key)
  return items.filter(key => {
    const count = left[key] ?? 0
    left[key] = count - 1
    return count <= 0
  })
}

function counted(counts: Readonly<Record<string, number>>): string {
  const parts = Object.entries(counts).map(([key, count]) => `${count} ${key}`)
  return parts.length === 0 ? 'none' : parts.join(', ')
}

function total(runs: Runs): string {
  const all = Object.values(runs)
  const findings = all.flatMap(run => run.findings)
  const kinds = Object.entries(countBy(findings, ({ severity, rule }) => `${severity} ${rule}`))
  kinds.sort(([, a], [, b]) => b - a)
  const failed = Object.entries(runs).filter(([, { failure }]) => failure !== null)
  return [
    `${all.length} directories, ${counted(countBy(findings, ({ severity }) => severity))}`,
    ...kinds.map(([kind, count]) => `  ${count} ${kind}`),
    ...failed.map(([name, { failure }]) => `  no report of ${name}: ${failure}`),
  ].join('\n')
}
