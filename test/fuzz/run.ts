/**
 * Fuzzes for as long as one likes: `npx tsx test/fuzz/run.ts [FIRST-SEED] [HOW-MANY]`, without end where no
 * number is given. A seed that shows a fault belongs into `found.ts`.
 */
import { checkTree } from './check-tree.ts'

const [first = Date.now() % 1_000_000_000, count = Number.POSITIVE_INFINITY] = process.argv
  .slice(2)
  .map(Number)
let faults = 0
for (let seed = first; seed < first + count; seed++) {
  const fault = await checkTree(seed)
  if (fault === null) continue
  faults++
  console.error(fault)
}
console.log(`${count} trees from seed ${first}, ${faults} faults`)
process.exit(faults === 0 ? 0 : 1)
