import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Example, RuleDefinition } from '../../src/engine/rule.ts'
import { readDeploymentPair } from '../ten-deployments.ts'
import type { DeploymentCase, LiveAnswer, LiveCase, LiveQuestion } from './live-case.ts'
import { startStack } from './stack.ts'

/** Registers one test a case: the running servers show the harm on the bad example and none on the good one. */
export function prove(cases: readonly LiveCase[]): void {
  for (const live of cases) {
    test(`${live.rule}: ${live.shows}`, async () => {
      await proveRule(await loadRule(live.rule), live)
    })
  }
}

/** Runs the servers on the bad and on the good example of a case; throws where they show something else. */
export async function proveRule({ bad, good }: RuleDefinition, live: LiveCase): Promise<void> {
  await compare(live, pick(bad, live.examples?.bad, live.rule), pick(good, live.examples?.good, live.rule))
}

/** The same for deployments of `test/corpus/ten`. */
export function proveDeployments(cases: readonly DeploymentCase[]): void {
  for (const live of cases) {
    test(`${live.deployment}: ${live.shows}`, async () => {
      const { broken, repaired } = readDeploymentPair(live.deployment)
      await compare(live, { title: 'broken', files: broken }, { title: 'repaired', files: repaired })
    })
  }
}

async function compare(live: LiveQuestion, bad: Example, good: Example): Promise<void> {
  await ask(live, bad, async answer => {
    assert.ok(await live.harm(answer), `no harm on the bad example "${bad.title}": ${describe(answer)}`)
  })
  await ask(live, good, async answer => {
    const sound = live.sound === undefined ? !(await live.harm(answer)) : await live.sound(answer)
    assert.ok(sound, `the good example "${good.title}" is not sound: ${describe(answer)}`)
  })
}

export async function loadRule(id: string): Promise<RuleDefinition> {
  const module = (await import(`../../rules/${id}.ts`)) as { default: RuleDefinition }
  return module.default
}

function pick(examples: readonly Example[], index = 0, rule: string): Example {
  const example = examples[index]
  if (example === undefined) throw new RangeError(`${rule} has no example ${index}`)
  return example
}

async function ask(
  live: LiveQuestion,
  example: Example,
  look: (answer: LiveAnswer) => Promise<void>,
): Promise<void> {
  const files = Object.fromEntries(
    Object.entries({ ...example.files, ...live.files }).map(([path, text]) => [
      path,
      text.replaceAll(/[«»]/g, ''),
    ]),
  )
  const { hosts = {}, mirrors = [] } = live
  const stack = await startStack({ files, modes: example.modes ?? {}, hosts, mirrors })
  try {
    const response = await stack.request(live.request)
    await look({
      refused: stack.refused,
      response,
      log: stack.log(),
      logNow: () => stack.log(),
      request: request => stack.request(request),
    })
  } finally {
    await stack.stop()
  }
}

function describe({ refused, response, log }: LiveAnswer): string {
  return JSON.stringify(
    {
      refused,
      status: response.status,
      headers: response.headers,
      body: response.body.slice(0, 400),
      failure: response.failure,
      log: log.slice(-1200),
    },
    null,
    1,
  )
}
