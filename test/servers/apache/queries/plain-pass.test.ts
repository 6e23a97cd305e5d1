import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { plainPass } from '../../../../src/servers/apache/queries/plain-pass.ts'

const plain = (pattern: string, target: string): string | null => {
  const found = plainPass(pattern, target)
  return found === null ? null : `${found.path} ${found.target}`
}

test('an expression that takes all below a path is a path', () => {
  assert.is(plain('^/(.*)$', 'http://app:80/$1'), '/ http://app:80/')
  assert.is(plain('^/?(.*)$', 'http://app:80/$1'), '/ http://app:80/')
  assert.is(plain('(.*)', 'http://app:80$1'), '/ http://app:80/')
  assert.is(plain('^', 'http://app:80%{REQUEST_URI}'), '/ http://app:80/')
  assert.is(plain('.*', 'balancer://pool%{REQUEST_URI}'), '/ balancer://pool/')
  assert.is(plain('^/x/(.*)$', 'http://app:80/y/$1'), '/x/ http://app:80/y/')
  assert.is(plain('^/x(.*)$', 'http://app:80/y$1'), '/x http://app:80/y')
  assert.is(plain('^/x/?(.*)$', 'http://app:80/y/$1'), '/x http://app:80/y')
  assert.is(plain('^/x(/.*)?$', 'http://app:80$1'), '/x http://app:80')
  assert.is(plain('^/v1\\.0/', 'http://app:80%{REQUEST_URI}'), '/v1.0/ http://app:80/v1.0/')
  assert.is(plain('^/x', 'unix:/run/a.sock|http://localhost$0'), '/x unix:/run/a.sock|http://localhost/x')
})

test('one that asks for more, or makes another path, is none', () => {
  for (const [pattern, target] of [
    ['^/(.*\\.php)$', 'fcgi://app:9000/srv/$1'],
    ['^/(a|b)/(.*)$', 'http://app:80/$1'],
    ['/x', 'http://app:80%{REQUEST_URI}'],
    ['!^/x', 'http://app:80%{REQUEST_URI}'],
    ['^/[^/]+/(.*)$', 'http://app:80/$1'],
    ['^/(.*)$', 'http://app:80/?page=$1&x'],
    ['^/(.*)$', 'http://app:80/fixed'],
    ['(.*)', 'http://app:80/$1'],
    ['^/(.*)$', 'http://$1'],
    ['^/(.*)$', 'http://%{HTTP_HOST}/$1'],
  ] as const)
    assert.is(plain(pattern, target), null, `${pattern} ${target}`)
})

test.run()
