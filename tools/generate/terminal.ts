import { run } from '../../src/cli/run.ts'
import type { GeneratedFile } from '../generated-file.ts'
import { renderTerminal } from '../render-terminal.ts'

/** Three faults of three families: what the README shows first. */
const SHOWN = [
  'topology/upstream-port-not-listened',
  'canonical-url/redirect-uri-injection',
  'forwarded-headers/duplicated',
]

const COLUMNS = 110

/** What a terminal shows of `examples/broken`, as a picture. */
export async function generateTerminal(): Promise<readonly GeneratedFile[]> {
  let printed = ''
  const only = SHOWN.flatMap(rule => ['--only', rule])
  await run(['examples/broken', '--no-config', '--color', 'always', ...only], {
    workingDirectory: process.cwd(),
    environment: {},
    isInteractive: true,
    columns: COLUMNS,
    readInput: async () => ({ bytes: Buffer.of(), isWhole: true }),
    print: text => {
      printed += text
    },
    warn: line => {
      throw new Error(line)
    },
  })
  const text = `$ deploy-audit examples/broken\n\n${printed}`
  return [{ path: 'docs/terminal.svg', content: renderTerminal(text, COLUMNS) }]
}
