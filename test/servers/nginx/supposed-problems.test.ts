import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { textSource } from '../../../parsers/text/source.ts'
import { memoryFileSystem } from '../../../src/files/memory-file-system.ts'
import { supposedProblems } from '../../../src/servers/nginx/supposed-problems.ts'

const SITE = `server {
    listen 80;
    location /login {
        limit_req zone=login;
        access_log /var/log/nginx/login.log timed;
        proxy_set_header Connection $connection_upgrade;
        proxy_pass http://127.0.0.1:8000;
    }
}
`

/** The codes of what is missing in a site, beside other texts. */
function missing(site: string, others: readonly string[] | null = []): readonly string[] {
  const source = textSource('/site.conf', site)
  return supposedProblems(
    {
      files: memoryFileSystem({ 'site.conf': site }, { covers: [] }),
      main: null,
      fragments: [source],
      version: { value: '1.26.0', from: 'assumed', at: null },
    },
    () => (others === null ? null : [source, ...others.map((text, index) => textSource(`/${index}`, text))]),
  )
    .map(({ code }) => code)
    .sort()
}

test('what a site asks for and nothing defines is missing', () => {
  assert.equal(missing(SITE), ['unknown-log-format', 'unknown-variable', 'unknown-zone'])
  assert.equal(missing('server { listen 443 ssl; }'), ['certificate-missing'])
  assert.equal(missing('server { access_log a main; proxy_set_header A $host$http_x$arg_y; }'), [])
})

test('Elastic Beanstalk defines the log of its agent, and what a WebSocket asks for', () => {
  const log = 'access_log /var/log/nginx/healthd/application.log.$year healthd;'
  const site = `server { listen 80; set $year 1; ${log} proxy_set_header Connection $connection_upgrade; }`
  assert.equal(missing(site), [])
  assert.equal(missing('server { listen 80; access_log /var/log/nginx/a.log healthd; }'), [
    'unknown-log-format',
  ])
  assert.equal(missing(site.replace('/healthd/', '/')), ['unknown-log-format', 'unknown-variable'])
})

test('another text may define it', () => {
  assert.equal(missing(SITE, ['log_format timed x;']), ['unknown-variable', 'unknown-zone'])
  assert.equal(missing(SITE, ['- name: connection_upgrade']), ['unknown-log-format', 'unknown-zone'])
  assert.equal(missing(SITE, ['limit_req_zones:\n  - login']), ['unknown-log-format', 'unknown-variable'])
  assert.equal(missing(SITE, ['path("login")']), ['unknown-log-format', 'unknown-variable', 'unknown-zone'])
  // Two that ask for it know of a third that has it.
  assert.equal(missing(SITE, [SITE]), [])
  assert.equal(missing('server { listen 443 ssl; }', ['ssl_certificate a;']), [])
  assert.equal(missing('server { listen 443 ssl; }', ['server { ssl_certificate a; }']), [
    'certificate-missing',
  ])
  assert.equal(missing(SITE, null), [])
})

test('nothing is missing from what is no whole site', () => {
  assert.equal(missing('proxy_set_header Connection $connection_upgrade;'), [])
  assert.equal(missing(`include other.conf;\n${SITE}`), [])
  assert.equal(missing(`events {}\nhttp {\n${SITE}}`), [])
  assert.equal(missing('server { listen 80; proxy_pass backend$bytes_received; }\nupstream backend { }'), [])
  assert.equal(missing('server { listen 80; return 200 $SITE_NAME; }'), [])
})

test.run()
