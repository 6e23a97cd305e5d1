import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { compilePcre, fromBytes, type PcreOptions, toBytes } from '../../src/servers/regex.ts'

function matched(pattern: string, subject: string, options?: PcreOptions): string | null | undefined {
  const regex = compilePcre(pattern, options)
  if (regex === null) return undefined
  const match = regex.match(subject)
  return match === null ? null : match.captures.join('|')
}

test('what JavaScript writes otherwise means what PCRE means', () => {
  const cases: readonly (readonly [string, string, string | null])[] = [
    ['\\.php$', '/a.php', '.php'],
    ['\\.php$', '/a.php\n', '.php'],
    ['\\.php\\z', '/a.php\n', null],
    ['^a.b', 'a\nb', null],
    ['^a.b', 'a\rb', 'a\rb'],
    ['^a\\sb', 'a\xa0b', null],
    ['^a\\vb', 'a\nb', 'a\nb'],
    ['^a\\hb', 'a\tb', 'a\tb'],
    ['[]a]+', ']a', ']a'],
    ['[^]a]', 'b', 'b'],
    ['[[:alpha:]_]+', '/ab_1', 'ab_'],
    ['[\\w-]+', '/a-b', 'a-b'],
    ['a{,}', 'a{,}', 'a{,}'],
    ['a{x}', 'a{x}', 'a{x}'],
    ['a++b', 'aab', 'aab'],
    ['a++ab', 'aab', null],
    ['(?>a*)(b)', 'aab', 'aab|b'],
    ['(?>(a)|b)(c)', 'ac', 'ac|a|c'],
    ['(?i)ab', 'xAB', 'AB'],
    ['^(?i)/ab', '/AB', '/AB'],
    ['(?<year>[0-9]{4})/(?P<month>\\d\\d)', '/2024/05', '2024/05|2024|05'],
    ['(a)|(b)', 'b', 'b||b'],
    ['a{2}{2}', 'aaaaa', 'aaaa'],
    ['\\Qa.b\\E$', 'a.b', 'a.b'],
    ['\\x41\\x{42}', 'AB', 'AB'],
    ['a(?#note)b', 'ab', 'ab'],
    ['(?<!x)y', 'xy y', 'y'],
    ['a\\/b', 'a/b', 'a/b'],
    ['[a-c\\]]+', 'ab]', 'ab]'],
    ['[\\S]+', ' ab ', 'ab'],
  ]
  for (const [pattern, subject, expected] of cases) {
    assert.is(matched(pattern, subject), expected, JSON.stringify([pattern, subject]))
  }
})

test('options of both servers', () => {
  assert.is(matched('\\.PHP$', '/a.php', { caseless: true }), '.php')
  assert.is(matched('^a.b', 'a\nb', { dotAll: true }), 'a\nb')
  assert.is(matched('a$', 'a\n', { dollarEndOnly: true }), null)
})

test('bytes are matched, not characters', () => {
  assert.is(matched('^..$', toBytes('é')), toBytes('é'))
  assert.is(matched('é', toBytes('né')), toBytes('é'))
  assert.is(fromBytes(toBytes('né')), 'né')
  assert.is(fromBytes('\xff'), '\xff')
})

test('what cannot be said faithfully is given up', () => {
  const patterns = [
    '(a)\\1',
    '(?R)',
    '(?1)(a)',
    '(?(1)a|b)',
    'a\\Kb',
    '(*UTF8)a',
    '(?|a|b)',
    'a(?i)b',
    '(?i:a)',
    '(?m)^a',
    '(?x) a',
    '\\p{L}',
    '\\X',
    '(?<=(a))b',
    '[[.a.]]',
    '[\\d-z]',
    '(',
    '*a',
    'a)',
    '[a',
    '\\',
    'a{3,2}',
    'a{,2}',
    '(?<n>a)(?<n>b)',
  ]
  for (const pattern of patterns) assert.is(compilePcre(pattern), null, pattern)
  assert.is(compilePcre('é', { caseless: true }), null)
})

test('an expression that would run for years is given up, one with separators is not', () => {
  for (const pattern of [
    '^(a+)+$',
    '(?:[a-z]+-?)+$',
    '(.*)*x',
    '(a*b*)*',
    '(?:(?:a|b)+)*',
    '((?:x|y*)z?)+',
    '(?:^a+)*',
  ])
    assert.is(compilePcre(pattern), null, pattern)
  for (const pattern of [
    '^(?:[^/]+/)*$',
    '(\\.[a-z]+)*',
    '^/([a-z]+)/?$',
    '(?>a+)+',
    '(?:a++)+',
    '(?:.*/)?x+',
    '(ab*)+',
  ])
    assert.ok(compilePcre(pattern), pattern)
})

test('a repeated group warns that its capture may differ', () => {
  assert.is(compilePcre('((a)|b)*')?.match('ab')?.capturesCertain, false)
  assert.is(compilePcre('(a)(?:b)*')?.match('ab')?.capturesCertain, true)
})

test.run()
