import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'

export interface Measurement {
  /** Milliseconds of wall time. */
  readonly time: number
  /** Peak resident memory in MiB, of the process itself. */
  readonly memory: number
  readonly status: number | null
  readonly output: string
}

/** Runs a command once and watches its high-water mark of resident memory (Linux's `VmHWM`). */
export function measure(command: readonly string[], env = process.env): Promise<Measurement> {
  const [program = '', ...args] = command
  return new Promise((resolve, reject) => {
    const started = process.hrtime.bigint()
    const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
    let memory = 0
    let output = ''
    const collect = (chunk: Buffer) => {
      if (output.length < 4000) output += chunk.toString('utf8')
    }
    child.stdout.on('data', collect)
    child.stderr.on('data', collect)
    const poll = setInterval(() => {
      try {
        const status = readFileSync(`/proc/${child.pid}/status`, 'utf8')
        memory = Math.max(memory, Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0))
      } catch {
        // The process has ended between two looks.
      }
    }, 4)
    child.on('error', reject)
    child.on('close', status => {
      clearInterval(poll)
      resolve({
        time: Number(process.hrtime.bigint() - started) / 1e6,
        memory: memory / 1024,
        status,
        output,
      })
    })
  })
}

/** The run with the median time of several, after one that warms the page cache. */
export async function median(
  command: readonly string[],
  runs: number,
  env = process.env,
): Promise<Measurement> {
  await measure(command, env)
  const measurements: Measurement[] = []
  for (let run = 0; run < runs; run++) measurements.push(await measure(command, env))
  measurements.sort((a, b) => a.time - b.time)
  const middle = measurements[runs >> 1]
  if (middle === undefined) throw new RangeError('at least one run')
  return { ...middle, memory: Math.max(...measurements.map(({ memory }) => memory)) }
}
