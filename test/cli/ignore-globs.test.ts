import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { globMatcher } from '../../src/cli/auditrc/ignore-globs.ts'
import { InputError } from '../../src/files/input-error.ts'

test('what a glob matches', () => {
  const cases: readonly (readonly [string, string, boolean])[] = [
    ['attic', 'attic', true],
    ['attic', 'attic/a', false],
    ['attic/**', 'attic/a/b', true],
    ['attic/**', 'attic', true],
    ['*/**', 'attic/a', true],
    ['*/**', 'a.conf', false],
    ['*.conf', 'a.conf', true],
    ['*.conf', '.conf', true],
    ['*.conf', 'a/b.conf', false],
    ['**/legacy.*', 'legacy.conf', true],
    ['**/legacy.*', 'a/b/legacy.conf', true],
    ['**/legacy.*', 'a/blegacy.conf', false],
    ['a/**/b', 'a/b', true],
    ['a/**/b', 'a/x/y/b', true],
    ['a**b', 'axb', true],
    ['a**b', 'a/b', false],
    ['**', 'a/.b/c', true],
    ['?.conf', '/.conf', false],
    ['[a-c]x', 'bx', true],
    ['[!a-c]x', 'bx', false],
    ['[^a]/x', '//x', false],
    ['[', '[', true],
    ['{web,db}[12]/*.{conf,inc}', 'db2/a.inc', true],
    ['{a,{b,c}/d}', 'c/d', true],
    ['a{,.bak}', 'a', true],
    ['\\*', '*', true],
    ['\\*', 'a', false],
    ['../x', '../x', true],
  ]
  for (const [glob, path, isMatch] of cases) {
    assert.is(globMatcher([glob], 'ignore')(path), isMatch, `${glob} ${path}`)
  }
  assert.is(globMatcher(['a', 'b'], 'ignore')('b'), true)
})

test('what is not understood is said', () => {
  const fails = (globs: readonly string[], message: string): void => {
    assert.throws(
      () => globMatcher(globs, 'ignore'),
      (error: unknown) => error instanceof InputError && error.message.includes(message),
    )
  }
  fails(['!a'], 'cannot be taken back')
  fails(['@(a|b)'], '`@(` is not understood')
  fails(['(a|b)'], '`(` is not understood')
  fails(['{a,b'], '`{` is not understood')
  fails(['{'.repeat(30)], '`{` is not understood')
  fails(['a'.repeat(2000)], 'longer than 1000')
  fails(['*'.repeat(900), '*a'.repeat(200)], '1100 wildcards')
})

test('no glob takes long', () => {
  const globs = [`${'*a'.repeat(200)}b`, `${'**/'.repeat(200)}b`, `${'{a,a*}'.repeat(100)}b`]
  const path = `${'a'.repeat(100)}/`.repeat(40)
  const before = process.cpuUsage().user
  for (const glob of globs) assert.is(globMatcher([glob], 'ignore')(path), false, glob)
  assert.ok((process.cpuUsage().user - before) / 1000 < 2000)
})

test.run()
