import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { placeText, textSource } from '../../../parsers/text/source.ts'
import { silentLines } from '../../../src/servers/apache/silent-lines.ts'

function find(text: string): readonly (readonly [string, string])[] {
  return silentLines(textSource('/a.conf', text)).map(line => [line.kind, placeText(line.at)] as const)
}

test('a swallowed directive, also two lines down', () => {
  assert.equal(find('# a \\\n  Header set A b \\\n"c"\nKeepAlive On\n'), [
    ['swallowed-by-comment', 'Header set A b'],
  ])
  assert.equal(find('# a \\\n#  b \\\n<Directory />\n</Directory>\n'), [
    ['swallowed-by-comment', '<Directory />'],
  ])
})

test('arguments of a directive that was commented out are no loss', () => {
  assert.equal(find('# WSGIDaemonProcess a \\\n    threads=5 \\\n    processes=2\n'), [])
  assert.equal(find('# a \\\n\nKeepAlive On\n'), [])
})

test('text behind a bracket, over line ends too', () => {
  assert.equal(find('<Directory />Options None\n</Directory>\n'), [['behind-section', 'Options None']])
  assert.equal(find('<Directory /> \\\n  Options None\n</Directory>\n'), [['behind-section', 'Options None']])
  assert.equal(find('<Directory /> # a\n<If "%{HTTP_HOST} > 1">\n'), [])
})

test('open quotes, but where one is the value’s own', () => {
  assert.equal(find('ServerName "a\n'), [['open-quote', '"a']])
  assert.equal(find("SetEnv A 'it''s\n"), [['open-quote', "'s"]])
  assert.equal(find('ErrorDocument 404 "none\nFoo "bar\nServerName "a\\"b"\n'), [])
})

test('comments among arguments, once for a line', () => {
  assert.equal(find('ServerAlias a # b #c\n'), [['comment-argument', '# b #c']])
  assert.equal(find('ServerAlias a #b\n'), [['comment-argument', '#b']])
  assert.equal(find('SetEnvIf Request_URI #a b\nRewriteRule ^a #b [NE]\nKeepAlive On # c\n'), [])
})

test.run()
