import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { regexFault } from '../../../../src/servers/apache/validate/regex.ts'
import { PCRE1_ALONE, PCRE2_ALONE } from '../../../../src/servers/pcre/releases.ts'
import { evaluateText } from './evaluate-text.ts'

/** Both lists were tried with the real libraries, 8.39 and 10.42. */
const PCRE2_REFUSES = [
  String.raw`[\w-.]`,
  String.raw`[a\d-z]`,
  '[[:alpha:]-z]',
  String.raw`\y`,
  String.raw`\i`,
  String.raw`[\y]`,
  String.raw`\8`,
  String.raw`[\R]`,
  String.raw`[\X]`,
  String.raw`[\B]`,
  String.raw`[\C]`,
]
const BOTH_REFUSE = [
  '(?<=ab*)',
  String.raw`\u`,
  String.raw`\N{U}`,
  String.raw`\p{Xx}`,
  String.raw`\pX`,
  '[b-a]',
  String.raw`\o{8}`,
  String.raw`\x{fff}`,
  String.raw`[\N]`,
  '(*FOO)',
  '[[.a.]]',
  '[:alpha:]',
  String.raw`\g`,
  String.raw`\k`,
  '(?P=foo)',
  'a{3,2}',
  String.raw`\c`,
]

test('what PCRE 1 takes and PCRE2 does not', () => {
  for (const pattern of PCRE2_REFUSES) {
    assert.is(regexFault(pattern, PCRE1_ALONE), null, pattern)
    assert.type(regexFault(pattern, PCRE2_ALONE), 'string', pattern)
  }
})

test('what neither takes', () => {
  for (const pattern of BOTH_REFUSE) {
    assert.type(regexFault(pattern, PCRE1_ALONE), 'string', pattern)
    assert.type(regexFault(pattern, PCRE2_ALONE), 'string', pattern)
  }
})

test('an httpd of before 2.4.52 has PCRE 1', () => {
  const text = [
    `<LocationMatch "^/[\\w-.]+$">\n</LocationMatch>`,
    String.raw`AliasMatch "^/[\w-.]+$" /srv`,
    String.raw`SetEnvIf Host "[\w-.]" known`,
    `<If "%{HTTP_HOST} =~ /[\\w-.]/">\n</If>`,
  ]
  for (const lines of text) {
    const codes = (version: string) =>
      evaluateText(`${lines}\n`, ['alias', 'setenvif'], {}, version).problems.map(({ code }) => code)
    assert.equal(codes('2.4.37'), [], lines)
    assert.is(codes('2.4.52').length, 1, lines)
  }
})

test.run()
