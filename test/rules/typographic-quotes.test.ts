import { test } from 'uvu'
import * as assert from 'uvu/assert'
import rule from '../../rules/apache/typographic-quotes.ts'
import { rewritingHost } from '../../rules/_rewriting-examples.ts'
import { deploymentOf } from './audit-files.ts'

test('the quote is named that is none, be it the first or the last', () => {
  const told = (value: string) =>
    [...rule.check(deploymentOf({ 'site.conf': rewritingHost(`Header set X-Robots-Tag ${value}`) }))].map(
      ({ message }) => String(message).slice(0, 3),
    )
  assert.equal(told('“noindex”'), ['`“`'])
  assert.equal(told('noindex”'), ['`”`'])
})

test.run()
