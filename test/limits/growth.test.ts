import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { runIn } from '../cli/harness.ts'
import { scratchTree } from '../files/scratch-tree.ts'
import { GROWING, type GrowingInput } from './hostile-inputs.ts'

/** Milliseconds that a busy machine adds now and then. */
const NOISE = 400

async function timeOf({ files, words = ['-f', 'concise'] }: GrowingInput, size: number): Promise<number> {
  const directory = scratchTree(files(size))
  const started = performance.now()
  const { code, errors } = await runIn(directory, [...words, '.'])
  const time = performance.now() - started
  assert.ok([0, 1, 4].includes(code), `exit ${code}: ${errors.join('\n')}`)
  assert.not.match(errors.join('\n'), /defect/)
  return time
}

/** What else the machine does falls on one of two runs. */
async function bestOf(input: GrowingInput, size: number): Promise<number> {
  const first = await timeOf(input, size)
  return first < NOISE ? first : Math.min(first, await timeOf(input, size))
}

for (const input of GROWING) {
  test(`time grows near linearly: ${input.name}`, async () => {
    const { size } = input
    await timeOf(input, size)
    const [second, fourth] = [await bestOf(input, 2 * size), await bestOf(input, 4 * size)]
    assert.ok(
      fourth <= 3 * second + NOISE,
      `${2 * size}: ${second.toFixed()} ms, ${4 * size}: ${fourth.toFixed()} ms`,
    )
  })
}

test.run()
