/** Holds the arrows between the directories (`.dependency-cruiser.cjs`), and fails where nothing was read. */
import { spawnSync } from 'node:child_process'

const run = spawnSync(
  'npx',
  ['depcruise', '--config', '.dependency-cruiser.cjs', '--output-type', 'json', 'parsers', 'src', 'rules'],
  { encoding: 'utf8', maxBuffer: 1 << 28 },
)
if (run.error !== undefined) throw run.error

interface Summary {
  readonly totalCruised: number
  readonly totalDependenciesCruised: number
  readonly violations: readonly {
    readonly from: string
    readonly to: string
    readonly rule: { readonly name: string; readonly severity: string }
  }[]
}
const { summary } = JSON.parse(run.stdout) as { summary: Summary }

const errors = summary.violations.filter(violation => violation.rule.severity === 'error')
for (const { from, to, rule } of errors) console.error(`${rule.name}: ${from} imports ${to}`)

// With a TypeScript that dependency-cruiser cannot drive, it cruises nothing and passes everything.
if (summary.totalCruised < 10 || summary.totalDependenciesCruised < 10) {
  console.error(`only ${summary.totalCruised} modules were read: the check itself is broken`)
  process.exit(1)
}
console.log(
  `${summary.totalCruised} modules, ${summary.totalDependenciesCruised} dependencies, ${errors.length} forbidden`,
)
process.exit(errors.length === 0 ? 0 : 1)
