import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { judgePattern } from '../../../src/servers/pcre/judge-pattern.ts'
import { ANY_RELEASE, PCRE1_ALONE, PCRE2_ALONE, pcreReleases } from '../../../src/servers/pcre/releases.ts'
import { BAD_PATTERNS, GOOD_PATTERNS } from '../nginx/validate/patterns.ts'

/** Tried with the real libraries, 8.39 and 10.42. */
const PCRE2_REFUSES = ['\\y', '\\i', '[\\y]', '(a)\\8', '[\\w-.]']
const PCRE1_REFUSES = ['(?^i)a', '(*pla:a)', '(?n)(a)']
/** A look-behind that is bounded, since 10.43; `\K` in a look-around, until 10.37. */
const OTHER_RELEASES_TAKE = ['(?<=a{1,3})b', '(?=a\\K)']

for (const pattern of GOOD_PATTERNS)
  test(`taken: ${pattern}`, () => assert.is(judgePattern(pattern, PCRE2_ALONE).fault, null))
for (const pattern of BAD_PATTERNS)
  test(`refused: ${pattern}`, () => assert.type(judgePattern(pattern, PCRE2_ALONE).fault, 'string'))

test('groups and their names are told', () => {
  const { names, groups } = judgePattern("(?<a>x)(?P<b>y)(?'c'z)(?:d)(e)", PCRE2_ALONE)
  assert.equal(names, ['a', 'b', 'c'])
  assert.is(groups, 4)
})

test('a pattern is broken where no release that the server may have takes it', () => {
  for (const pattern of PCRE2_REFUSES) {
    assert.is(judgePattern(pattern, PCRE1_ALONE).fault, null, pattern)
    assert.type(judgePattern(pattern, PCRE2_ALONE).fault, 'string', pattern)
    assert.is(judgePattern(pattern, ANY_RELEASE).fault, null, pattern)
  }
  for (const pattern of PCRE1_REFUSES) {
    assert.type(judgePattern(pattern, PCRE1_ALONE).fault, 'string', pattern)
    assert.is(judgePattern(pattern, PCRE2_ALONE).fault, null, pattern)
    assert.is(judgePattern(pattern, ANY_RELEASE).fault, null, pattern)
  }
  for (const pattern of OTHER_RELEASES_TAKE)
    assert.is(judgePattern(pattern, PCRE2_ALONE).fault, null, pattern)
})

test('a name may stand twice where the server compiles so', () => {
  const pattern = '(?<n>a)|(?<n>b)'
  assert.is(
    judgePattern(pattern, PCRE2_ALONE).fault,
    'two named subpatterns have the same name (PCRE2_DUPNAMES not set)',
  )
  assert.is(judgePattern(pattern, PCRE2_ALONE, { duplicateNames: true }).fault, null)
  assert.is(judgePattern(`(?J)${pattern}`, PCRE2_ALONE).fault, null)
})

test('the version of a server says which releases it may have', () => {
  const releases = (program: 'nginx' | 'apache', value: string, from: 'option' | 'assumed') =>
    pcreReleases(program, { value, from, at: null })
  assert.is(releases('nginx', '1.18.0', 'option'), PCRE1_ALONE)
  assert.is(releases('nginx', '1.22.1', 'option'), PCRE2_ALONE)
  assert.is(releases('apache', '2.4.41', 'option'), PCRE1_ALONE)
  assert.is(releases('apache', '2.4.71', 'option'), PCRE2_ALONE)
  assert.is(releases('apache', '2.4.71', 'assumed'), ANY_RELEASE)
})

test.run()
