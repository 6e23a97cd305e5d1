import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { matchesAprName, matchesAprPath } from '../../../parsers/wildcard/apr-fnmatch.ts'
import { hasWildcard } from '../../../parsers/wildcard/tokens.ts'

test('what is a pattern', () => {
  for (const path of ['*.conf', 'a?', '[ab].conf', 'x/*/y']) assert.ok(hasWildcard(path), path)
  for (const path of ['a.conf', '{a,b}', '[a-', ']a[', 'a\\*']) assert.not.ok(hasWildcard(path), path)
})

test('what a pattern matches', () => {
  const yes = [
    ['*', 'a.conf~'],
    ['*.conf', 'a.conf'],
    ['a*b*c', 'axxbyybc'],
    ['?.txt', 'c.txt'],
    ['[ab].conf', 'b.conf'],
    ['[!b]*', 'a'],
    ['[^b]*', 'a'],
    ['[a-c]x', 'bx'],
    ['[]a]', ']'],
    ['.*', '.htaccess'],
    ['\\*', '*'],
    ['**', 'a'],
  ] as const
  const no = [
    ['*', '.htaccess'],
    ['?htaccess', '.htaccess'],
    ['[.]htaccess', '.htaccess'],
    ['*.conf', 'a.conf~'],
    ['*.conf', 'A.CONF'],
    ['[!b]*', 'b'],
    ['[[:alpha:]].conf', 'b.conf'],
    ['a', 'ab'],
    ['', 'a'],
  ] as const
  for (const [pattern, name] of yes) assert.ok(matchesAprName(pattern, name), `${pattern} ${name}`)
  for (const [pattern, name] of no) assert.not.ok(matchesAprName(pattern, name), `${pattern} ${name}`)
})

test('between slashes', () => {
  const cases: readonly (readonly [string, string, boolean])[] = [
    ['/a/*', '/a/b', true],
    ['/a/*', '/a/', true],
    ['/a/*', '/a/b/c', false],
    ['/*/c', '/.b/c', true],
    ['/a?b', '/a/b', false],
    ['/a[b/]c', '/a/c', false],
    ['/a[b/]c', '/a[b/]c', true],
    ['/a\\/b', '/a/b', true],
  ]
  for (const [pattern, text, matches] of cases) {
    assert.is(matchesAprPath(pattern, text), matches, `${pattern} ${text}`)
  }
})

test('many stars do not take for ever', () => {
  assert.not.ok(matchesAprName(`${'*a'.repeat(30)}b`, 'a'.repeat(5000)))
})

test.run()
