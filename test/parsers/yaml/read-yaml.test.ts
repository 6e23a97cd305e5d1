import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { mayNestDeeper } from '../../../parsers/yaml/nesting.ts'
import { readYaml } from '../../../parsers/yaml/read-yaml.ts'
import type { YamlNode } from '../../../parsers/yaml/yaml-node.ts'
import { placeText, textSource } from '../../../parsers/text/source.ts'
import { placeIn, placeOf } from '../../../parsers/text/written-text.ts'

function read(text: string) {
  return readYaml(textSource('/x.yml', text))
}

/** A node as plain data. */
function plain(node: YamlNode | undefined): unknown {
  if (node === undefined) return undefined
  if (node.kind === 'scalar') return node.text.text
  if (node.kind === 'list') return node.items.map(plain)
  return Object.fromEntries([...node.entries.values()].map(({ name, value }) => [name, plain(value)]))
}

/** What is written at the words of the only scalar of `a:`. */
function written(text: string, word: string): string {
  const [root] = read(text).documents
  const node = root?.kind === 'map' ? root.entries.get('a')?.value : undefined
  assert.is(node?.kind, 'scalar')
  if (node?.kind !== 'scalar') return ''
  const start = node.text.text.indexOf(word)
  assert.ok(start >= 0, `${JSON.stringify(word)} in ${JSON.stringify(node.text.text)}`)
  return placeText(placeIn(node.text, start, start + word.length))
}

test('maps, lists and scalars of every style', () => {
  const text = `a: plain text # comment\nb: 'it''s'\nc: "x\\ty"\nd: [1, {e: f}]\ng: |\n  one\n  two\nh: >-\n  one\n  two\ni:\nj: 80:80\n`
  const [root] = read(text).documents
  assert.equal(plain(root), {
    a: 'plain text',
    b: "it's",
    c: 'x\ty',
    d: ['1', { e: 'f' }],
    g: 'one\ntwo\n',
    h: 'one two',
    i: '',
    j: '80:80',
  })
})

test('a word of a scalar is found where it was written, whatever the style', () => {
  assert.is(written('a: gunicorn -b :80\n', '-b'), '-b')
  assert.is(written('a: gunicorn\n   -b\n   :80\n', ':80'), ':80')
  assert.is(written(`a: 'it''s -b'\n`, '-b'), '-b')
  assert.is(written(`a: 'it''s -b'\n`, "'"), "''")
  assert.is(written(`a: "x\\ty\\u0041 z"\n`, 'A'), '\\u0041')
  assert.is(written(`a: "x\\\n    y z"\n`, 'z'), 'z')
  assert.is(written('a: >\n  gunicorn\n  -b :80\n\n    more\n  end\n', 'more'), 'more')
  assert.is(written('a: >\n  gunicorn\n  -b :80\n\n    more\n  end\n', 'end'), 'end')
  assert.is(written('a: |-\n  one\n    two\n', 'two'), 'two')
  assert.is(written('a: |\r\n  one\r\n  two\r\n', 'two'), 'two')
  assert.is(written('a: &anchor !!str "b c"\n', 'c'), 'c')
})

test('aliases and merge keys are followed, and a key of its own wins', () => {
  const text =
    'x: &x {a: 1, b: 2}\ny: &y {b: 3, c: 4}\nz:\n  <<: [*x, *y]\n  a: 5\nw: *x\nv:\n  <<: *nobody\n'
  assert.equal(plain(read(text).documents[0]), {
    x: { a: '1', b: '2' },
    y: { b: '3', c: '4' },
    z: { a: '5', b: '2', c: '4' },
    w: { a: '1', b: '2' },
    v: {},
  })
})

test('tags that only the program knows stay', () => {
  const [root] = read('a: !reset null\nb: !override\n  - 1\n').documents
  assert.is(root?.kind, 'map')
  if (root?.kind !== 'map') return
  assert.is(root.entries.get('a')?.value.tag, '!reset')
  assert.is(root.entries.get('b')?.value.tag, '!override')
})

test('JSON with tabs is YAML enough', () => {
  const { documents, broken } = read('{\n\t"a": {\n\t\t"b": [1, true],\n\t\t"c": "x"\n\t}\n}\n')
  assert.is(broken, false)
  assert.equal(plain(documents[0]), { a: { b: ['1', 'true'], c: 'x' } })
})

test('several documents, and none', () => {
  assert.equal(read('a: 1\n---\nb: 2\n').documents.map(plain), [{ a: '1' }, { b: '2' }])
  assert.equal(read('').documents, [])
  assert.equal(read('# nothing\n').documents, [])
})

test('what is no YAML makes the file broken, and the rest is read', () => {
  const { documents, broken } = read('a: 1\nb: [1\nc: 2\n')
  assert.is(broken, true)
  assert.is((plain(documents[0]) as { a: string }).a, '1')
})

test('an alias that Go’s reader refuses is a fault', () => {
  const said = (text: string): readonly string[] => read(text).faults.map(fault => fault.said)
  const noName = 'did not find expected alphabetic or numeric character'
  assert.equal(said('password: ******\n'), [noName])
  assert.equal(said('host: *.example.com\n'), [noName])
  assert.equal(said('path: *\n'), [noName])
  assert.equal(said('a: *base\nb: &base 1\n'), ["unknown anchor 'base' referenced"])
  assert.equal(said('a: &base-1 {x: 1}\nb: *base-1\nc: {<<: *base-1}\n'), [])
  assert.equal(said('&key a: 1\nb: *key\n'), [])
  assert.equal(said('a: "*"\nb: \'*.example.com\'\nc: x*\n'), [])
  assert.equal(said('password: *{{ name }}\n'), [])
})

test('nesting, aliases and length that would take the process down are refused', () => {
  for (const text of [
    '['.repeat(100_000),
    '- '.repeat(100_000),
    '? '.repeat(5000),
    '{a: '.repeat(5000),
    ': '.repeat(5000),
    `-\t? ${'-\t'.repeat(5000)}`,
    Array.from({ length: 2000 }, (_, depth) => `${' '.repeat(depth)}a:\n`).join(''),
    `a: ${'x'.repeat(600 * 1024)}\n`,
  ])
    assert.equal(read(text), { documents: [], broken: true, faults: [] })
  const laughs = `a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n${Array.from(
    { length: 9 },
    (_, n) => `a${n + 1}: &a${n + 1} [${Array(10).fill(`*a${n}`).join(', ')}]\n`,
  ).join('')}`
  assert.is(read(laughs).broken, true)
  assert.is(read('a: &a [*a]\n').documents.length, 1)
})

test('what people write is not nested too deep', () => {
  assert.is(mayNestDeeper(`# ${'- '.repeat(200)}\na:\n  - b: "x - y - z"\n    c: {d: [1, 2]}\n`, 20), false)
  assert.is(mayNestDeeper('a: [b]\n'.repeat(5000), 20), false)
  assert.is(mayNestDeeper(`{${'"a": 1, '.repeat(500)}}`, 20), false)
})

const piece = fc.constantFrom(
  ...['\n', '\n  ', '\n    ', '\r\n', ' ', '\t', '- ', ': ', '? ', '#', ' #', '[', ']', '{', '}', ', '],
  ...['"', "'", '|', '>', '|-', '>+', '&a ', '*a', '<<: ', '!t ', '---\n', '...\n', '%', '@', '\\', '\\n'],
  ...['a', 'b', 'key', '1', 'é', '\u{1F600}', '\uE000', '\ufeff', '\0', '`', '~', 'null'],
)

function check(node: YamlNode, length: number): void {
  assert.ok(node.at.start >= 0 && node.at.start <= node.at.end && node.at.end <= length)
  if (node.kind === 'list') for (const item of node.items) check(item, length)
  if (node.kind === 'map') {
    for (const { key, value } of node.entries.values()) {
      assert.ok(key.start <= key.end && key.end <= length)
      check(value, length)
    }
  }
  if (node.kind !== 'scalar') return
  const whole = placeOf(node.text)
  assert.ok(whole.start >= 0 && whole.start <= whole.end && whole.end <= length)
  for (let at = 0; at < node.text.text.length; at++) {
    const { start, end } = placeIn(node.text, at, at + 1)
    assert.ok(start >= whole.start && start <= end && end <= length, `${at}: ${start}..${end}`)
  }
}

test('never throws, and places lie inside', () => {
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), pieces => {
      const text = pieces.join('')
      for (const document of read(text).documents) check(document, text.length)
    }),
    { seed: 20_250_301, numRuns: 3000 },
  )
})

test('a scalar of one style has each of its letters where it was written', () => {
  const line = fc.stringMatching(/^[a-z]{1,4}( [a-z]{1,4}){0,3}$/)
  fc.assert(
    fc.property(
      fc.array(line, { minLength: 1, maxLength: 5 }),
      fc.constantFrom('|', '>', '"', "'", ''),
      (lines, style) => {
        const body = lines.join('\n   ')
        const isBlock = style === '|' || style === '>'
        const text = isBlock ? `a: ${style}\n   ${body}\n` : `a: ${style}${body}${style}\n`
        const last = lines.at(-1)!.split(' ').at(-1)!
        const [root] = read(text).documents
        const node = root?.kind === 'map' ? root.entries.get('a')?.value : undefined
        if (node?.kind !== 'scalar') return
        const start = node.text.text.lastIndexOf(last)
        const place = placeIn(node.text, start, start + last.length)
        assert.is(placeText(place), last)
        assert.is(place.start, text.lastIndexOf(last))
      },
    ),
    { seed: 20_250_302, numRuns: 500 },
  )
})

test.run()
