import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parseHba } from '../../../parsers/postgres/parse-hba.ts'
import { placeText, textSource } from '../../../parsers/text/source.ts'

const parse = (text: string) => parseHba(textSource('/pg_hba.conf', text))

test('records with a prefix, a mask, names in quotes and options', () => {
  const records = parse(`# TYPE DATABASE USER ADDRESS METHOD
local all,"my db" postgres peer map=admins
host shop +web 10.0.0.0 255.0.0.0 md5 # comment
host all all ::1/128 trust
`)
  assert.equal(
    records?.map(({ type, databases, users, address, mask, method, options }) => [
      type,
      databases,
      users,
      address,
      mask,
      method,
      options,
    ]),
    [
      ['local', ['all', 'my db'], ['postgres'], '', '', 'peer', ['map=admins']],
      ['host', ['shop'], ['+web'], '10.0.0.0', '255.0.0.0', 'md5', []],
      ['host', ['all'], ['all'], '::1/128', '', 'trust', []],
    ],
  )
  const last = records?.at(-1)
  assert.is(last === undefined ? null : placeText(last.methodAt), 'trust')
})

test('a file that includes others is not known', () => {
  assert.is(parse('include_dir hba.d\nlocal all all peer\n'), null)
  assert.is(parse('host @databases all all md5\n'), null)
  assert.equal(parse('host all\nno record\n'), [])
})

test.run()
