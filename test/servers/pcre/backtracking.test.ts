import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Backtracking, backtracking } from '../../../src/servers/pcre/backtracking.ts'
import { behindText, positionsOf } from '../../../src/servers/pcre/positions.ts'
import { readPattern } from '../../../src/servers/pcre/read-pattern.ts'
import { compilePcre, STEP_LIMIT } from '../../../src/servers/regex.ts'

function judge(pattern: string): Backtracking {
  const tree = readPattern(pattern)
  if (tree === null) throw new Error(`no release takes ${pattern}`)
  return backtracking(tree)
}

const EXPONENTIAL = [
  '^/(a|a)*!$',
  '^(a+)+$',
  '(a*)*$',
  '^(?:a|aa)+$',
  '^(?:[a-z]+\\.?)+com$',
  '^(?=(a+)+$)',
  '(\\w+\\s?)*$',
  '(x+x+)+y',
  '^(.+/)*(.+)\\.html$',
  '(?:a|b|ab)*c',
  '(ab*|a)*c',
  '^(a{1,20}){1,20}$',
  '^(([a-z])+.)+[A-Z]([a-z])+$',
]
const POLYNOMIAL = ['(.*)(.*)(.*)(.*)x', '(?:.*,){5}P', '^(a?){30}a{30}$', '^\\s*(\\S*\\s*)\\S*\\s*\\S*x$']
const ORDINARY = [
  '^(a+)+',
  '^(?>(a+)+)$',
  '^(?:a++)+$',
  '^/static/(.*)$',
  '\\.(jpg|png)$',
  '^([a-z]+\\.)+com$',
  'a*b',
  '^/([^/]+)/([^/]+)/?$',
  '([^/]+/)*[^/]+\\.php$',
  '^(?:(?:\\w|-)+\\.)+$',
  '^/(?:index\\.php)?$',
]
const UNKNOWN = ['^(a)\\1*$', 'a(?R)?b', 'a(*SKIP)b*']

test('what multiplies the steps, with a text that shows it', () => {
  for (const pattern of EXPONENTIAL) {
    const found = judge(pattern)
    assert.is(found.kind, 'exponential', pattern)
    if (found.kind !== 'exponential') continue
    const { prefix, pump, suffix } = found.attack
    assert.is(compilePcre(pattern)?.match(prefix + pump.repeat(60) + suffix), undefined, pattern)
  }
})

test('what raises them to a power', () => {
  for (const pattern of POLYNOMIAL) assert.is(judge(pattern).kind, 'polynomial', pattern)
})

test('what does neither, and what cannot be told', () => {
  for (const pattern of ORDINARY) assert.equal(judge(pattern), { kind: 'ordinary' }, pattern)
  for (const pattern of UNKNOWN) assert.equal(judge(pattern), { kind: 'unknown' }, pattern)
})

test('the question itself is answered soon', () => {
  const patterns = [
    `^(?:${'(?:a|b|c)*'.repeat(60)})*$`,
    `^(${Array.from({ length: 80 }, (_, index) => `x${'a'.repeat(index % 7)}`).join('|')})*$`,
    `(?:${'a?'.repeat(100)}){5}b`,
    `${'(?:'.repeat(50)}a*${')*'.repeat(50)}$`,
    '(?:.{0,5}){5}(?:.{0,5}){5}(?:.{0,5}){5}x',
  ]
  for (const pattern of patterns) {
    const before = process.cpuUsage().user
    judge(pattern)
    const milliseconds = (process.cpuUsage().user - before) / 1000
    assert.ok(milliseconds < 5000, `${pattern.slice(0, 40)} took ${milliseconds} ms`)
  }
  assert.ok(STEP_LIMIT > 0)
})

test('what may stand behind a text', () => {
  const behind = (pattern: string, text: string, char: string): boolean | null => {
    const tree = readPattern(pattern)
    const positions = tree === null ? null : positionsOf(tree)
    if (positions === null) throw new Error(pattern)
    const found = behindText(positions, text)
    return found === null ? null : found.next[char.charCodeAt(0)] === 1
  }
  assert.is(behind('^/img(.*)$', '/img', '.'), true)
  assert.is(behind('^/img/(.*)$', '/img', '.'), false)
  assert.is(behind('^/img/(.*)$', '/img', '/'), true)
  assert.is(behind('^/img/(.*)$', '/files', '/'), null)
  assert.is(behind('^/(?:img|js)[^/]*', '/js', '/'), false)
  assert.is(behind('^/a/[^\\n]*', '/a/', '\n'), false)
})

test.run()
