import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parseApache } from '../../../parsers/apache/parse.ts'
import type { ApacheLineNode, ApacheNode } from '../../../parsers/apache/syntax.ts'
import { textSource } from '../../../parsers/text/source.ts'

function parse(text: string): readonly ApacheNode[] {
  return parseApache(textSource('/etc/apache2/apache2.conf', text))
}

function line(text: string): ApacheLineNode {
  const [node] = parse(text)
  if (node === undefined || node.kind === 'comment') throw new Error('no line')
  return node
}

const values = (node: ApacheLineNode) => node.words.map(word => word.value)

test('a directive, its words and where they stand', () => {
  const text = '  ServerAlias  a.example "b c"\n'
  const node = line(text)
  assert.is(node.kind, 'directive')
  assert.is(node.name.value, 'ServerAlias')
  assert.is(node.text, 'a.example "b c"')
  assert.equal(values(node), ['a.example', 'b c'])
  assert.equal(
    node.words.map(word => text.slice(word.start, word.end)),
    ['a.example', '"b c"'],
  )
  assert.is(text.slice(node.start, node.end), 'ServerAlias  a.example "b c"')
})

test('a section keeps its bracket in the text and not in the words', () => {
  const node = line('<Directory "/srv/a b" >\n')
  assert.is(node.kind, 'open')
  assert.is(node.name.value, 'Directory')
  assert.is(node.text, '"/srv/a b" >')
  assert.equal(values(node), ['/srv/a b'])
})

test('text behind the bracket is part of the text alone', () => {
  const node = line('<Directory />Options None\n')
  assert.is(node.text, '/>Options None')
  assert.equal(values(node), ['/'])
})

test('a section without arguments has a bracket for its text', () => {
  assert.is(line('<Else>\n').text, '>')
  assert.equal(values(line('<Else>\n')), [])
})

test('a closer', () => {
  const node = line('</Directory> # done\n')
  assert.is(node.kind, 'close')
  assert.is(node.name.value, 'Directory')
  assert.is(node.text, '# done')
})

test('a quoted first word names a section too', () => {
  assert.is(line('"<Directory" />\n').kind, 'open')
  assert.is(line('"<Directory" />\n').name.value, 'Directory')
})

test("the name loses a bracket at its end, as httpd's does", () => {
  assert.is(line('KeepAlive> On\n').name.value, 'KeepAlive')
})

test('continuation joins without a space, and the last line counts', () => {
  const text = 'ServerAd\\\nmin a@b\\\r\n.c\nKeepAlive On\n'
  const [first, second] = parse(text) as ApacheLineNode[]
  assert.is(first?.name.value, 'ServerAdmin')
  assert.is(first?.text, 'a@b.c')
  assert.is(first?.firstLine, 1)
  assert.is(first?.line, 3)
  assert.is(second?.line, 4)
})

test('a word that runs over a line end covers both of its parts', () => {
  const text = 'ServerName www.\\\nexample.org\n'
  const [word] = line(text).words
  assert.is(word?.value, 'www.example.org')
  assert.is(text.slice(word?.start, word?.end), 'www.\\\nexample.org')
})

test('a comment that ends in a backslash swallows the next line', () => {
  const nodes = parse('# off \\\nHeader set A b\nKeepAlive On\n')
  assert.equal(
    nodes.map(node => node.kind),
    ['comment', 'directive'],
  )
  assert.is(nodes[0]?.line, 2)
})

test('a hash behind a continuation is no comment', () => {
  assert.equal(values(line('ServerAlias a \\\n# b\n')), ['a', '#', 'b'])
})

test('a blank line ends a continuation', () => {
  const [first, second] = parse('ServerAlias a \\\n\nKeepAlive On\n') as ApacheLineNode[]
  assert.is(first?.text, 'a')
  assert.is(first?.line, 2)
  assert.is(second?.name.value, 'KeepAlive')
})

test('a continuation into the end of the file counts the line that is not there', () => {
  assert.is(line('KeepAlive On \\\n').line, 2)
})

test('a backslash that two of them left behind continues an empty line', () => {
  const node = line('a\\\\\n\nb c\n')
  assert.is(node.name.value, 'ab')
  assert.is(node.line, 3)
})

test('a backslash before a space, and one at the end of the file, are letters', () => {
  assert.is(line('Header set A a\\ \n').text, 'set A a\\')
  assert.is(line('ServerAdmin a \\').text, 'a \\')
})

test('NUL ends a line where a C string would end', () => {
  const [first, second] = parse('KeepAlive On\0 junk\nKeepAlive Off\n') as ApacheLineNode[]
  assert.is(first?.text, 'On')
  assert.is(second?.text, 'Off')
})

test('form feed and vertical tab part words, a no-break space does not', () => {
  assert.equal(values(line('KeepAlive\fOn\vx\n')), ['On', 'x'])
  assert.is(line('KeepAlive\u00a0On\n').name.value, 'KeepAlive\u00a0On')
})

test('a file of carriage returns is one line', () => {
  assert.is(parse('KeepAlive On\rKeepAlive Off\r').length, 1)
})

test('a byte-order mark belongs to the first word', () => {
  assert.is(parse('\ufeff# comment\n')[0]?.kind, 'directive')
})

test('quotes: escapes, what follows them, what never closes', () => {
  assert.equal(values(line(`X "a\\"b" 'a\\'b' "a\\nb" "a\\\\"\n`)), ['a"b', "a'b", 'a\\nb', 'a\\'])
  assert.equal(values(line('X "a"b\n')), ['a', 'b'])
  assert.equal(values(line('X "a b c\n')), ['a b c'])
  assert.equal(values(line('X a"b c"d\n')), ['a"b', 'c"d'])
  assert.equal(values(line('X a\\ b a\\\\b\n')), ['a\\', 'b', 'a\\b'])
  assert.equal(values(line('X ""\n')), [''])
})

test('the same source is parsed once', () => {
  const source = textSource('/a', 'KeepAlive On\n')
  assert.is(parseApache(source), parseApache(source))
})

test.run()
