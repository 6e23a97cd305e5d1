import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { PcreTree } from '../../../parsers/pcre/tree.ts'
import {
  isAnchoredAtEnd,
  isAnchoredAtStart,
  literalPrefix,
  literalStrings,
  matchesEveryPath,
  beginsWith,
  mayBeEmpty,
  mayHold,
} from '../../../src/servers/pcre/pattern-facts.ts'
import { readPattern } from '../../../src/servers/pcre/read-pattern.ts'
import { compilePcre } from '../../../src/servers/regex.ts'

function read(pattern: string): PcreTree {
  const tree = readPattern(pattern)
  if (tree === null) throw new Error(`no release takes ${pattern}`)
  return tree
}

test('anchors', () => {
  for (const pattern of ['^a', '\\Aa', '^a|^b', '(^a|(?:^b))', '(^a)+', '\\Ga'])
    assert.ok(isAnchoredAtStart(read(pattern)), pattern)
  for (const pattern of ['a', '^a|b', '(?m)^a', '(^a)?', '.*a', '(?=^)a'])
    assert.not(isAnchoredAtStart(read(pattern)), pattern)
  for (const pattern of ['a$', 'a\\z', 'a\\Z', 'a$|b$', '(a$|b\\z)'])
    assert.ok(isAnchoredAtEnd(read(pattern)), pattern)
  for (const pattern of ['a', 'a$|b', '(?m)a$', '(a$)?', '$a'])
    assert.not(isAnchoredAtEnd(read(pattern)), pattern)
})

test('the text with which a match begins', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['^/static/(.*)$', '/static/'],
    ['^/\\.well-known', '/.well-known'],
    ['^/(?:ab|ac)d', '/a'],
    ['^/(?:ab|ab)d', '/abd'],
    ['^/a?b', '/'],
    ['^/a+b', '/a'],
    ['^/a{2}b', '/aab'],
    ['^/(a)b', '/ab'],
    ['^/[a]b', '/'],
    ['^(?i)/A', '/A'],
    ['^/\\Qa.b\\E', '/a.b'],
    ['^/a|^/b', '/'],
    ['^(?=x)/a', '/a'],
    ['(/a){0}b', 'b'],
  ]
  for (const [pattern, prefix] of cases) assert.is(literalPrefix(read(pattern)), prefix, pattern)
})

test('the texts of a pattern with few of them', () => {
  const cases: readonly (readonly [string, readonly string[] | null])[] = [
    ['^(on|1)$', ['on', '1']],
    ['https', ['https']],
    ['a?b', ['b', 'ab']],
    ['a{1,2}', ['a', 'aa']],
    ['[ab]c', ['ac', 'bc']],
    ['(?i)ok', ['ok', 'oK', 'Ok', 'OK'].sort()],
    ['a*', null],
    ['.', null],
    ['(a)\\1', null],
  ]
  for (const [pattern, strings] of cases) {
    const found = literalStrings(read(pattern))
    assert.equal(
      found === null ? null : [...found].sort(),
      strings === null ? null : [...strings].sort(),
      pattern,
    )
  }
  assert.is(literalStrings(read('[a-z][a-z][a-z]')), null)
  assert.is(literalStrings(read('(a|b){20}'), 100), null)
})

test('what a match or a group may hold', () => {
  const newline = 10
  const slash = 47
  const dot = 46
  const cases: readonly (readonly [string, number, number | undefined, boolean])[] = [
    ['^/(.*)$', newline, 1, false],
    ['^/([^/]*)$', newline, 1, true],
    ['^/([^/]*)$', slash, 1, false],
    ['^/([^/]*)$', slash, undefined, true],
    ['^/([a-z]+)/([\\s\\S]*)$', newline, 1, false],
    ['^/([a-z]+)/([\\s\\S]*)$', newline, 2, true],
    ['^/img(.*)$', dot, 1, true],
    ['^/([\\w-]+)\\.html$', dot, 1, false],
    ['^/(\\S+)$', newline, 1, false],
    ['(?s)^/(.*)$', newline, 1, true],
    ['^(?=(.*\\n))a', newline, undefined, false],
    ['^/(a(?=\\n))', newline, 1, false],
    ['(\\n)(a\\1)', newline, 2, true],
    ['(\\n){0}(a(?1))', newline, 2, true],
    ['(a\\n{0})', newline, 1, false],
  ]
  for (const [pattern, code, group, expected] of cases) {
    assert.is(mayHold(read(pattern), code, group), expected, `${pattern} ${code} ${group}`)
  }
})

test('what may be empty', () => {
  assert.is(mayBeEmpty(read('^/(.*)$'), 1), true)
  assert.is(mayBeEmpty(read('^/(.*)$')), false)
  assert.is(mayBeEmpty(read('^/(.+)$'), 1), false)
  assert.is(mayBeEmpty(read('a?')), true)
  assert.is(mayBeEmpty(read('(a|)'), 1), true)
  assert.is(mayBeEmpty(read('(?=a)')), true)
})

test('what every path matches', () => {
  const paths = ['/a', '/a/b.php', '/.x', '/a b?']
  for (const pattern of ['^', '^/', '.*', '^.*$', '^/(.*)$', '^/?(.+)$', '/', '(.*)', '^/.*?$', 'a|.*', '']) {
    assert.ok(matchesEveryPath(read(pattern)), pattern)
    for (const path of paths) assert.is(compilePcre(pattern)?.test(path), true, `${pattern} ${path}`)
  }
  for (const pattern of ['^$', '^/$', '/a', '^/.$', '^/[^/]*$', '^/(?!a).*', '$', '^/.*x$', '^a', '(?i)^/b'])
    assert.not(matchesEveryPath(read(pattern)), pattern)
})

test('what a group begins with, or that it may be nothing', () => {
  const begins = (pattern: string, group = 1) => beginsWith(read(pattern), 0x2f, group)
  assert.is(begins('^/wiki(/.*)?$'), true)
  assert.is(begins('^/mail(/in(/.*)?)$'), true)
  assert.is(begins('^/mail(/in(/.*)?)$', 2), true)
  assert.is(begins('^/a((?:/b)?/c|)$'), true)
  assert.is(begins('^/a((?:/b)+.*)$'), true)
  assert.is(begins('^/a((?:/b)?.*)$'), false)
  assert.is(begins('^/a(.*)$'), false)
  assert.is(begins('^/a(/|b)$'), false)
  assert.is(begins('^/a', 1), false)
})

test.run()
