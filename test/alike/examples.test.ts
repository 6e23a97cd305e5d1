import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { filesOfSites } from '../limits/multiply-sites.ts'
import { chosenRules, isOfAFew } from '../rules/chosen-rules.ts'
import { unmark } from '../rules/marks.ts'
import { auditBothWays, saidBy } from './audited.ts'

/** The least that is looked at in part. */
const SITES = 64

let told = 0
for (const { rule } of await chosenRules()) {
  test(`${rule.id}: says of many sites what a few of them tell`, () => {
    for (const { files, modes } of isOfAFew ? rule.bad : rule.bad.slice(0, 1)) {
      const tree = filesOfSites(unmark(files).files, SITES)
      if (tree === null) continue
      const { few, whole } = auditBothWays(tree, [rule], modes)
      if (few === null) continue
      told++
      assert.equal(saidBy(few), saidBy(whole))
    }
  })
}

if (!isOfAFew)
  test('few sites tell the others of most rules', () => {
    assert.ok(told > 200, `${told} examples`)
  })

test.run()
