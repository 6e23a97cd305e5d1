import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { PcreOptions } from '../../parsers/pcre/parse-pcre.ts'
import { compilePcre, fromBytes, toBytes } from '../../src/servers/regex.ts'

function matched(pattern: string, subject: string, options?: PcreOptions): string | null | undefined {
  const regex = compilePcre(pattern, options)
  if (regex === null) return undefined
  const match = regex.match(subject)
  return match === undefined || match === null ? match : match.captures.join('|')
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

test('what JavaScript does not have', () => {
  const cases: readonly (readonly [string, string, string | null])[] = [
    ['(a)\\1', 'aab', 'aa|a'],
    ['(a|b\\1)+', 'aba', 'aba|ba'],
    ['^(\\((?:[^()]|(?1))*\\))$', '(a(b)c)', '(a(b)c)|(a(b)c)'],
    ['^(a)?(?(1)b|c)$', 'ab', 'ab|a'],
    ['^(a)?(?(1)b|c)$', 'c', 'c|'],
    ['^(?(?=a)a|b)c', 'bc', 'bc'],
    ['a\\Kb', 'ab', 'b'],
    ['(*UTF8)^/caf.$', toBytes('/café'), toBytes('/café')],
    ['^/caf..$', toBytes('/café'), toBytes('/café')],
    ['(?|(a)|(b))c', 'bc', 'bc|b'],
    ['a(?i)b', 'aB', 'aB'],
    ['a(?i)b', 'AB', null],
    ['(?i:a)b', 'Ab', 'Ab'],
    ['(?m)^b$', 'a\nb\nc', 'b'],
    ['(?x) a b # c', 'ab', 'ab'],
    ['\\p{Lu}', 'aB', 'B'],
    ['(?<=(a))b', 'ab', 'b|a'],
    ['(?<![a-z])\\d{2}', 'a1 22', '22'],
    ['(?<n>a)\\k<n>', 'aa', 'aa|a'],
    ['((a)|b)*', 'ab', 'ab|b|a'],
    ['(a*)*', 'aa', 'aa|'],
    ['(?:|a){0,3}b', 'aab', 'aab'],
    ['a{2,3}?', 'aaa', 'aa'],
    ['(?U)a+', 'aaa', 'a'],
    ['(?>a+)ab', 'aaab', null],
    ['^(?:a(?=b)|ac)+$', 'aac', null],
    ['\\R', 'a\r\nb', '\r\n'],
    ['a(*FAIL)|b', 'ab', 'b'],
    ['(?<year>[0-9]{4})(?!\\d)', '12345 2024', '2345|2345'],
  ]
  for (const [pattern, subject, expected] of cases) {
    assert.is(matched(pattern, subject), expected, JSON.stringify([pattern, subject]))
  }
})

test('what cannot be said faithfully is given up', () => {
  const patterns = [
    'a(*COMMIT)b',
    'a(*SKIP)b',
    '(*CRLF)a.b',
    '(*LIMIT_MATCH=10)a',
    '(*sr:a)',
    '(*UTF)\\X',
    '[[.a.]]',
    '(',
    '*a',
    'a)',
    '[a',
    '\\',
    'a{3,2}',
    // A quantifier since 10.43, text before.
    'a{,2}',
    'a{ 1,2 }',
    '(?<n>a)(?<n>b)',
  ]
  for (const pattern of patterns) assert.is(compilePcre(pattern), null, pattern)
})

test('no pattern is matched for longer than the limit of steps', () => {
  const long = 'a'.repeat(30)
  const cases: readonly (readonly [string, string])[] = [
    ['^/(a|a)*!$', `/${long}`],
    ['^(a+)+$', `${long}!`],
    ['^(?:a|aa|aaa)+$', `${long}${long}!`],
    ['^(a{1,20}){1,20}$', `${long}${long}!`],
    ['^(?=(a+)+$)', `${long}!`],
    ['(?:(?:(?:a*)*)*)*$!', long],
    ['^(?:a?){30}a{30}!', long],
    ['(.*)(.*)(.*)(.*)(.*)(.*)!', long.repeat(3)],
    ['^(?:(a)|\\1a)+$', `${long}${long}!`],
    ['^(a|(?R))*!', long],
    ['(?:.*,){12}x', ',a'.repeat(40)],
    ['(?<=a)(?:a|a)*(?!a)!', long],
  ]
  for (const [pattern, subject] of cases) {
    // Of the processor alone, as other tests run beside this one.
    const before = process.cpuUsage().user
    assert.ok(!compilePcre(pattern)?.test(subject), pattern)
    const milliseconds = (process.cpuUsage().user - before) / 1000
    assert.ok(milliseconds < 200, `${pattern} took ${milliseconds} ms`)
  }
})

test('reaching the limit is no answer', () => {
  const regex = compilePcre('^/(a|a)*!$')
  assert.is(regex?.match(`/${'a'.repeat(30)}`), undefined)
  assert.is(regex?.test(`/${'a'.repeat(30)}`), undefined)
  assert.is(regex?.test('/aaa!'), true)
  assert.is(regex?.test('/aaa'), false)
  // What calls itself where it stands is an error to the library.
  assert.is(compilePcre('(?R)?a')?.test('a'), undefined)
})

test('a text that is no UTF-8 is no answer to a pattern that is', () => {
  assert.is(compilePcre('(*UTF)a')?.test('a\xff'), undefined)
  assert.is(compilePcre('(*UTF)a')?.test('a'), true)
})

test('a long text does not use up the stack', () => {
  const text = `/${'ab/'.repeat(10_000)}`
  assert.is(compilePcre('^(?:/|(?:[a-z])+)+$')?.test(text), true)
  assert.is(compilePcre('\\.php$')?.test(text), false)
})

test.run()
