import { test } from 'uvu'
import * as assert from 'uvu/assert'
import * as fc from 'fast-check'
import { type PcreOptions, parsePcre } from '../../../parsers/pcre/parse-pcre.ts'
import { pcreMessage } from '../../../parsers/pcre/problems.ts'
import type { PcreRelease } from '../../../parsers/pcre/release.ts'
import type { PcreNode } from '../../../parsers/pcre/tree.ts'
import { childrenOf, nodesOf } from '../../../parsers/pcre/walk.ts'

const RELEASES: readonly PcreRelease[] = [8.39, 10.36, 10.42, 10.47]

/** A pattern's tree in one line: the kind of each node, the text it stands for, what is inside. */
function outline(pattern: string, options?: PcreOptions, release: PcreRelease = 10.42): string {
  const tree = parsePcre(pattern, release, options)
  if (tree.problem !== null) return `${tree.problem.code} at ${tree.problem.offset}`
  const show = (node: PcreNode): string => {
    const inside = childrenOf(node).map(show).join(' ')
    return `${node.kind}<${pattern.slice(node.start, node.end)}>${inside === '' ? '' : `(${inside})`}`
  }
  return tree.alternatives.map(({ items }) => items.map(show).join(' ')).join(' | ')
}

function kinds(pattern: string, options?: PcreOptions): readonly PcreNode[] {
  return nodesOf(parsePcre(pattern, 10.42, options).alternatives)
}

test('nodes know their place in the pattern', () => {
  assert.is(
    outline('^/a(b|[c-e]+)?$'),
    'assertion<^> literal</> literal<a> repeat<(b|[c-e]+)?>(group<(b|[c-e]+)>(literal<b> repeat<[c-e]+>(set<[c-e]>))) assertion<$>',
  )
  assert.is(outline('é{2}\\x{41}'), 'literal<é> repeat<é{2}>(literal<é>) literal<\\x{41}>')
  assert.is(outline('(*UTF)é{2}'), 'repeat<é{2}>(literal<é>)')
})

test('what means nothing leaves no node', () => {
  assert.is(outline('a(?#note)b\\Q\\E'), 'literal<a> literal<b>')
  assert.is(outline('(?x) a # comment\n b'), 'literal<a> literal<b>')
  assert.is(outline('a(?#x)+'), 'repeat<a(?#x)+>(literal<a>)')
  assert.is(outline('a\\Q*\\E*'), 'literal<a> repeat<**>(literal<*>)'.replace('<**>', '<*\\E*>'))
})

test('options are told on the nodes that they hold for', () => {
  const cases = kinds('a(?i)b(?-i:c)d').flatMap(node => (node.kind === 'literal' ? [node.caseless] : []))
  assert.equal(cases, [false, true, false, true])
  const dots = kinds('.(?s:.)\\N').flatMap(node => (node.kind === 'any' ? [node.newline] : []))
  assert.equal(dots, [false, true, false])
  const places = (pattern: string, options?: PcreOptions) =>
    kinds(pattern, options).flatMap(node => (node.kind === 'assertion' ? [node.at] : []))
  assert.equal(places('^$'), ['subject-start', 'last-line-end'])
  assert.equal(places('^$', { dollarEndOnly: true }), ['subject-start', 'subject-end'])
  assert.equal(places('(?m)^$'), ['line-start', 'line-end'])
  const modes = kinds('a+b+?c++(?U)d+e+?').flatMap(node => (node.kind === 'repeat' ? [node.mode] : []))
  assert.equal(modes, ['greedy', 'lazy', 'possessive', 'lazy', 'greedy'])
})

test('groups are counted and named', () => {
  const tree = parsePcre('(a)(?<n>b)(?:c)(?|(d)|(e)(f))(?P<m>g)', 10.42)
  assert.is(tree.groups, 5)
  assert.equal(tree.names, [
    { name: 'n', group: 2 },
    { name: 'm', group: 5 },
  ])
})

test('references know their groups, earlier and later ones', () => {
  const groups = (pattern: string) =>
    kinds(pattern).flatMap(node => (node.kind === 'back-reference' ? [node.groups] : []))
  assert.equal(groups('\\2(a)(b)'), [[2]])
  assert.equal(groups('(a)\\g{-1}\\g{+1}(b)'), [[1], [2]])
  assert.equal(groups('(?J)(?<n>a)(?<n>b)\\k<n>'), [[1, 2]])
  const calls = kinds('(?R)?(?&n)(?<n>a)(?1)').flatMap(node => (node.kind === 'call' ? [node.group] : []))
  assert.equal(calls, [0, 1, 1])
})

test('conditions are told apart', () => {
  const conditions = (pattern: string) =>
    kinds(pattern).flatMap(node => (node.kind === 'conditional' ? [node.condition.kind] : []))
  assert.equal(conditions('(a)?(?(1)b|c)(?(R)d)(?(?=e)f)(?(DEFINE)(g))(?(VERSION>=10.4)h)'), [
    'set',
    'called',
    'look',
    'define',
    'constant',
  ])
  // A group of that name is meant before a recursion is.
  assert.equal(conditions('(?<R1>a)(?(R1)b)'), ['set'])
})

test('a fault is told with its place', () => {
  assert.is(outline('a('), 'unclosed-group at 2')
  assert.is(outline('a)b'), 'unmatched-parenthesis at 1')
  assert.is(outline('é[z-a]'), 'range-out-of-order at 5')
  assert.is(outline('(?<a>b)(?<a>c)'), 'duplicate-name at 12')
  assert.is(outline('(?<=a+)'), 'lookbehind-not-fixed at 7')
  assert.is(outline('((a{100}){100}){100}'), 'too-large at 20')
  assert.is(outline(`${'('.repeat(251)}${')'.repeat(251)}`), 'nested-too-deeply at 251')
  assert.is(pcreMessage('unclosed-group'), 'missing closing parenthesis')
})

test('the releases differ', () => {
  const taken = (pattern: string) => RELEASES.filter(release => parsePcre(pattern, release).problem === null)
  assert.equal(taken('[\\w-.]'), [8.39])
  assert.equal(taken('(?=a\\K)'), [8.39, 10.36])
  assert.equal(taken('(?<=a{1,3})b'), [10.47])
  assert.equal(taken('(?^i)a'), [10.36, 10.42, 10.47])
  assert.equal(taken('(?[[a-c]-[b]])'), [10.47])
  assert.equal(taken('(?R)'), [10.36, 10.42, 10.47])
  const most = (release: PcreRelease) => outline('a{,2}', {}, release).startsWith('repeat')
  assert.equal(RELEASES.map(most), [false, false, false, true])
})

test('any text is read to an end, and nodes lie inside of one another', () => {
  const characters = fc.string({
    unit: fc.constantFrom(...'%{}()[]\\|*+?^$<>=!-:.,\'"/# aZ09mi&kgxpQENRKé😀\n'),
    maxLength: 30,
  })
  const inside = (node: PcreNode): boolean =>
    childrenOf(node).every(child => child.start >= node.start && child.end <= node.end && inside(child))
  fc.assert(
    fc.property(characters, fc.constantFrom(...RELEASES), (pattern, release) => {
      const tree = parsePcre(pattern, release)
      for (const { items, start, end } of tree.alternatives) {
        assert.ok(start >= 0 && end <= pattern.length)
        for (const item of items) assert.ok(inside(item) && item.start >= start && item.end <= end, pattern)
      }
      if (tree.problem !== null) assert.ok(tree.problem.offset <= pattern.length, pattern)
    }),
    { seed: 20_261_126, numRuns: 5000 },
  )
})

test('a pattern is read in time that grows with its length', () => {
  const texts = [
    'a'.repeat(100_000),
    '(?#'.repeat(30_000),
    `[${'[:'.repeat(30_000)}`,
    '(a)'.repeat(30_000),
    '\\Q'.repeat(30_000),
    '(?<a>b)'.repeat(10_000),
    '(?'.repeat(30_000),
    'a{1'.repeat(30_000),
    '(?i)'.repeat(30_000),
    `${'(a|'.repeat(240)}${')'.repeat(240)}`,
  ]
  for (const text of texts) {
    const before = process.cpuUsage().user
    for (const release of RELEASES) parsePcre(text, release)
    const milliseconds = (process.cpuUsage().user - before) / 1000
    assert.ok(milliseconds < 2000, `${text.slice(0, 20)} took ${milliseconds} ms`)
  }
})

test.run()
