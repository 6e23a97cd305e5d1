import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { matchesShellPattern, trimPrefix, trimSuffix } from '../../../parsers/wildcard/shell-pattern.ts'

test('what dash and bash agree on', () => {
  const cases: readonly (readonly [string, string, boolean | undefined])[] = [
    ['*', '', true],
    ['a*c', 'abbc', true],
    ['a?', 'a', false],
    ['[!a-c]', 'd', true],
    ['[[:digit:]]*', '5x', true],
    ['\\*', '*', true],
    ['.*', '.x', true],
    ['*', '.x', true],
    ['[a', '[a', true],
    ['[^a]', 'b', undefined],
    ['+(a)', 'a', undefined],
    ['[[:no:]]', 'a', undefined],
    ['?', 'é', undefined],
    ['*', 'é', true],
  ]
  for (const [pattern, text, matches] of cases) {
    assert.is(matchesShellPattern(pattern, text), matches, `${pattern} ${text}`)
  }
})

test('prefixes and suffixes are cut, the shortest or the longest', () => {
  assert.is(trimPrefix('*/', 'a/b/c', false), 'b/c')
  assert.is(trimPrefix('*/', 'a/b/c', true), 'c')
  assert.is(trimPrefix('x', 'a/b/c', true), 'a/b/c')
  assert.is(trimPrefix('*', 'abc', false), 'abc')
  assert.is(trimPrefix('*', 'abc', true), '')
  assert.is(trimSuffix('.*', 'a.b.c', false), 'a.b')
  assert.is(trimSuffix('.*', 'a.b.c', true), 'a')
  assert.is(trimSuffix('[ab]', 'xab', false), 'xa')
  assert.is(trimSuffix('[^b]', 'xab', false), undefined)
})

test('many stars take no time', () => {
  const before = process.cpuUsage().user
  const stars = `${'*a'.repeat(100)}b`
  const text = 'a'.repeat(5000)
  assert.is(matchesShellPattern(stars, text), false)
  assert.is(trimPrefix(stars, text, true), text)
  assert.is(trimSuffix(stars, text, false), text)
  assert.ok((process.cpuUsage().user - before) / 1000 < 2000)
})

test.run()
