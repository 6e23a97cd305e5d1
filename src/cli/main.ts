#!/usr/bin/env node
import { toolVersion } from './tool-version.ts'

const words = process.argv.slice(2)

// A pipe that closed early (`| head`) is no fault of this program's.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit()
  process.stderr.write(`deploy-audit: standard output cannot be written: ${error.code ?? error.message}\n`)
  process.exit(2)
})

if (words.length === 1 && words[0] === '--version') {
  // Nothing else is loaded: hooks and installers ask this often.
  process.stdout.write(`${toolVersion()}\n`)
} else {
  const { run } = await import('./run.ts')
  process.exitCode = await run(words, {
    workingDirectory: process.cwd(),
    environment: process.env,
    isInteractive: process.stdout.isTTY === true,
    columns: process.stdout.columns,
    readInput: async () => {
      const chunks: Buffer[] = []
      for await (const chunk of process.stdin) chunks.push(chunk as Buffer)
      return Buffer.concat(chunks)
    },
    print: text => {
      process.stdout.write(text)
    },
    warn: line => {
      process.stderr.write(`${line}\n`)
    },
  })
  // Once all text is out there is no need to take a large heap apart, object by object.
  process.stdout.write('', failure => {
    if (failure == null) process.stderr.write('', () => process.exit())
  })
}
