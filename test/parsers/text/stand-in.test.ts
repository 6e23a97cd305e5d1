import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { textSource } from '../../../parsers/text/source.ts'
import { isStandIn, STAND_IN, standInName } from '../../../parsers/text/stand-in.ts'

test('a text that nobody wrote is told from a file, and shown by what it comes from', () => {
  const path = `${STAND_IN}image of nginx/etc/nginx/nginx.conf`
  assert.is(isStandIn(textSource(path, '')), true)
  assert.is(isStandIn(textSource('/etc/nginx/nginx.conf', '')), false)
  assert.is(standInName(path), 'image of nginx: /etc/nginx/nginx.conf')
  assert.is(standInName(`${STAND_IN}htaccess-0`), 'htaccess-0')
})

test.run()
