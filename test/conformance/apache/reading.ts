/** Compares the reading of generated configurations with the real httpd's: `reading.ts [--count N] [--seed S]`. */
import { parseArgs } from 'node:util'
import { compareReading } from './compare-reading.ts'

const { values } = parseArgs({
  options: { count: { type: 'string', default: '3000' }, seed: { type: 'string', default: '1' } },
})
const count = Number(values.count)
const first = Number(values.seed)
let disagreements = 0
for (let seed = first; seed < first + count; seed++) {
  const difference = compareReading(seed)
  if (difference === null) continue
  disagreements++
  console.log(difference)
}
console.log(`${count - disagreements} of ${count} agree`)
process.exitCode = disagreements === 0 ? 0 : 1
