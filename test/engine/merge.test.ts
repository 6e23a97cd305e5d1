import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { textSource } from '../../parsers/text/source.ts'
import { mergeFindings } from '../../src/engine/merge.ts'
import type { RuleFinding } from '../../src/engine/rule.ts'

const source = textSource('/a.conf', 'listen 80;\nlisten 81;\nlisten 82;\n')
const line = (number: number) => ({ source, start: number * 11, end: number * 11 + 6 })
const merge = (...found: readonly RuleFinding[]) =>
  mergeFindings(found, { severity: 'warning', confidence: 'medium' })

test('what is met again at one text is one finding, in the words of the worst', () => {
  const merged = merge(
    { at: line(0), message: 'mild', severity: 'info' },
    { at: line(1), message: 'elsewhere' },
    { at: line(0), message: 'bad', severity: 'error' },
    { at: line(0), message: 'bad and certain', severity: 'error', confidence: 'high' },
    { at: line(0), message: 'again', severity: 'error', confidence: 'high' },
  )
  assert.equal(
    merged.map(({ message, severity, confidence }) => [message, severity, confidence]),
    [
      ['bad and certain', 'error', 'high'],
      ['elsewhere', 'warning', 'medium'],
    ],
  )
})

test('a refusal of the whole configuration is worse than any severity', () => {
  const [first] = merge(
    { at: line(0), message: 'a', severity: 'error' },
    { at: line(0), message: 'b', severity: 'info', fatal: true },
  )
  assert.equal([first?.message, first?.fatal], ['b', true])
})

test('a message is told how often it holds, and an occurrence counts once', () => {
  const message = (often: string): string => `open${often}`
  const [a, b] = [{}, {}]
  const counted = (...occurrences: readonly object[]) =>
    merge(...occurrences.map(occurrence => ({ at: line(0), message, per: 'locations', occurrence })))[0]
      ?.message
  assert.is(counted(a), 'open')
  assert.is(counted(a, b), 'open, for 2 locations')
  assert.is(counted(a, b, a), 'open, for 2 locations')
  assert.is(
    merge({ at: line(0), message, per: 'servers' }, { at: line(0), message, per: 'servers' })[0]?.message,
    'open, for 2 servers',
  )
})

test('an aspect tells findings of one text apart', () => {
  const merged = merge(
    { at: line(0), message: 'a', aspect: 'x' },
    { at: line(0), message: 'b', aspect: 'y' },
    { at: line(0), message: 'c', aspect: 'x' },
  )
  assert.equal(
    merged.map(({ message }) => message),
    ['a', 'b'],
  )
})

test('a cause joins what stands apart, and the other places are related', () => {
  const cause = {}
  const [first, ...others] = merge(
    { at: line(0), message: 'a', cause, also: 'here too', related: [{ at: line(2), message: 'why' }] },
    { at: line(1), message: 'b', cause, also: 'here too', related: [{ at: line(2), message: 'why' }] },
  )
  assert.is(others.length, 0)
  assert.equal(first?.related, [
    { at: line(2), message: 'why' },
    { at: line(1), message: 'here too' },
  ])
})

test('related places of all occurrences are joined, and few enough to read', () => {
  const wide = textSource('/b.conf', 'x'.repeat(100))
  const found = Array.from({ length: 50 }, (_, start) => ({
    at: line(0),
    message: 'a',
    related: [{ at: { source: wide, start, end: start + 1 }, message: 'sent' }],
  }))
  assert.is(merge(...found)[0]?.related?.length, 5)
})

test.run()
