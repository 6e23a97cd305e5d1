import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parsePostgresSettings } from '../../../parsers/postgres/parse-settings.ts'
import { textSource } from '../../../parsers/text/source.ts'

const parse = (text: string) =>
  parsePostgresSettings(textSource('/etc/postgresql/15/main/postgresql.conf', text)).map(
    ({ name, value, start, end }) => [name, value, text.slice(start, end)],
  )

test('settings with and without equals sign, quotes and comments', () => {
  const text =
    "listen_addresses = '*'  # all\nPort 5433\nmax_connections=100#x\n#shared_buffers = 1GB\n  a.b = 'it''s'\nempty = ''\n"
  assert.equal(parse(text), [
    ['listen_addresses', '*', "'*'"],
    ['port', '5433', '5433'],
    ['max_connections', '100', '100'],
    ['a.b', "it's", "'it''s'"],
    ['empty', '', "''"],
  ])
})

test('a line that is no setting is left out', () => {
  assert.equal(parse('port\n= 3\n"x" = y\n'), [])
})

test.run()
