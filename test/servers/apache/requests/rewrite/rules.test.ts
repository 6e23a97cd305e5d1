import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { rewriteRules } from '../../../../../src/servers/apache/requests/rewrite/rules.ts'
import { configure } from '../../queries/configure.ts'

function rules(text: string) {
  return rewriteRules(configure(text).top)
}

test('flags are read by their short and their long names', () => {
  const [rule] = rules('RewriteRule ^a$ /b "[redirect=permanent , Last, nocase, E=X:1]"')
  assert.is(rule?.status, 301)
  assert.is(rule?.isRefusal, false)
  assert.equal([...(rule?.flags ?? [])].sort(), ['E', 'L', 'NC', 'R'])
  assert.equal(rule?.environment, ['X:1'])
})

test('a status that is no redirect is an answer', () => {
  const list = rules(
    'RewriteRule a - [F]\nRewriteRule a - [G]\nRewriteRule a - [R=404]\nRewriteRule a /b [R]',
  )
  assert.equal(
    list.map(({ status, isRefusal }) => [status, isRefusal]),
    [
      [403, true],
      [410, true],
      [404, true],
      [302, false],
    ],
  )
})

test('conditions belong to the rule behind them', () => {
  const list = rules(
    'RewriteCond %{HTTPS} !=on [OR]\nRewriteCond %{REQUEST_FILENAME} !-f\nRewriteRule a b\nRewriteRule c d',
  )
  assert.equal(
    list.map(({ conditions }) => conditions.map(({ test, negated, orNext }) => [test, negated, orNext])),
    [
      [
        ['=', true, true],
        ['-f', true, false],
      ],
      [],
    ],
  )
})

test('operators are told from patterns', () => {
  const lines = ['-f', '-lt5', '-ne5', '>=a', '=""', '^a', '-foo', '!-d'].map(
    word => `RewriteCond x ${word}\n`,
  )
  const [rule] = rules(`${lines.join('')}RewriteRule a b`)
  assert.equal(
    rule?.conditions.map(({ test, pattern, negated }) => [test, pattern, negated]),
    [
      ['-f', '', false],
      ['-lt', '5', false],
      ['-eq', '5', true],
      ['>=', 'a', false],
      ['=', '', false],
      ['regex', '^a', false],
      ['regex', '-foo', false],
      ['-d', '', true],
    ],
  )
})

test('a last question mark drops the query', () => {
  const [dropped, kept] = rules('RewriteRule a /b?\nRewriteRule a /b? [QSA]')
  assert.is(dropped?.output, '/b')
  assert.ok(dropped?.flags.has('QSNONE'))
  assert.is(kept?.output, '/b?')
})

test('a variable that nobody knows leaves the rule open', () => {
  const [rule] = rules('RewriteCond ${UNKNOWN} a\nRewriteRule a ${map:$1}')
  assert.is(rule?.settled, false)
  assert.is(rules('RewriteRule a ${map:$1}')[0]?.settled, true)
})

test.run()
