/**
 * Tries rules as all the tests together would, in a minute or two in place of a quarter of an hour:
 * `npm run check-rule -- tls/session-tickets…`. As root: its live cases start servers.
 */
import { spawnSync } from 'node:child_process'
import { loadCases } from '../test/live/load-cases.ts'
import { loadRules } from './load-rules.ts'

const ids = process.argv.slice(2)
const known = new Set((await loadRules()).map(({ rule }) => rule.id))
const unknown = ids.filter(id => !known.has(id))
if (ids.length === 0 || unknown.length > 0) {
  console.error(
    unknown.length > 0
      ? `no rule is called ${unknown.join(', ')}`
      : 'usage: npm run check-rule -- GROUP/NAME…',
  )
  process.exit(2)
}

/** Groups with a live case of one of them; not every rule can be shown on loopback. */
const groups = new Set(
  (await loadCases())
    .filter(({ rule }) => ids.includes(rule))
    .map(({ rule }) => rule.slice(0, rule.indexOf('/'))),
)

/**
 * The tests of these rules alone: examples, fixes, growth over all bad examples, many sites of which few are looked at,
 * what servers accept, live cases.
 */
const ofRules = [
  'test/rules/examples',
  'test/rules/fixes',
  'test/limits/rule-growth',
  'test/alike/examples',
  'test/live/examples-accepted',
  ...[...groups].map(group => `test/live/rules-${group}.`),
]

/** The tests that any rule may break for all. */
const ofAll = [
  'test/rules/severities',
  'test/live/coverage',
  'test/limits/failures',
  'test/cli/rules',
  'test/engine',
]

let worst = 0
for (const [parts, env] of [
  [ofRules, { RULES: ids.join(',') }],
  [ofAll, {}],
] as const) {
  const { status } = spawnSync(
    process.execPath,
    ['--import', 'tsx', 'tools/run-tests.ts', '--full', ...parts],
    { stdio: 'inherit', env: { ...process.env, ...env } },
  )
  worst = Math.max(worst, status ?? 1)
}
process.exit(worst)
