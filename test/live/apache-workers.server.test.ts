import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { mpm } from '../../src/servers/apache/queries/mpm.ts'
import { choices } from './apache-random.ts'
import { askApache, writeApache } from './apache-server.ts'
import { understandApache } from './apache-understand.ts'

const CONFIGURATIONS = 45

/** `decreasing to 400` and its like, of the lines that speak of what the workers become. */
function corrections(stderr: string): readonly number[] {
  return stderr
    .split('\n')
    .filter(line => /ThreadsPerChild of \d+ exceeds|MaxRequestWorkers of \d+ (?:is|would|exceeds)/.test(line))
    .map(line => Number(/creasing (?:MaxRequestWorkers )?to (?:nearest multiple )?(\d+)/.exec(line)?.[1]))
}

test('httpd corrects the same numbers to the same numbers', () => {
  const choice = choices(20264)
  let corrected = 0
  for (let index = 0; index < CONFIGURATIONS; index++) {
    const kind = choice.pick(['event', 'worker', 'prefork'])
    const lines = [
      ['ServerLimit', [0, 1, 4, 16, 40, 300]],
      ['MaxRequestWorkers', [1, 7, 40, 150, 400, 1000]],
      ...(kind === 'prefork'
        ? []
        : [['ThreadsPerChild', [1, 10, 25, 64, 100]] as const, ['ThreadLimit', [1, 20, 200]] as const]),
    ] as const
    const written = lines
      .filter(() => choice.chance(0.6))
      .map(([name, values]) => `${name} ${choice.pick<number>(values)}`)
    const prefix = writeApache({
      mpm: kind,
      configuration: ['Listen 127.0.0.1:18080', 'ServerName x', ...written].join('\n'),
    })
    try {
      const { status, stderr } = askApache(prefix, ['-t'])
      assert.is(status, 0, stderr)
      const fact = mpm(understandApache(prefix))
      assert.ok(fact.known && fact.value.capacity.known)
      const ours = fact.value.capacity.value.corrections.map(({ to }) => to)
      assert.equal(ours, corrections(stderr), `${kind}: ${written.join(', ')}\n${stderr}`)
      corrected += ours.length
    } finally {
      prefix.remove()
    }
  }
  assert.ok(corrected > CONFIGURATIONS / 2, `${corrected} corrections`)
})

test.run()
