import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parseEnvironmentFile } from '../../../parsers/systemd/environment-file.ts'
import { parseUnit } from '../../../parsers/systemd/parse-unit.ts'
import { splitUnitWords } from '../../../parsers/systemd/unit-words.ts'
import { textSource } from '../../../parsers/text/source.ts'

test('sections, settings, comments and continuation lines', () => {
  const text =
    '[Unit]\nDescription=x\n# a=b\n\n[Service]\n  ExecStart = /usr/sbin/httpd \\\n# between\n  -DFOREGROUND\nEnvironment=\n'
  const settings = parseUnit(textSource('/x.service', text))
  assert.equal(
    settings.map(({ section, name, value }) => [section, name, value]),
    [
      ['Unit', 'Description', 'x'],
      ['Service', 'ExecStart', '/usr/sbin/httpd -DFOREGROUND'],
      ['Service', 'Environment', ''],
    ],
  )
  assert.is(
    text.slice(settings[1]?.start, settings[1]?.end),
    'ExecStart = /usr/sbin/httpd \\\n# between\n  -DFOREGROUND',
  )
})

test('a continuation at the end of the file ends there', () => {
  assert.equal(
    parseUnit(textSource('/x', '[A]\nB=c \\')).map(({ value }) => value),
    ['c'],
  )
})

test('words of a command line', () => {
  assert.equal(splitUnitWords(`a "b c" 'd"e' f\\sg X="1 2" h"i"j \\x41\\t\\q ""`), [
    'a',
    'b c',
    'd"e',
    'f g',
    'X=1 2',
    'hij',
    'A\t\\q',
    '',
  ])
})

test('a line with an open quote is ignored, as systemd does', () => {
  assert.equal(splitUnitWords(`a h"i`), [])
})

test('an environment file has quotes and no expansion', () => {
  const text = `# OPTIONS="-D A"\nOPTIONS="-D B -D \\"C\\""\n export X=1\nLANG=C # no comment\nY='a $b'\n`
  assert.equal(
    parseEnvironmentFile(textSource('/x', text)).map(({ name, value, start, end }) => [
      name,
      value,
      text.slice(start, end),
    ]),
    [
      ['OPTIONS', '-D B -D "C"', 'OPTIONS="-D B -D \\"C\\""'],
      ['LANG', 'C # no comment', 'LANG=C # no comment'],
      ['Y', 'a $b', "Y='a $b'"],
    ],
  )
})

test.run()
