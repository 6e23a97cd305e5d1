import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { filesOfDeployment } from '../../bench/generate-deployment.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import type { Rule } from '../../src/engine/rule.ts'
import { deploymentOf } from '../rules/audit-files.ts'
import { chosenRules, isOfAFew } from '../rules/chosen-rules.ts'
import { unmark } from '../rules/marks.ts'
import { multiplySites } from './multiply-sites.ts'

const FEW = 100
const MANY = 800

/** Milliseconds of processor time in which a rule looks at many sites once, with all that it is the first to ask. */
const ENOUGH = 75
/** What grows with the sites takes eight times as long, what grows by their square sixty-four times. */
const MOST_GROWTH = 20

type Files = Readonly<Record<string, string>>

const timeOf = (rule: Rule, files: Files): number => timeOn(rule, deploymentOf(files))

function timeOn(rule: Rule, deployment: Deployment): number {
  const started = process.cpuUsage()
  for (const _ of rule.check(deployment));
  return process.cpuUsage(started).user / 1000
}

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** What is compiled or collected meanwhile falls on one of the tries: what the others left behind is collected first. */
function growth(rule: Rule, few: Files, many: Files): string | null {
  for (let tries = 1; ; tries++) {
    if (tries > 1) collect()
    const most = timeOf(rule, many)
    if (most < ENOUGH) return null
    if (tries > 1) collect()
    const least = timeOf(rule, few)
    if (most < MOST_GROWTH * least) return null
    if (tries === 5) return `${FEW} sites: ${least.toFixed()} ms, ${MANY} sites: ${most.toFixed()} ms`
  }
}

for (const { rule } of await chosenRules()) {
  test(`${rule.id}: time grows with the sites, not by their square`, () => {
    // All of all rules would take six minutes.
    for (const { files } of isOfAFew ? rule.bad : rule.bad.slice(0, 1)) {
      const plain = unmark(files).files
      const [few, many] = [multiplySites(plain, FEW), multiplySites(plain, MANY)]
      if (few !== null && many !== null) assert.is(growth(rule, few, many), null)
    }
  })
}

/**
 * What a rule's own example has one of, such as a `<Directory>`, all sites of a server have. Each rule is asked a
 * second time of the same deployment: what is computed once for all of them would hide what is not.
 */
for (const kind of ['findings', 'mixture'] as const) {
  const [few, many] = [FEW, MANY].map(count =>
    deploymentOf(Object.fromEntries(filesOfDeployment('', count, kind))),
  ) as [Deployment, Deployment]
  for (const { rule } of await chosenRules()) {
    test(`${rule.id}: time grows with ${kind === 'mixture' ? 'unlike' : 'like'} sites, not by their square`, () => {
      const again = (deployment: Deployment): number =>
        Math.min(timeOn(rule, deployment), timeOn(rule, deployment))
      const most = again(many)
      if (most < ENOUGH) return
      const least = again(few)
      assert.ok(
        most < MOST_GROWTH * least,
        `${FEW} sites: ${least.toFixed()} ms, ${MANY}: ${most.toFixed()} ms`,
      )
    })
  }
}

test.run()
