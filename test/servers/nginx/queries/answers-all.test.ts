import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { answersAll, writtenRedirect } from '../../../../src/servers/nginx/queries/answers-all.ts'
import { block, readHttp } from './read-text.ts'

function line(text: string) {
  const [first] = block(readHttp(`server { ${text} }`), 'server').children
  if (first === undefined) throw new Error(text)
  return first
}

test('lines that answer every request', () => {
  for (const text of [
    'return 404;',
    'rewrite ^ https://example.org$request_uri? permanent;',
    'rewrite ^(.*)$ https://example.org$1 permanent;',
    'rewrite ^/(.*)$ /new/$1 redirect;',
    'rewrite .* https://example.org/;',
  ])
    assert.is(answersAll(line(text)), true, text)
  for (const text of [
    'rewrite ^ /index.php last;',
    'rewrite ^/old/(.*)$ https://example.org/$1 permanent;',
    'rewrite ^ /index.php;',
    'root /srv;',
  ])
    assert.is(answersAll(line(text)), false, text)
})

test('what a line redirects to', () => {
  const target = (text: string) => {
    const redirect = writtenRedirect(line(text))
    return redirect === null ? null : `${redirect.status} ${redirect.target.value}`
  }
  assert.is(target('return 301 https://a/;'), '301 https://a/')
  assert.is(target('return https://a/;'), '302 https://a/')
  assert.is(target('return 200 https://a/;'), null)
  assert.is(target('rewrite ^/a$ /b permanent;'), '301 /b')
  assert.is(target('rewrite ^/a$ $scheme://b/;'), '302 $scheme://b/')
  assert.is(target('rewrite ^/a$ /b last;'), null)
})

test.run()
