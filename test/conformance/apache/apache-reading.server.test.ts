import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { compareReading } from './compare-reading.ts'

/** `node --import tsx test/conformance/apache/compare-reading.ts` runs thousands. */
const COUNT = 200

test(`verdict, blamed line and tree of ${COUNT} generated configurations are httpd's`, () => {
  for (let seed = 1; seed <= COUNT; seed++) assert.is(compareReading(seed), null)
})

test.run()
