/**
 * `npm start [-- PATH…]`: audits the bundled `examples/broken`, or what is named, with the built program.
 * A tour: what it finds does not make it fail.
 */
import { spawnSync } from 'node:child_process'

const words = process.argv.slice(2)
const asked = words.length > 0 ? words : ['examples/broken']

console.error(`$ deploy-audit ${asked.join(' ')}\n`)
const run = spawnSync(process.execPath, ['dist/deploy-audit.js', '--fail-on', 'never', ...asked], {
  stdio: 'inherit',
})
process.exitCode = run.status ?? 3
