import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { OPEN, plainCommands } from '../../../parsers/shell/plain-commands.ts'

function wordsOf(script: string, variables: Readonly<Record<string, string>> = {}): readonly string[][] {
  return plainCommands(script, new Map(Object.entries(variables))).map(({ words }) => [...words])
}

test('commands end at operators and at the end of a line', () => {
  assert.equal(wordsOf('a b && c; d || e\nf & g'), [['a', 'b'], ['c'], ['d'], ['e'], ['f'], ['g']])
  assert.equal(wordsOf('a \\\n  b \\\n  && c'), [['a', 'b'], ['c']])
  assert.equal(wordsOf('a # b; c\nd#e'), [['a'], ['d#e']])
  assert.equal(wordsOf(' ; && '), [])
})

test('quotes make one word, and hide operators', () => {
  assert.equal(wordsOf(`echo 'a; b' "c && d" e\\ f`), [['echo', 'a; b', 'c && d', 'e f']])
  assert.equal(wordsOf(`echo "a \\"b\\" \\$c \\d"`), [['echo', 'a "b" $c \\d']])
  assert.equal(wordsOf(`echo '' ""`), [['echo', '', '']])
  assert.equal(wordsOf(`echo 'open`), [['echo', 'open']])
})

test('variables are filled in outside of single quotes', () => {
  const variables = { DIR: '/etc/apache2' }
  assert.equal(wordsOf('ls $DIR/a "${DIR}/b" \'$DIR\'', variables), [
    ['ls', '/etc/apache2/a', '/etc/apache2/b', '$DIR'],
  ])
  for (const unknown of ['$X', '${X}', '${X:-1}', '$(cat (x))', '`x`', '$1', '$?'])
    assert.equal(wordsOf(`a ${unknown}/b "${unknown}"`), [['a', `${OPEN}/b`, OPEN]], unknown)
  assert.equal(wordsOf('a$ "b$"'), [['a$', 'b$']])
})

test('an expansion that nothing ends is open, and costs no more than another', () => {
  assert.equal(wordsOf('a ${X b'), [['a', `${OPEN}{X`, 'b']])
  const begin = performance.now()
  plainCommands('${'.repeat(100_000))
  assert.ok(performance.now() - begin < 5000)
})

test('the file that takes the output is no word', () => {
  const outputOf = (script: string) => plainCommands(script).map(({ output }) => output)
  assert.equal(outputOf('echo a > /x'), [{ path: '/x', append: false }])
  assert.equal(outputOf('echo a >>"/x y"'), [{ path: '/x y', append: true }])
  assert.equal(outputOf('a 1>/x'), [{ path: '/x', append: false }])
  for (const other of ['a 2>/dev/null', 'a 2>&1', 'a >&2', 'a &>/dev/null', 'a < /x'])
    assert.equal(
      plainCommands(other).map(({ words, output }) => ({ words, output })),
      [{ words: ['a'], output: null }],
      other,
    )
  assert.equal(wordsOf('a 2>/dev/null b'), [['a', 'b']])
})

test('what is piped knows it', () => {
  assert.equal(
    plainCommands('a | b; c').map(({ isPiped }) => isPiped),
    [false, true, false],
  )
})

test.run()
