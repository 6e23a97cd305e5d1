import { execFileSync } from 'node:child_process'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { readSed, sedEdit } from '../../../../src/deployment/containers/image-files/sed.ts'

const TEXT = `Listen 80
<VirtualHost *:80>
    DocumentRoot /var/www/html
</VirtualHost>
<Directory /var/www/>
    AllowOverride None
</Directory>
<Directory /srv/>
    AllowOverride None
</Directory>
$HOME a.b (c) a+b
`

test('what is replaced is what sed replaces', () => {
  for (const [expression, extended] of [
    ['s!/var/www/html!${APACHE_DOCUMENT_ROOT}!g', true],
    ['s/80/8080/g', false],
    ['s/80/8080/', false],
    ['s/^Listen 80$/Listen 8000/', false],
    ['s/:80>/:8000>/', false],
    ['s/*:80/*:8080/', false],
    ['s|\\(DocumentRoot /var/www/html\\)$|\\1/public|', false],
    ['s|(DocumentRoot) (.*)$|\\1 "\\2"|', true],
    ['s#/var/www/html#&/web#', false],
    ['s/DocumentRoot.*$/DocumentRoot \\/srv/', false],
    ['s,AllowOverride[[:space:]]None,AllowOverride All,g', false],
    ['/<Directory \\/var\\/www\\/>/,/<\\/Directory>/ s/AllowOverride None/AllowOverride All/', false],
    ['/Listen/s/80/81/', false],
    ['s/a.b/x/g', false],
    ['s/(c)/x/', false],
    ['s/$HOME/x/', false],
  ] as const) {
    const edit = sedEdit(expression, extended)
    assert.ok(edit !== null, expression)
    const args = [...(extended ? ['-E'] : []), '-e', expression]
    assert.is(edit(TEXT), execFileSync('sed', args, { input: TEXT, encoding: 'utf8' }), expression)
  }
})

test('nobody says what other expressions do', () => {
  for (const expression of [
    '/x/d',
    's/a/b/w file',
    's/a/b/2',
    '1i x',
    's/[a-z]{2}/b/',
    's/a\\+/b/',
    // What would take without end.
    's/\\(.*\\)*x/b/',
    's/.*.*.*x/b/',
    'y/a/b/',
    '',
  ])
    assert.is(sedEdit(expression, false), null, expression)
})

test('options say how an expression is read, and where the result goes', () => {
  const plain = { isInPlace: true, isExtended: false, expressions: ['s/a/b/'], files: ['f'] }
  assert.equal(readSed(['-i', 's/a/b/', 'f']), plain)
  assert.equal(readSed(['-i.bak', '-e', 's/a/b/', 'f']), plain)
  assert.equal(readSed(['f', '-i', '-e', 's/a/b/']), plain)
  assert.equal(readSed(['-ri', '-e', 's/a/b/', 'f']), { ...plain, isExtended: true })
  assert.equal(readSed(['-i', 's/a/b/; s/c/d/', 'f']), { ...plain, expressions: ['s/a/b/', ' s/c/d/'] })
  assert.equal(readSed(['s/a/b/', 'f']), { ...plain, isInPlace: false })
  for (const args of [
    ['-n', '-i', 'p', 'f'],
    ['-f', 'x', 'f'],
    ['-s', 's/a/b/', 'f'],
  ])
    assert.is(readSed(args), null, args.join(' '))
})

test.run()
