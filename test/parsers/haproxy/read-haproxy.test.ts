import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { readHaproxy } from '../../../parsers/haproxy/read-haproxy.ts'
import { placeText, textSource } from '../../../parsers/text/source.ts'
import { conf } from '../../../src/engine/conf.ts'

const read = (text: string) => readHaproxy(textSource('/etc/haproxy/haproxy.cfg', text))

test('frontends, what they tell, and where they lead', () => {
  const [plain, web, ...others] = read(conf`
    global
        log /dev/log local0
    defaults
        mode http
        option forwardfor # for all
    frontend plain
        bind :80
        http-request redirect scheme https unless { ssl_fc }
    frontend web
        bind :443 ssl crt /etc/haproxy/certs
        http-request set-header X-Forwarded-Proto https
        use_backend shop if { path_beg /shop }
        default_backend www
    backend shop
        server one 127.0.0.1:8000 check
        server two 10.0.0.5:443 ssl verify none
    backend www
        server www unix@/run/www.sock
  `)
  assert.is(others.length, 0)
  assert.is(plain?.tlsAt, null)
  assert.equal(plain?.servers, [])
  assert.is(web && placeText(web.at), 'frontend web')
  assert.is(web?.tlsAt && placeText(web.tlsAt), 'bind :443 ssl crt /etc/haproxy/certs')
  assert.equal([...(web?.headers ?? [])], ['x-forwarded-proto', 'x-forwarded-for'])
  assert.equal(
    web?.servers.map(({ host, port, socket, tls }) => [host, port, socket, tls]),
    [
      ['127.0.0.1', 8000, null, false],
      ['10.0.0.5', 443, null, true],
      [null, null, '/run/www.sock', false],
    ],
  )
})

test('the mode is that of the section, of the defaults before it, or tcp', () => {
  const names = (text: string): readonly string[] => read(text).map(({ at }) => placeText(at))
  assert.equal(names('listen a\n    bind :80\n'), [])
  assert.equal(names('listen a\n    mode http\n    bind :80\n'), ['listen a'])
  assert.equal(names('defaults\n    mode http\nlisten a\n    mode tcp\nlisten b\n'), ['listen b'])
  assert.equal(names('listen a\ndefaults\n    mode http\n'), [])
})

test('a backend that a variable names leaves open where requests go', () => {
  const [front] = read(conf`
    frontend web
        mode http
        use_backend %[req.hdr(host),lower]
        default_backend www
    backend www
        server www 127.0.0.1:8000
  `)
  assert.equal(front?.servers, [])
})

test('every place lies in the text, whatever it is', () => {
  const word = fc.constantFrom(
    'frontend',
    'backend',
    'server',
    'bind',
    'ssl',
    'mode',
    'http',
    ' ',
    '\n',
    '#',
    'a',
    ':80',
  )
  fc.assert(
    fc.property(fc.array(word), words => {
      const text = words.join(' ')
      for (const { at, servers } of read(text))
        for (const { start, end } of [at, ...servers.map(each => each.at)])
          assert.ok(start >= 0 && start < end && end <= text.length)
    }),
    { seed: 47 },
  )
})

test.run()
