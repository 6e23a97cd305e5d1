import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { textSource } from '../../../parsers/text/source.ts'
import { memoryFileSystem } from '../../../src/files/memory-file-system.ts'
import { evaluateApache } from '../../../src/servers/apache/evaluate.ts'
import { evaluateHtaccess } from '../../../src/servers/apache/evaluate-htaccess.ts'

const files = memoryFileSystem({ '/srv/app.conf': 'SetEnv A b\n' })

function evaluate(text: string) {
  const main = textSource(
    '/etc/apache2/apache2.conf',
    'LoadModule headers_module /usr/lib/apache2/modules/mod_headers.so\nDefine HOST a.example\n',
  )
  const configuration = evaluateApache({
    files,
    main,
    fragments: [],
    environment: { variables: new Map(), complete: true, defines: new Map() },
    version: { value: '2.4.71', from: 'option', at: null },
  })
  return evaluateHtaccess(textSource('/srv/www/.htaccess', text), configuration, files)
}

test('conditionals ask the modules of the server, definitions are filled in', () => {
  const { children, problems } = evaluate(
    '<IfModule mod_headers.c>\nHeader set A ${HOST}\n</IfModule>\n<IfModule mod_rewrite.c>\nRewriteEngine on\n</IfModule>\n',
  )
  assert.equal(
    children.map(({ name, text }) => `${name} ${text}`),
    ['Header set A a.example'],
  )
  assert.equal(problems, [])
})

test('what may not stand there stays in the list and does not act', () => {
  const { children } = evaluate('Include /srv/app.conf\nDefine X 1\n<Directory /srv>\n</Directory>\n')
  assert.equal(
    children.map(({ name }) => name),
    ['Include', 'Define', 'Directory'],
  )
})

test('a true conditional may stay open, a section may not', () => {
  assert.equal(evaluate('<IfModule mod_headers.c>\nHeader set A b\n').problems, [])
  assert.is(evaluate('<Files a>\nHeader set A b\n').problems[0]?.code, 'section-unclosed')
})

test('a line of 8192 bytes is too long', () => {
  assert.is(evaluate(`# ${'x'.repeat(8192)}\n`).problems[0]?.code, 'line-too-long')
})

test.run()
