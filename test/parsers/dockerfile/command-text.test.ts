import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { withoutModes } from '../../../parsers/dockerfile/command-text.ts'

test('what makes a script executable does not run it', () => {
  for (const [step, left] of [
    ['chmod +x /entrypoint.sh', ' true '],
    ['chmod 755 a.sh "b.sh" && apt-get install -y x', ' true && apt-get install -y x'],
    ['apt-get update && chmod +x /a.sh && ./a.sh', 'apt-get update && true && ./a.sh'],
    [String.raw`sed -i 's/\r$//' /a.sh; dos2unix /b.sh`, ' true ; true '],
    ['set -eux;\n chmod u+x,g+x /a.sh', 'set -eux;\n chmod u+x,g+x /a.sh'],
  ] as const)
    assert.is(withoutModes(step), left)
})

test('of anything else nothing is taken away', () => {
  for (const step of [
    'chmod -R 777 /var/www',
    'chmod +x /a.sh > /b',
    'chmod +x $(ls *.sh)',
    'sh a.sh',
    './a.sh',
  ])
    assert.is(withoutModes(step), step)
})

test.run()
