import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { isPattern, matchesPattern } from '../../../../src/servers/apache/reading/fnmatch.ts'

test('what is a pattern', () => {
  for (const path of ['*.conf', 'a?', '[ab].conf', 'x/*/y']) assert.ok(isPattern(path), path)
  for (const path of ['a.conf', '{a,b}', '[a-', ']a[', 'a\\*']) assert.not.ok(isPattern(path), path)
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
  for (const [pattern, name] of yes) assert.ok(matchesPattern(pattern, name), `${pattern} ${name}`)
  for (const [pattern, name] of no) assert.not.ok(matchesPattern(pattern, name), `${pattern} ${name}`)
})

test('many stars do not take for ever', () => {
  assert.not.ok(matchesPattern(`${'*a'.repeat(30)}b`, 'a'.repeat(5000)))
})

test.run()
