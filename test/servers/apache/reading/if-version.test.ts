import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { evaluateVersion } from '../../../../src/servers/apache/reading/if-version.ts'

/** What httpd 2.4.71 made of the text behind `<IfVersion `. */
const SEEN: Readonly<Record<string, boolean | 'refused'>> = {
  '2.4>': false,
  '2.4.71>': true,
  '"2.4.71">': true,
  '2.>': false,
  '> 2.4>': true,
  '>= 2.4>': true,
  '>= 2..4>': true,
  '>= 2.4.>': true,
  '>= 02.04>': true,
  '>= 2.4 >': true,
  '>= 2.4> junk': true,
  '= 2.4.71>': true,
  '== 2.4.71>': true,
  '!= 2.4>': true,
  '!> 3>': true,
  '< 2.4.71>': false,
  '> 2.4.71>': false,
  '~ 2.4>': true,
  '!~ 2.5>': true,
  '/2.5/>': false,
  '= /2.4/>': true,
  '~ ^2.4>': true,
  '! > 3>': 'refused',
  '!/2.4/>': 'refused',
  '>2.4>': 'refused',
  '2.x>': 'refused',
  '~= 2.4>': 'refused',
  '=> 2>': 'refused',
  '< 2.4 3>': 'refused',
  '< >': 'refused',
  '>= 2.4 >>': 'refused',
  '>= 2.4>junk': 'refused',
  '>= 2.4 x y >': 'refused',
  '=>': 'refused',
  '~>': 'refused',
  '>': 'refused',
  '>= 2.4': 'refused',
  '>= .4>': 'refused',
  '>= 1.2.3.4>': 'refused',
  '2.4.71-foo>': 'refused',
  '/2.4>': 'refused',
}

for (const [text, expected] of Object.entries(SEEN)) {
  test(`<IfVersion ${text}`, () => {
    const words = text.split(' ').map(word => word.replace(/^"(.*)"(>?)$/, '$1$2'))
    const verdict = evaluateVersion(words, '2.4.71')
    assert.is('holds' in verdict ? verdict.holds : 'refused', expected)
  })
}

test('a pattern that only PCRE understands leaves the answer open', () => {
  assert.equal(evaluateVersion(['~', '(?R)?2>'], '2.4.71'), { holds: undefined })
})

test.run()
