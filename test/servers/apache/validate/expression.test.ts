import { test } from 'uvu'
import * as assert from 'uvu/assert'
import * as fc from 'fast-check'
import { expressionFault } from '../../../../src/servers/apache/validate/expression.ts'
import { regexFault } from '../../../../src/servers/apache/validate/regex.ts'
import { ANY_RELEASE, PCRE2_ALONE } from '../../../../src/servers/pcre/releases.ts'

const CORE = { ssl: false, open: false, pcre: PCRE2_ALONE }

test('a variable alone is no condition', () => {
  assert.ok(expressionFault('%{HTTPS}', 'boolean', CORE))
  assert.is(expressionFault("%{HTTPS} == 'on'", 'boolean', CORE), null)
  assert.is(expressionFault('-n %{HTTPS}', 'boolean', CORE), null)
})

test('names are known by the modules that bring them', () => {
  const text = "%{SSL_CLIENT_S_DN_CN} == 'x'"
  assert.match(expressionFault(text, 'boolean', CORE) ?? '', 'SSL_CLIENT_S_DN_CN')
  assert.is(expressionFault(text, 'boolean', { ...CORE, ssl: true }), null)
  assert.is(expressionFault("%{ANYTHING} == any('thing')", 'boolean', { ...CORE, open: true }), null)
})

test('a string expression is plain text with variables in it', () => {
  assert.is(expressionFault('it is %{REQUEST_URI}, 100% sure, $1', 'string', CORE), null)
  assert.match(expressionFault('%{NOTHING}', 'string', CORE) ?? '', 'NOTHING')
  assert.ok(expressionFault('%{REQUEST_URI', 'string', CORE))
})

test('operators are read with and without their hyphen', () => {
  for (const text of ['5 -eq 5', '5 eq 5', "'a' in { 'a', 'b' }", "'a' -in { 'a' }", "'a' -strmatch 'a*'"]) {
    assert.is(expressionFault(text, 'boolean', CORE), null, text)
  }
  for (const text of ['5 -EQ 5', "-q 'a'", "'a' -foo 'b'", "'a' in 'b'"]) {
    assert.ok(expressionFault(text, 'boolean', CORE), text)
  }
})

test('expressions and patterns of any characters are read to an end', () => {
  const characters = fc.string({
    unit: fc.constantFrom(...'%{}()[]\\|*+?^$<>=!-:.,\'"/# aZ09mi&kgxpQE'),
    maxLength: 24,
  })
  fc.assert(
    fc.property(characters, text => {
      expressionFault(text, 'boolean', CORE)
      expressionFault(text, 'string', CORE)
      regexFault(text, ANY_RELEASE)
    }),
    { seed: 7, numRuns: 4000 },
  )
})

test('what JavaScript and PCRE both know is judged alike', () => {
  const pattern = fc.string({ unit: fc.constantFrom(...'ab|().*+?^$'), maxLength: 12 })
  fc.assert(
    fc.property(pattern, text => {
      // PCRE alone knows possessive quantifiers, verbs and options without a letter.
      fc.pre(!/[*+?]\+|\(\*|\(\?\)/.test(text))
      let compiles = true
      try {
        new RegExp(text)
      } catch {
        compiles = false
      }
      assert.is(regexFault(text, PCRE2_ALONE) === null, compiles, text)
    }),
    { seed: 11, numRuns: 4000 },
  )
})

test.run()
