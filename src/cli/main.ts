#!/usr/bin/env node
import { setFlagsFromString } from 'node:v8'
import { systemReason } from '../files/system-reason.ts'
import { toolVersion } from './tool-version.ts'

const words = process.argv.slice(2)

/** Says in one line why nothing more can be done, as far as that can be said, and ends. */
function giveUp(reason: string, error: unknown): never {
  try {
    process.stderr.write(`deploy-audit: ${reason}: ${systemReason(error)}\n`)
  } catch {
    // It is standard error itself that is full.
  }
  process.exit(2)
}

// A pipe that closed early (`| head`) is no fault of this program's.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit()
  giveUp('standard output cannot be written', error)
})
process.stderr.on('error', () => process.exit(2))

/** Where the program was started, which may be gone. */
function workingDirectory(): string {
  try {
    return process.cwd()
  } catch (error) {
    return giveUp('the working directory cannot be read', error)
  }
}

function write(stream: NodeJS.WriteStream, text: string): void {
  try {
    stream.write(text)
  } catch (error) {
    giveUp('the output cannot be written', error)
  }
}

/** One line of standard error that is written again and again; nothing is taken away where nothing was shown. */
function progressLine(): (text: string | null) => void {
  let isShown = false
  return text => {
    if (text === null && !isShown) return
    isShown = text !== null
    write(process.stderr, `\r\u001b[K${text?.slice(0, (process.stderr.columns ?? 80) - 1) ?? ''}`)
  }
}

/** What tells V8 to wait some five times as long, by its version: each names it otherwise, and warns of what it does not know. */
const LATER: ReadonlyMap<string, string> = new Map([
  ['10.2', '--interrupt-budget=600000'],
  ['11.3', '--interrupt-budget=300000'],
  ['12.4', '--invocation-count-for-turbofan=15000'],
  ['13.6', '--invocation-count-for-turbofan=15000'],
])

/**
 * V8 optimises each function that has run a while, and of this program those are a thousand: compiling them takes
 * longer than what they save before it ends.
 */
function tuneForShortRun(): void {
  const [major, minor] = process.versions.v8.split('.')
  const flag = LATER.get(`${major}.${minor}`)
  if (flag === undefined) return
  setFlagsFromString(flag)
  // Room for what lives shortly grows at once to what even a small deployment fills, not in five collections.
  setFlagsFromString('--semi-space-growth-factor=4')
}

/** A function, since a single executable has no `await` outside of one. */
async function start(): Promise<void> {
  if (words.length === 1 && words[0] === '--version') {
    // Nothing else is loaded: hooks and installers ask this often.
    write(process.stdout, `${toolVersion()}\n`)
  } else {
    const directory = workingDirectory()
    const { run } = await import('./run.ts')
    tuneForShortRun()
    process.exitCode = await run(words, {
      workingDirectory: directory,
      environment: process.env,
      isInteractive: process.stdout.isTTY === true,
      columns: process.stdout.columns,
      readInput: async maximum => {
        const chunks: Buffer[] = []
        let total = 0
        for await (const chunk of process.stdin) {
          total += (chunk as Buffer).length
          chunks.push(chunk as Buffer)
          // What comes behind it is not waited for: it may never end.
          if (total > maximum) return { bytes: Buffer.concat(chunks).subarray(0, maximum), isWhole: false }
        }
        return { bytes: Buffer.concat(chunks), isWhole: true }
      },
      // Emacs runs programs on a terminal that knows no control sequence.
      ...(process.stderr.isTTY === true && process.env.TERM !== 'dumb' && { progress: progressLine() }),
      print: text => write(process.stdout, text),
      warn: line => write(process.stderr, `${line}\n`),
    })
    // Once all text is out there is no need to take a large heap apart, object by object.
    process.stdout.write('', failure => {
      if (failure == null) process.stderr.write('', () => process.exit())
    })
  }
}

void start()
