import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { placeText, textSource } from '../../../../parsers/text/source.ts'
import { memoryFileSystem } from '../../../../src/files/memory-file-system.ts'
import type { NginxConfiguration } from '../../../../src/servers/nginx/configuration.ts'
import { evaluateNginx } from '../../../../src/servers/nginx/evaluate.ts'
import type { ServerVersion } from '../../../../src/servers/version.ts'
import { SAMPLES, wholeOf } from './samples.ts'

const DEBIAN: ServerVersion = { value: '1.22.1', from: 'option', at: null }
const ASSUMED: ServerVersion = { value: '1.31.0', from: 'assumed', at: null }

function evaluate(text: string, version = DEBIAN, covers?: readonly string[]): NginxConfiguration {
  const files = memoryFileSystem({ '/etc/nginx/nginx.conf': text }, covers === undefined ? {} : { covers })
  const main = files.read('/etc/nginx/nginx.conf')
  if (main.kind !== 'source') throw new Error(main.reason)
  return evaluateNginx({ files, main: main.source, fragments: [], version })
}

function fatalCodes(configuration: NginxConfiguration): readonly string[] {
  return configuration.problems.filter(({ fatal }) => fatal).map(({ code }) => code)
}

test('a file of comments alone is a configuration where nginx is installed, and elsewhere one to copy from', () => {
  const text = '# server { listen 80; }\n'
  assert.equal(fatalCodes(evaluate(text)), ['no-events'])
  const files = memoryFileSystem({ '/deploy/nginx.conf': text })
  const main = files.read('/deploy/nginx.conf')
  if (main.kind !== 'source') throw new Error(main.reason)
  assert.equal(fatalCodes(evaluateNginx({ files, main: main.source, fragments: [], version: DEBIAN })), [])
})

for (const sample of SAMPLES)
  test(`${sample.inside}: ${sample.text}`, () => {
    const marked = /«([\s\S]*)»/.exec(sample.text)?.[1]
    const { problems } = evaluate(wholeOf(sample).replace(/[«»]/g, ''))
    const fatal = problems.find(problem => problem.fatal)
    assert.is(fatal?.code ?? null, sample.code, fatal?.message)
    if (fatal !== undefined && marked !== undefined) assert.is(placeText(fatal.at), marked)
  })

test('511 sockets leave one of the usual 512 connections for the master', () => {
  // nginx accepts it where it may open so many files.
  const text = 'events { } http { server { listen 127.0.0.1:18301-18811; } }\n'
  assert.equal(fatalCodes(evaluate(text)), [])
})

test('an unknown name near a known one comes with it', () => {
  const [problem] = evaluate('events { }\nhttp { sever_tokens off; }\n').problems
  assert.match(problem?.help ?? '', '`server_tokens`')
})

test('a level of `error_log` behind `access_log`, and a format the other way round, are told with the cause', () => {
  const helpOf = (line: string): string =>
    evaluate(`events { }\nhttp { ${line} }\n`).problems.find(({ fatal }) => fatal)?.help ?? ''
  assert.match(helpOf('access_log /var/log/a.log warn;'), '`error_log`')
  assert.match(helpOf('error_log /var/log/a.log combined;'), '`access_log`')
  assert.match(helpOf("log_format main '$uri'; error_log /var/log/a.log main;"), '`access_log`')
  assert.is(helpOf('error_log /var/log/a.log wran;'), '')
})

test('a directive of a known module is no error where nothing loads it', () => {
  const { problems } = evaluate(
    'events { }\nhttp { more_set_headers "A: b"; brotli on; lua_package_path x; }\n',
  )
  assert.equal(
    problems.filter(({ fatal }) => fatal),
    [],
  )
})

test('a foreign module explains a name that nobody knows', () => {
  const text = 'load_module modules/ngx_http_secret_module.so;\nevents { }\nhttp { secret_sauce on; }\n'
  assert.equal(fatalCodes(evaluate(text)), [])
  const stock = 'load_module modules/ngx_stream_module.so;\nevents { }\nhttp { secret_sauce on; }\n'
  assert.equal(fatalCodes(evaluate(stock)), ['unknown-directive'])
})

test('a directive of a module that nginx was built with leaves other modules possible', () => {
  const text = 'events { }\nhttp { vod_metadata_cache meta 16m; requestid on; }\n'
  assert.equal(fatalCodes(evaluate(text)), [])
})

test('what another language answers by shows a build with its module', () => {
  const text = 'events { }\nhttp { php_ini_path /etc/php.ini; server { content_by_php "x"; } }\n'
  assert.equal(fatalCodes(evaluate(text)), [])
})

test('a comment may hold the place of the servers that a script writes', () => {
  const upstream = (comment: string): string => `events { }\nhttp { upstream workers {\n# ${comment}\n} }\n`
  assert.equal(fatalCodes(evaluate(upstream('replace'))), [])
  assert.equal(fatalCodes(evaluate(upstream('the workers'))), ['empty-upstream'])
})

test('a variable may be of a module that is built in', () => {
  const text = 'events { }\nhttp { keyval $uri $seen zone=z; server { return 200 $seen; } }\n'
  assert.equal(fatalCodes(evaluate(text)), [])
})

test('a server of a stream needs a port, but where the records of a service bring it', () => {
  const upstream = (server: string): string =>
    `events { }\nstream { upstream dns { zone dns 64k; server ${server} resolve; } }\n`
  assert.equal(fatalCodes(evaluate(upstream('example.org'), ASSUMED)), ['invalid-address', 'empty-upstream'])
  assert.equal(fatalCodes(evaluate(upstream('example.org service=_dns._udp'), ASSUMED)), [])
})

test('a name that is resolved at run time needs a zone', () => {
  const upstream = (lines: string): string =>
    `events { }\nhttp { resolver 127.0.0.1; upstream app { ${lines} } }\n`
  assert.equal(fatalCodes(evaluate(upstream('server app:80 resolve;'), ASSUMED)), ['invalid-parameter'])
  assert.equal(fatalCodes(evaluate(upstream('zone app 64k; server app:80 resolve;'), ASSUMED)), [])
})

test('QUIC needs TLS 1.3 in the default server of its socket', () => {
  const quic = (protocols: string): string =>
    `events { }\nhttp { server { listen 443 quic; ssl_certificate a.pem; ssl_certificate_key a.key; ${protocols} } }\n`
  assert.ok(fatalCodes(evaluate(quic('ssl_protocols TLSv1.2;'), ASSUMED)).includes('invalid-value'))
  assert.not.ok(
    fatalCodes(evaluate(quic('ssl_protocols TLSv1.2 TLSv1.3;'), ASSUMED)).includes('invalid-value'),
  )
  assert.not.ok(fatalCodes(evaluate(quic(''), ASSUMED)).includes('invalid-value'))
})

test('the version decides what is known', () => {
  const http2 = 'events { }\nhttp { server { http2 on; } }\n'
  assert.equal(fatalCodes(evaluate(http2)), ['directive-too-new'])
  assert.equal(fatalCodes(evaluate(http2, { ...DEBIAN, value: '1.25.1' })), [])
  const ssl = 'events { }\nhttp { ssl off; }\n'
  assert.equal(fatalCodes(evaluate(ssl)), [])
  assert.equal(fatalCodes(evaluate(ssl, { ...DEBIAN, value: '1.25.1' })), ['directive-removed'])
})

test('what is left of SPDY is refused since 1.19.7, and passed over before', () => {
  const text = `events { }
http {
    server {
        listen 8080 spdy;
        spdy_headers_comp 1;
    }
}
`
  const told = (version: ServerVersion): readonly (readonly [string, boolean])[] =>
    evaluate(text, version).problems.map(({ at, fatal }) => [placeText(at), fatal])
  assert.equal(told({ ...DEBIAN, value: '1.19.7' }), [
    ['spdy', true],
    ['spdy_headers_comp', true],
  ])
  const passedOver = [
    ['spdy', false],
    ['spdy_headers_comp', false],
  ]
  assert.equal(told({ ...DEBIAN, value: '1.8.1' }), [])
  assert.equal(told({ ...DEBIAN, value: '1.19.6' }), passedOver)
  assert.equal(told(ASSUMED), passedOver)
})

test('what names the zone of a directive that is gone is not wrong too', () => {
  const text = `events { }
http {
    limit_zone one $binary_remote_addr 10m;
    server {
        limit_conn one 5;
    }
}
`
  assert.equal(fatalCodes(evaluate(text)), ['directive-removed'])
})

test('an assumed version refuses nothing that some version takes', () => {
  for (const text of ['ssl on;', 'http2 on;', 'add_header_inherit merge;'])
    assert.equal(fatalCodes(evaluate(`events { }\nhttp { ${text} }\n`, ASSUMED, [])), [], text)
})

test('a name that two servers have on one socket is a warning', () => {
  const text = 'events { }\nhttp {\nserver { server_name a; }\nserver { server_name b a; }\n}\n'
  const { problems } = evaluate(text)
  assert.equal(
    problems.map(({ code, fatal, at }) => [code, fatal, placeText(at), at.start > text.indexOf('b a')]),
    [['conflicting-server-name', false, 'a', true]],
  )
})

test('the authorities of clients are read where clients are asked for a certificate', () => {
  const text = (lines: string): string =>
    `events { }\nhttp { server { listen 443 ssl; ssl_certificate data:x; ssl_certificate_key data:y; ssl_client_certificate /etc/ssl/a.pem; ${lines} } }\n`
  const codes = (lines: string) => fatalCodes(evaluate(text(lines), DEBIAN, ['/']))
  assert.equal(codes(''), [])
  assert.equal(codes('ssl_verify_client off;'), [])
  assert.equal(codes('ssl_verify_client on;'), ['certificate-missing'])
  assert.equal(codes('ssl_verify_client optional_no_ca;'), ['certificate-missing'])
})

test('a list of ciphers is refused where every name is of TLS 1.3, and some server has a certificate', () => {
  const codes = (lines: string, ciphers: string) =>
    fatalCodes(
      evaluate(
        `events { }\nhttp { server { listen 443 ssl; ${lines} ssl_ciphers '${ciphers}'; } }\n`,
        DEBIAN,
        ['/etc/nginx'],
      ),
    )
  const certificate = 'ssl_certificate data:x; ssl_certificate_key data:y;'
  assert.equal(codes(certificate, 'TLS_AES_128_GCM_SHA256:!aNULL'), ['invalid-value'])
  assert.equal(codes(certificate, 'ECDHE-RSA-AES128-GCM-SHA256:TLS_AES_128_GCM_SHA256'), [])
  assert.equal(codes(certificate, 'HIGH:!aNULL'), [])
})

test('of fragments a list of ciphers is refused in the server that sets it', () => {
  const codes = (text: string) => {
    const fragments = [textSource('/etc/nginx/conf.d/site.conf', text)]
    return fatalCodes(evaluateNginx({ files: memoryFileSystem({}), main: null, fragments, version: ASSUMED }))
  }
  const lines = 'listen 443 ssl; ssl_certificate data:x; ssl_certificate_key data:y;'
  const ciphers = 'ssl_ciphers TLS_AES_128_GCM_SHA256;'
  assert.equal(codes(`server { ${lines} ${ciphers} }\n`), ['invalid-value'])
  // Another line before it in `http` would be refused as well, and a server that sets its own does not read it.
  assert.equal(codes(`${ciphers}\nserver { ${lines} }\n`), ['invalid-value'])
  assert.equal(codes(`${ciphers}\nserver { ${lines} ssl_ciphers HIGH; }\n`), [])
  assert.equal(codes(`server { listen 80; ${ciphers} }\n`), [])
  assert.equal(codes(`ssl_protocols TLSv1.3;\n${ciphers}\n`), ['invalid-value'])
})

test('a certificate is missing only where its absence is evidence', () => {
  const text =
    'events { }\nhttp { server { listen 443 ssl; ssl_certificate /etc/ssl/a.pem; ssl_certificate_key /etc/ssl/a.key; } }\n'
  assert.equal(fatalCodes(evaluate(text, DEBIAN, ['/'])), ['certificate-missing', 'certificate-missing'])
  assert.equal(fatalCodes(evaluate(text, DEBIAN, ['/etc'])), [])
  assert.equal(fatalCodes(evaluate(text, DEBIAN, ['/etc/nginx'])), [])
  const beside = text.replaceAll('/etc/ssl/a.pem', '/etc/nginx/a.conf')
  assert.equal(fatalCodes(evaluate(beside, DEBIAN, ['/etc'])), ['certificate-missing'])
  assert.equal(fatalCodes(evaluate(text.replaceAll('/etc/ssl/', '/etc/nginx/'), DEBIAN, ['/etc'])), [])
})

test('without a main file nothing is said of what may stand around it', () => {
  const files = memoryFileSystem({ '/sites/a.conf': '', '/sites/b.conf': '' })
  const fragments = [
    textSource(
      '/sites/a.conf',
      'limit_req zone=z;\naccess_log /a.log fancy;\nserver { listen 80 default; return 200 $x; }\n',
    ),
    textSource('/sites/b.conf', 'server { listen 80 default; location / { proxy_pass http://back:80; } }\n'),
  ]
  const configuration = evaluateNginx({ files, main: null, fragments, version: ASSUMED })
  assert.equal(fatalCodes(configuration), [])
})

test('what one fragment holds twice stands there twice in every configuration', () => {
  const codes = (...texts: readonly string[]): readonly string[] => {
    const fragments = texts.map((text, index) => textSource(`/etc/nginx/conf.d/${index}.conf`, text))
    return fatalCodes(evaluateNginx({ files: memoryFileSystem({}), main: null, fragments, version: ASSUMED }))
  }
  const pairs: readonly (readonly [string, string, string])[] = [
    ['log_format f a;\n', 'log_format f b;\n', 'duplicate-entry'],
    [
      'limit_req_zone $uri zone=z:1m rate=1r/s;\n',
      'limit_req_zone $uri zone=z:1m rate=2r/s;\n',
      'conflicting-zone',
    ],
    [
      'proxy_cache_path /tmp/c keys_zone=a:1m;\n',
      'fastcgi_cache_path /tmp/c keys_zone=b:1m;\n',
      'conflicting-directory',
    ],
  ]
  for (const [one, other, code] of pairs) {
    assert.equal(codes(one + other), [code])
    assert.equal(codes(one, other), [])
  }
})

test('no module defines the variable of the map for WebSocket', () => {
  const include = 'include /etc/nginx/modules/*.conf;\n'
  const text = (name: string) => `${include}events { }\nhttp { server { return 200 $${name}; } }\n`
  assert.equal(fatalCodes(evaluate(text('connection_upgrade'), DEBIAN, ['/etc/nginx/conf.d'])), [
    'unknown-variable',
  ])
  assert.equal(fatalCodes(evaluate(text('x'), DEBIAN, ['/etc/nginx/conf.d'])), [])
})

test('an include that nobody can read leaves the rest in doubt', () => {
  const text =
    'include /opt/elsewhere/*.conf;\nevents { }\nhttp { server { return 200 $x; some_module_thing on; } }\n'
  assert.equal(fatalCodes(evaluate(text, DEBIAN, ['/etc'])), [])
})

test('problems come in the order in which nginx meets them', () => {
  const text =
    'events { }\nhttp {\nserver { return 200 $nosuch; location /a { } location /a { } }\nsendfile maybe;\n}\n'
  assert.equal(fatalCodes(evaluate(text)), ['invalid-value', 'duplicate-location', 'unknown-variable'])
})

test('an upstream has no port where one fragment holds both, whichever comes first', () => {
  const upstream = 'upstream app { server 127.0.0.1:8000; }\n'
  const site = 'server { listen 80; location / { proxy_pass http://app:8000; } }\n'
  const codes = (...texts: readonly string[]): readonly string[] => {
    const fragments = texts.map((text, index) => textSource(`/etc/nginx/conf.d/${index}.conf`, text))
    return fatalCodes(evaluateNginx({ files: memoryFileSystem({}), main: null, fragments, version: ASSUMED }))
  }
  assert.equal(codes(upstream + site), ['invalid-address'])
  assert.equal(codes(site + upstream), ['invalid-address'])
  assert.equal(codes(upstream, site), [])
})

test.run()
