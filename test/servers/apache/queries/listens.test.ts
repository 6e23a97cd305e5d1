import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { formatEndpoint } from '../../../../src/servers/address.ts'
import { listens } from '../../../../src/servers/apache/queries/listens.ts'
import { configure } from './configure.ts'

function forms(text: string): readonly string[] {
  return listens(configure(text)).map(({ endpoint, any, protocol }) => {
    if (!endpoint.known) return 'unknown'
    const dual = endpoint.value.ipv6only === false ? ' dual' : ''
    return `${formatEndpoint(endpoint.value)}${dual}${any ? ' any' : ''} ${protocol}`
  })
}

test('every form of Listen', () => {
  assert.equal(
    forms(
      [
        'Listen 80',
        'Listen *:81',
        'Listen 127.0.0.1:82',
        'Listen [::1]:443',
        'Listen ::1:84',
        'Listen 0.0.0.0:85',
        'Listen [::]:86',
        'Listen localhost:87',
        'Listen 88 HTTPS',
        'Listen \uE000:89',
      ].join('\n'),
    ),
    [
      '[::]:80 dual any http',
      '[::]:81 dual any http',
      '127.0.0.1:82 http',
      '[::1]:443 https',
      '[::1]:84 http',
      '0.0.0.0:85 http',
      '[::]:86 dual http',
      'localhost:87 http',
      '[::]:88 dual any https',
      'unknown',
    ],
  )
})

test('Listen points at its address', () => {
  const [listen] = listens(configure('Listen  127.0.0.1:80 http\n'))
  assert.is(listen?.at.source.text.slice(listen.at.start, listen.at.end), '127.0.0.1:80')
})

test.run()
