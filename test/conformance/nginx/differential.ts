/**
 * Asks the installed nginx and this model about thousands of small mutations of good configurations, and
 * prints where they disagree: `tsx test/conformance/nginx/differential.ts [--count N] [--seed S] [--modules DIR]`.
 */
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { nginxDirective } from '../../../src/servers/nginx/directives.ts'
import { askModel, type Bench, prepareBench, type Verdict } from './differential/ask.ts'
import { type Base, MODULES, readBases } from './differential/bases.ts'
import { mutate, seededRandom } from './differential/mutate.ts'

export interface Comparison {
  readonly base: string
  readonly kind: string
  readonly text: string
  readonly nginx: Verdict
  readonly model: Verdict
  readonly outcome: 'same' | 'environment' | 'verdict' | 'place'
}

export interface DifferentialResult {
  readonly comparisons: readonly Comparison[]
  /** Of those that the configuration alone decides, the share on which both agree. */
  readonly agreement: number
  readonly bases: readonly Base[]
}

export interface DifferentialOptions {
  readonly count: number
  readonly seed: number
  readonly modules?: string
  readonly version: string
}

/** Two nginx at a time, each in a directory of its own. Null where the directories cannot be prepared. */
export async function runDifferential(options: DifferentialOptions): Promise<DifferentialResult | null> {
  const benches = [prepareBench(), prepareBench()]
  try {
    const random = seededRandom(options.seed)
    const [first, second] = benches
    if (first === null || second === null || first === undefined || second === undefined) return null
    const bases: Base[] = []
    for (const base of readBases(options.modules ?? MODULES))
      if ((await first.ask(base.text)).accepts) bases.push(base)
    const queue: { base: string; kind: string; text: string }[] = []
    while (queue.length < options.count) {
      const base = bases[Math.floor(random() * bases.length)]
      const mutant = base === undefined ? null : mutate(base.text, random)
      if (base !== undefined && mutant !== null) queue.push({ base: base.name, ...mutant })
    }
    const comparisons: Comparison[] = []
    const work = async (bench: Bench): Promise<void> => {
      for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
        const nginx = await bench.ask(next.text)
        const model = askModel(next.text, options.version)
        comparisons.push({ ...next, nginx, model, outcome: compare(nginx, model) })
      }
    }
    await Promise.all([work(first), work(second)])
    const decided = comparisons.filter(({ outcome }) => outcome !== 'environment')
    const same = decided.filter(({ outcome }) => outcome === 'same')
    return { comparisons, agreement: same.length / Math.max(1, decided.length), bases }
  } finally {
    for (const bench of benches) bench?.remove()
  }
}

/** What hangs on the machine and not on the configuration: names, addresses, users, rights, memory. */
const ENVIRONMENT =
  /host not found|bind\(\) to|getpwnam|getgrnam|mkdir\(\)|chown\(|(?:open|rename)\(\) ".*" failed \((?!2:)|open\(\) ".*" failed \(2: No such file or directory\)$|dlopen\(\)|setsockopt|socket\(\) |could not build|is unsupported on this platform|mmap\(|not enough memory|chdir\(|sched_setaffinity|setpriority|SSL_CTX_|SSL: error|ENGINE_by_id|cannot load|could not allocate|too many|in resolver|could not be resolved/

function compare(nginx: Verdict, model: Verdict): Comparison['outcome'] {
  if (nginx.accepts && model.accepts) return 'same'
  if (!nginx.accepts && nginx.place === null && ENVIRONMENT.test(nginx.message) && model.accepts)
    return 'environment'
  // A directive of a module that this nginx was built without.
  const unbuilt = /^unknown directive "(\w+)"/.exec(nginx.message)?.[1]
  if (unbuilt !== undefined && nginxDirective(unbuilt).length > 0) return 'environment'
  if (!nginx.accepts && ENVIRONMENT.test(nginx.message)) return model.accepts ? 'environment' : 'same'
  if (nginx.accepts !== model.accepts) return 'verdict'
  if (nginx.place === null || model.place === null) return 'same'
  const sameFile = nginx.place.file === model.place.file
  const lines = [model.place.line, ...model.lines]
  return sameFile && lines.includes(nginx.place.line) ? 'same' : 'place'
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      count: { type: 'string', default: '5000' },
      seed: { type: 'string', default: '1' },
      modules: { type: 'string', default: MODULES },
      show: { type: 'string', default: '40' },
    },
  })
  const started = performance.now()
  const options = { count: Number(values.count), seed: Number(values.seed), modules: values.modules }
  const result = await runDifferential({ ...options, version: '1.22.1' })
  if (result === null) {
    console.error('no certificate could be made: openssl is missing')
    return 1
  }
  const counts = { same: 0, environment: 0, verdict: 0, place: 0 }
  let shown = 0
  for (const comparison of result.comparisons) {
    counts[comparison.outcome]++
    if (comparison.outcome === 'same' || comparison.outcome === 'environment') continue
    if (shown++ < Number(values.show)) print(comparison)
  }
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  console.log(
    `${result.comparisons.length} mutants of ${result.bases.length} configurations, seed ${options.seed}, ${seconds} s: ${counts.same} alike, ` +
      `${counts.environment} that hang on the machine, ${counts.verdict} with another verdict, ` +
      `${counts.place} at another line; agreement ${(result.agreement * 100).toFixed(2)}%`,
  )
  return 0
}

function print({ base, kind, text, nginx, model, outcome }: Comparison): void {
  const line = nginx.place?.line ?? model.place?.line ?? 1
  const lines = text.split('\n')
  console.log(`\n${outcome} [${base}] ${kind}`)
  console.log(`  nginx: ${nginx.accepts ? 'accepts' : JSON.stringify(nginx.message).slice(0, 200)}`)
  console.log(
    `  here:  ${model.accepts ? 'accepts' : `${model.message.slice(0, 200)} (line ${model.place?.line})`}`,
  )
  for (let at = Math.max(0, line - 2); at < Math.min(lines.length, line + 1); at++)
    console.log(`  ${at + 1}| ${JSON.stringify(lines[at] ?? '').slice(0, 160)}`)
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) process.exitCode = await main()
