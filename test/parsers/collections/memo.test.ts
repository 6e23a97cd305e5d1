import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { memo, memoByKey } from '../../../parsers/collections/memo.ts'

test('computes once for each object', () => {
  const asked: object[] = []
  const nameOf = memo((owner: { readonly name: string }) => {
    asked.push(owner)
    return owner.name
  })
  const first = { name: 'a' }
  const second = { name: 'a' }
  assert.equal([nameOf(first), nameOf(first), nameOf(second)], ['a', 'a', 'a'])
  assert.equal(asked.length, 2)
  assert.is(asked[0], first)
  assert.is(asked[1], second)
})

test('keeps null, false, zero and the empty text', () => {
  for (const value of [null, false, 0, '']) {
    let computed = 0
    const kept = memo((_: object) => {
      computed++
      return value
    })
    const owner = {}
    assert.equal([kept(owner), kept(owner)], [value, value])
    assert.is(computed, 1)
  }
})

test('computes again where it threw', () => {
  let computed = 0
  const failing = memo((_: object): number => {
    computed++
    if (computed === 1) throw new Error('not yet')
    return computed
  })
  const owner = {}
  assert.throws(() => failing(owner), /not yet/)
  assert.equal([failing(owner), failing(owner)], [2, 2])
})

test('may ask itself about another object', () => {
  interface Node {
    readonly above: Node | null
  }
  const depth = memo(({ above }: Node): number => (above === null ? 0 : depth(above) + 1))
  assert.is(depth({ above: { above: { above: null } } }), 2)
})

test('computes once for each pair of object and key', () => {
  const asked: string[] = []
  const keyOf = memoByKey((owner: { readonly name: string }, key: string | null) => {
    asked.push(`${owner.name}.${key}`)
    return key
  })
  const first = { name: 'a' }
  const second = { name: 'b' }
  for (const owner of [first, second, first]) for (const key of ['x', null]) assert.is(keyOf(owner, key), key)
  assert.equal(asked, ['a.x', 'a.null', 'b.x', 'b.null'])
})

test.run()
