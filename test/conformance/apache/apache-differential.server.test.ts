import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { runDifferential } from './differential.ts'

test('mutants of real configurations are judged as apache2 -t judges them', async () => {
  const { total, refused, disagreements } = await runDifferential(250, 20261124)
  const shown = disagreements.map(({ base, kind, httpd, ours }) =>
    [base, kind, httpd.line, httpd.message.trim(), ours.line, ours.message].join(' | '),
  )
  assert.ok(total >= 240, `only ${total} could be compared`)
  // Where the server takes everything, or nothing, agreeing shows little.
  assert.ok(refused > 50 && refused < 220, `${refused} are refused`)
  assert.ok(disagreements.length <= total * 0.015, shown.join('\n'))
  const falseAlarms = disagreements.filter(({ kind }) => kind === 'refuses what httpd accepts')
  assert.equal(
    falseAlarms.map(({ ours }) => ours.message),
    [],
  )
})

test.run()
