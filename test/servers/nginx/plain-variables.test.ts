import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { block, readHttp } from './queries/read-text.ts'

function words(line: string): readonly string[] {
  const configuration = readHttp(`server { location / { ${line} } }`)
  const [first] = block(configuration, 'location').children
  return first?.args.map(({ value }) => value) ?? []
}

test('a variable in braces is the same without them', () => {
  assert.equal(words('proxy_set_header Host "${host}";'), ['Host', '$host'])
  assert.equal(words('proxy_pass http://${backend}${request_uri};'), ['http://$backend$request_uri'])
  assert.equal(words('set $a ${b};'), ['$a', '$b'])
  assert.equal(words('rewrite ^/a$ /${uri}?;'), ['^/a$', '/$uri?'])
})

test('braces that end a name, and what is no variable, stay', () => {
  assert.equal(words('return 200 ${host}s;'), ['200', '${host}s'])
  assert.equal(words('return 200 ${1}0;'), ['200', '${1}0'])
  assert.equal(words('root /srv/${DOMAIN};'), ['/srv/${DOMAIN}'])
  assert.equal(words('set ${a} b;'), ['${a}', 'b'])
  assert.equal(words('if ($uri ~ "^/a${b}") { }'), ['($uri', '~', '^/a${b}', ')'])
})

test.run()
