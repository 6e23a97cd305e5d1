import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'

export interface Measurement {
  /** Milliseconds of wall time. */
  readonly time: number
  /** Milliseconds of all its threads on a processor, as far as the last look saw them. */
  readonly cpu: number
  /** Peak resident memory in MiB, of the process itself. */
  readonly memory: number
  readonly status: number | null
  readonly output: string
}

/** Linux counts the processor's time in hundredths of a second. */
const MILLISECONDS_A_TICK = 10

/** Runs a command once and watches its high-water mark of resident memory (Linux's `VmHWM`). */
export function measure(command: readonly string[], env = process.env): Promise<Measurement> {
  const [program = '', ...args] = command
  return new Promise((resolve, reject) => {
    const started = process.hrtime.bigint()
    const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
    let memory = 0
    let cpu = 0
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
        const stat = readFileSync(`/proc/${child.pid}/stat`, 'utf8')
          .replace(/^.*\) /s, '')
          .split(' ')
        cpu = Math.max(cpu, (Number(stat[11]) + Number(stat[12])) * MILLISECONDS_A_TICK)
      } catch {
        // The process has ended between two looks.
      }
    }, 4)
    child.on('error', reject)
    child.on('close', status => {
      clearInterval(poll)
      resolve({
        time: Number(process.hrtime.bigint() - started) / 1e6,
        cpu,
        memory: memory / 1024,
        status,
        output,
      })
    })
  })
}

export interface Command {
  readonly command: readonly string[]
  readonly env?: NodeJS.ProcessEnv
  /** Exit codes of a run that measured what it was meant to; 0 where left out. */
  readonly statuses?: readonly number[]
}

/**
 * The median runs of several commands, after one each that warms the page cache. They take turns, so that
 * what else the machine does falls on all of them; where it is busy, rounds after `limit` milliseconds are
 * left out, but never the first three.
 */
export async function medians(
  commands: readonly Command[],
  runs: number,
  limit = Number.POSITIVE_INFINITY,
): Promise<readonly Measurement[]> {
  for (const each of commands) await run(each)
  const started = performance.now()
  const all: Measurement[][] = commands.map(() => [])
  for (let round = 0; round < runs; round++) {
    if (round >= 3 && performance.now() - started > limit) break
    for (const [index, each] of commands.entries()) all[index]?.push(await run(each))
  }
  return all.map(medianOf)
}

/** A figure of a run that failed would be a figure of something else. */
async function run({ command, env, statuses = [0] }: Command): Promise<Measurement> {
  const measurement = await measure(command, env)
  if (measurement.status === null || !statuses.includes(measurement.status)) {
    throw new Error(`${command.join(' ')}: exit ${measurement.status}:\n${measurement.output}`)
  }
  return measurement
}

/** The run with the median wall time, with the highest memory of all. */
function medianOf(measurements: readonly Measurement[]): Measurement {
  const middle = measurements.toSorted((a, b) => a.time - b.time)[measurements.length >> 1]
  if (middle === undefined) throw new RangeError('at least one run')
  return { ...middle, memory: Math.max(...measurements.map(({ memory }) => memory)) }
}
