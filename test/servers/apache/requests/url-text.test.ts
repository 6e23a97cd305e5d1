import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  absoluteLength,
  canonicalFile,
  decodePath,
  escapeRedirect,
  escapeUri,
  normalisePath,
  splitUri,
  substitute,
} from '../../../../src/servers/apache/requests/url-text.ts'

test('a path is normalised as httpd does', () => {
  assert.is(normalisePath('/a//b/./c/../d', true), '/a/b/d')
  assert.is(normalisePath('/a//b', false), '/a//b')
  assert.is(normalisePath('/a/..', true), '/')
  assert.is(normalisePath('/a/.', true), '/a/')
  assert.is(normalisePath('/%61%2e%2E%20', true), '/a..%20')
  assert.is(normalisePath('/x/%2e%2e/y', true), '/y')
  assert.is(normalisePath('/../etc', true), null)
  assert.is(normalisePath('/%zz', true), null)
})

test('a path is decoded once, and slashes only where they may be', () => {
  assert.is(decodePath('/a%20b', 'refuse'), '/a b')
  assert.is(decodePath('/a%2Fb', 'refuse'), 404)
  assert.is(decodePath('/a%2Fb', 'keep'), '/a%2Fb')
  assert.is(decodePath('/a%2Fb', 'decode'), '/a/b')
  assert.is(decodePath('/a%00', 'decode'), 404)
  assert.is(decodePath('/a%4', 'refuse'), 400)
})

test('a request line is cut into path and query', () => {
  assert.equal(splitUri('/a?b?c#d'), { path: '/a', args: 'b?c' })
  assert.equal(splitUri('//a?'), { path: '/a', args: '' })
  assert.equal(splitUri('?x'), { path: '/', args: 'x' })
})

test('paths of the file system are canonical', () => {
  assert.is(canonicalFile('/srv//www/./x/'), '/srv/www/x/')
  assert.is(canonicalFile('/srv/../etc'), '/etc')
  assert.is(canonicalFile('/../etc'), null)
  assert.is(canonicalFile('/'), '/')
})

test('texts are escaped', () => {
  assert.is(escapeUri('/é b?%'.replace('é', '\xc3\xa9')), '/%c3%a9%20b%3f%25')
  assert.is(escapeRedirect('http://t.test/a b?c d#e f'), 'http://t.test/a%20b?c d#e f')
})

test('schemes are those that mod_rewrite knows', () => {
  assert.is(absoluteLength('http://t.test/'), 7)
  assert.is(absoluteLength('HTTPS://t.test/'), 8)
  assert.is(absoluteLength('mailto:a@b'), 7)
  assert.is(absoluteLength('gemini://t.test/'), 0)
  assert.is(absoluteLength('/http://t.test/'), 0)
})

test('groups are put into a target', () => {
  assert.is(substitute('/x/$1\\$2$9', ['all', 'one', 'two']), '/x/one$2')
})

test.run()
