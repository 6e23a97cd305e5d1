import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { matchesName } from '../../../parsers/wildcard/libc-fnmatch.ts'

test('names match as fnmatch matches them', () => {
  const cases: readonly (readonly [string, string, boolean])[] = [
    ['a.conf', '*.conf', true],
    ['.a.conf', '*.conf', false],
    ['.a.conf', '.*', true],
    ['.a', '[.]a', false],
    ['aXbXc', 'a*b*c', true],
    ['aXbX', 'a*b*c', false],
    ['ab', 'a?', true],
    ['ab', '?', false],
    ['b', '[a-c]', true],
    ['d', '[!a-c]', true],
    ['d', '[^a-c]', true],
    [']', '[]]', true],
    ['-', '[a-]', true],
    ['5', '[[:digit:]x]', true],
    ['[', '[', true],
    ['[a', '[a', true],
    ['*', '\\*', true],
    ['a', '\\*', false],
    ['', '*', true],
    ['{a,b}', '{a,b}', true],
    ['a\\', 'a\\\\', true],
    ['a\\', 'a\\', false],
    ['b', '[a[:no:]b]', false],
    ['a', '[a[:no:]b]', true],
    ['-', '[[.-.]]', true],
  ]
  for (const [name, pattern, matches] of cases)
    assert.is(matchesName(pattern, name), matches, `${name} ${pattern}`)
})

test('many stars take no time', () => {
  assert.is(matchesName(`${'*a'.repeat(200)}b`, 'a'.repeat(5000)), false)
})

test.run()
