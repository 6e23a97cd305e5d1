import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { plainCommands } from '../../../parsers/shell/plain-commands.ts'
import { textSource, UNKNOWN } from '../../../parsers/text/source.ts'
import { placeOf, writtenAt } from '../../../parsers/text/written-text.ts'

function commandsOf(script: string, variables: Readonly<Record<string, string>> = {}) {
  const written = writtenAt(textSource('/x.sh', script), 0, script.length)
  return [...plainCommands(written, new Map(Object.entries(variables)))]
}

function wordsOf(script: string, variables: Readonly<Record<string, string>> = {}): readonly string[][] {
  return commandsOf(script, variables).map(({ words }) => words.map(({ text }) => text))
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
    assert.equal(wordsOf(`a ${unknown}/b "${unknown}"`), [['a', `${UNKNOWN}/b`, UNKNOWN]], unknown)
  assert.equal(wordsOf('a$ "b$"'), [['a$', 'b$']])
})

test('an expansion that nothing ends is open, and costs no more than another', () => {
  assert.equal(wordsOf('a ${X b'), [['a', `${UNKNOWN}{X`, 'b']])
  const begin = performance.now()
  commandsOf('${'.repeat(100_000))
  assert.ok(performance.now() - begin < 5000)
})

test('the file that takes the output is no word', () => {
  const outputOf = (script: string) => commandsOf(script).map(({ output }) => output)
  assert.equal(outputOf('echo a > /x'), [{ path: '/x', append: false }])
  assert.equal(outputOf('echo a >>"/x y"'), [{ path: '/x y', append: true }])
  assert.equal(outputOf('a 1>/x'), [{ path: '/x', append: false }])
  for (const other of ['a 2>/dev/null', 'a 2>&1', 'a >&2', 'a &>/dev/null', 'a < /x'])
    assert.equal(
      commandsOf(other).map(({ words: [word], output }) => [word?.text, output]),
      [['a', null]],
      other,
    )
  assert.equal(wordsOf('a 2>/dev/null b'), [['a', 'b']])
})

test('what is piped knows it', () => {
  assert.equal(
    commandsOf('a | b; c').map(({ isPiped }) => isPiped),
    [false, true, false],
  )
})

test('a here-document is none of the commands', () => {
  const script = `ssh h <<'EOF' && b\n  x $Y\n  EOF\nc << A <<B\n1\nA\n2\nB\nd <<- "X"\nrest`
  assert.equal(
    commandsOf(script).map(({ words, document }) => [
      words.map(({ text }) => text).join(' '),
      document?.text.text ?? null,
      document?.isLiteral ?? null,
    ]),
    [
      ['ssh h', '  x $Y\n', true],
      ['b', null, null],
      ['c', '2\n', false],
      ['d', 'rest', true],
    ],
  )
})

test('a word knows where it was written', () => {
  const script = 'a "b $X" \\\n c'
  const places = commandsOf(script, { X: 'long' }).flatMap(({ words }) => words.map(placeOf))
  assert.equal(
    places.map(({ start, end }) => script.slice(start, end)),
    ['a', 'b $X', 'c'],
  )
})

test.run()
