import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { formatEndpoint } from '../../../src/servers/address.ts'
import { parseGunicornBind } from '../../../src/servers/addresses/gunicorn.ts'

/** What `parse_address` of gunicorn 20.1.0 answers. */
test('binds are read as gunicorn reads them', () => {
  const cases: readonly (readonly [string, string | null])[] = [
    ['127.0.0.1:8000', '127.0.0.1:8000'],
    [':8001', '0.0.0.0:8001'],
    ['0.0.0.0', '0.0.0.0:8000'],
    ['', '0.0.0.0:8000'],
    ['8001', '0.0.31.65:8000'],
    ['[::1]:80', '[::1]:80'],
    ['[::]', '[::]:8000'],
    ['tcp://127.0.0.1:80', '127.0.0.1:80'],
    ['localhost:80', 'localhost:80'],
    ['a:80:90', 'a:80'],
    ['unix:/run/shop.sock', 'unix:/run/shop.sock'],
    ['unix:///run/shop.sock', 'unix:/run/shop.sock'],
    ['fd://3', null],
    ['::1', null],
    ['a:b', null],
    ['a:', null],
    ['a:99999', null],
  ]
  for (const [text, expected] of cases) {
    const endpoint = parseGunicornBind(text)
    assert.is(endpoint === null ? null : formatEndpoint(endpoint), expected, text)
  }
})

test.run()
