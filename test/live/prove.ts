import { setTimeout } from 'node:timers/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Example, RuleDefinition } from '../../src/engine/rule.ts'
import { isChosen } from '../rules/chosen-rules.ts'
import { fixExample } from '../rules/fix-example.ts'
import { readDeploymentPair } from '../ten-deployments.ts'
import {
  type DeploymentCase,
  exampleOf,
  type LiveAnswer,
  type LiveCase,
  type LiveQuestion,
} from './live-case.ts'
import type { LiveResponse } from './request.ts'
import { type Stack, startStack } from './stack.ts'

/**
 * Registers one test a case: the running servers show the harm on the bad example and none on the good one, nor on
 * the bad one with its fix applied.
 */
export function prove(cases: readonly LiveCase[]): void {
  for (const live of cases.filter(({ rule }) => isChosen(rule))) {
    test(`${live.rule}: ${live.shows}`, async () => {
      await proveRule(await loadRule(live.rule), live)
    })
  }
}

/** Runs the servers on the examples of a case; throws where they show something else. */
export async function proveRule(rule: RuleDefinition, live: LiveCase): Promise<void> {
  const bad = pick(rule.bad, live.examples.bad, live.rule)
  const good = pick(rule.good, live.examples.good, live.rule)
  const before = await showHarm(live, bad)
  const after = await showSound(live, good)
  const fixed = await fixExample({ ...rule, id: live.rule }, bad)
  if (fixed === null) return
  const { files } = fixed
  // What a fix writes is often the good example itself, which has just been tried.
  const served = isSame(files, good.files) ? after : await showSound(live, { ...bad, title: 'fixed', files })
  for (const [url, answer] of before)
    assert.is(served.get(url), answer, `${url} before and after the fix of "${bad.title}"`)
}

/** The same for deployments of `test/corpus/ten`, which are repaired by hand. */
export function proveDeployments(cases: readonly DeploymentCase[]): void {
  for (const live of cases) {
    test(`${live.deployment}: ${live.shows}`, async () => {
      const { broken, repaired } = readDeploymentPair(live.deployment)
      await showHarm(live, { title: 'broken', files: broken })
      await showSound(live, { title: 'repaired', files: repaired })
    })
  }
}

/** What ordinary requests get, by URL. */
type Served = ReadonlyMap<string, string>

async function showHarm(live: LiveQuestion, example: Example): Promise<Served> {
  return ask(live, example, async answer => {
    assert.ok(await live.harm(answer), `no harm on the bad example "${example.title}": ${describe(answer)}`)
  })
}

async function showSound(live: LiveQuestion, example: Example): Promise<Served> {
  return ask(live, example, async answer => {
    const sound = live.sound === undefined ? !(await live.harm(answer)) : await live.sound(answer)
    assert.ok(sound, `the example "${example.title}" is not sound: ${describe(answer)}`)
  })
}

export async function loadRule(id: string): Promise<RuleDefinition> {
  const module = (await import(`../../rules/${id}.ts`)) as { default: RuleDefinition }
  return module.default
}

function pick(examples: readonly Example[], title: string, rule: string): Example {
  const example = exampleOf(examples, title)
  if (example === undefined) throw new RangeError(`${rule} has no example "${title}"`)
  return example
}

async function ask(
  live: LiveQuestion,
  example: Example,
  look: (answer: LiveAnswer) => Promise<void>,
): Promise<Served> {
  const { hosts = {}, mirrors = [] } = live
  const files = made(live, { ...example.files, ...live.files })
  const stack = await startStack({ files, modes: example.modes ?? {}, hosts, mirrors })
  try {
    const response = await answerOf(live, stack)
    await look({
      refused: stack.refused,
      response,
      log: stack.log(),
      logNow: () => stack.log(),
      request: request => stack.request(request),
    })
    return await askOrdinary(live, stack)
  } finally {
    await stack.stop()
  }
}

/** A server that still starts may drop a connection that it took; one that always does drops the next one, too. */
async function answerOf({ request }: LiveQuestion, stack: Stack): Promise<LiveResponse> {
  const first = await stack.request(request)
  if (first.failure !== 'ECONNRESET') return first
  await setTimeout(300)
  return stack.request(request)
}

/** The start page in plain HTTP and over TLS, where it is served at all: no fix may change what these get. */
async function askOrdinary({ request }: LiveQuestion, stack: Stack): Promise<Served> {
  const { origin, hostname } = new URL(request.url)
  const served = new Map<string, string>()
  for (const url of new Set([origin, `http://${hostname}`, `https://${hostname}`])) {
    const { status } = await stack.request({ url: `${url}/`, patience: 2000 })
    if (status > 0 && status < 400) served.set(`${url}/`, String(status))
  }
  return served
}

function plain(files: Example['files']): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(files).map(([path, text]) => [path, text.replaceAll(/[«»]/g, '')]))
}

/** The files as they are served: without marks, and with what nobody wants to wait for written smaller. */
function made({ smaller = {} }: LiveQuestion, files: Example['files']): Readonly<Record<string, string>> {
  const written = Object.entries(smaller)
  return Object.fromEntries(
    Object.entries(plain(files)).map(([path, text]) => [
      path,
      written.reduce((whole, [from, to]) => whole.replaceAll(from, to), text),
    ]),
  )
}

function isSame(files: Example['files'], others: Example['files']): boolean {
  const sorted = (of: Example['files']): string => JSON.stringify(Object.entries(plain(of)).sort())
  return sorted(files) === sorted(others)
}

function describe({ refused, response, logNow }: LiveAnswer): string {
  return JSON.stringify(
    {
      refused,
      status: response.status,
      headers: response.headers,
      body: response.body.slice(0, 400),
      failure: response.failure,
      log: logNow().slice(-1200),
    },
    null,
    1,
  )
}
