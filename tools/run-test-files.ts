/**
 * Runs test files in one process, which loads once what they share: `tsx tools/run-test-files.ts PATH…`. Ends with 1
 * where a test fails or a file holds none.
 */
import { resolve } from 'node:path'
import { run } from 'uvu/run'

const paths = process.argv.slice(2)
await run(paths.map(path => ({ name: path, file: resolve(path) })))

/** What uvu keeps of the files: by now their tests, which have run, without the names. */
const ran: readonly (readonly unknown[])[] = (globalThis as { UVU_QUEUE?: unknown[][] }).UVU_QUEUE ?? []
const empty = paths.filter((_, index) => (ran[index] ?? []).length === 0)
if (empty.length > 0) {
  console.error(`no test in ${empty.join(', ')}`)
  process.exit(1)
}
