import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { readPgBouncer } from '../../../parsers/postgres/read-pgbouncer.ts'
import { placeText, textSource } from '../../../parsers/text/source.ts'

const read = (text: string) => readPgBouncer(textSource('/etc/pgbouncer/pgbouncer.ini', text))

test('the settings of its own section, the last of a name', () => {
  const found = read(
    '[databases]\nshop = host=127.0.0.1\npool_mode = session\n\n[pgbouncer]\n;pool_mode = statement\nlisten_port=6543\npool_mode = session\npool_mode = transaction \nmax_prepared_statements = 100\n',
  )
  assert.is(found.port, 6543)
  assert.is(found.poolMode?.text, 'transaction')
  assert.is(found.poolMode === null ? '' : placeText(found.poolMode.at), 'transaction')
  assert.is(found.preparedStatements, 100)
})

test('what holds where nothing is said', () => {
  assert.equal(read('[pgbouncer]\n'), { port: 6432, poolMode: null, preparedStatements: null })
  assert.is(read('pool_mode = transaction\n').poolMode, null)
})

test.run()
