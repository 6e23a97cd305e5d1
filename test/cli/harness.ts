import type { Terminal } from '../../src/cli/terminal.ts'
import { run } from '../../src/cli/run.ts'

export interface Outcome {
  readonly code: number
  readonly out: string
  /** Lines of standard error. */
  readonly errors: readonly string[]
}

/** Runs one command line in a directory, in this process. */
export async function runIn(
  workingDirectory: string,
  words: readonly string[],
  given: Partial<Terminal> & { readonly input?: string } = {},
): Promise<Outcome> {
  let out = ''
  const errors: string[] = []
  const code = await run(words, {
    workingDirectory,
    environment: {},
    isInteractive: false,
    columns: undefined,
    readInput: async maximum => {
      const bytes = Buffer.from(given.input ?? '')
      return { bytes: bytes.subarray(0, maximum), isWhole: bytes.length <= maximum }
    },
    print: text => {
      out += text
    },
    warn: line => {
      errors.push(line)
    },
    ...given,
  })
  return { code, out, errors }
}
