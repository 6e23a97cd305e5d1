import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { locationPath } from '../../../src/deployment/requests/location-path.ts'
import {
  servesFile,
  anonymousRequest,
  anonymousRequestOnly,
} from '../../../src/deployment/requests/anonymous-request.ts'
import { deploymentOf } from '../../rules/audit-files.ts'

function serverOf(lines: string, listen = '80') {
  const deployment = deploymentOf({
    'etc/nginx/nginx.conf': `events {\n}\nhttp {\n  server {\n    listen ${listen};\n    root /srv/www;\n${lines}  }\n}\n`,
  })
  const [server] = deployment.servers
  if (server === undefined) throw new Error('the text has a server')
  return { deployment, server }
}

test('a file that is supposed to be there is found by try_files', () => {
  const { deployment, server } = serverOf(
    'location / { try_files $uri @app; }\nlocation @app { return 418; }\n',
  )
  assert.ok(servesFile(deployment, server, '/site.css', '/srv/www/site.css'))
  assert.not.ok(servesFile(deployment, server, '/site.css', '/srv/other/site.css'))
  const other = anonymousRequestOnly(server, '/site.css', '/srv/other/site.css')
  assert.is(other.kind === 'response' ? other.status : other.kind, 418)
})

test('an anonymous client has no password, and no yes of another server', () => {
  const basic = serverOf('auth_basic "Staff";\nauth_basic_user_file /etc/nginx/users;\n')
  const end = anonymousRequest(basic.deployment, basic.server, '/a', '/srv/www/a')
  assert.is(end.kind === 'response' ? end.status : end.kind, 401)
  const asked = serverOf('auth_request /who;\nlocation = /who { internal; proxy_pass http://127.0.0.1:9; }\n')
  assert.is(anonymousRequest(asked.deployment, asked.server, '/a', '/srv/www/a').kind, 'unknown')
})

test('a server of loopback has no anonymous clients', () => {
  const { deployment, server } = serverOf('', '127.0.0.1:80')
  assert.is(anonymousRequest(deployment, server, '/a', '/srv/www/a').kind, 'unknown')
})

test('what a location says of the beginning of its paths', () => {
  for (const [written, expected] of [
    ['/static', '/static'],
    ['^~ /media/', '/media/'],
    ['~ ^/files(.*)$', '/files'],
    ['~ ^/files?(.*)$', '/file'],
    ['~ ^/v[0-9]+/', '/v'],
    ['~* \\.php$', null],
    ['= /exact', null],
    ['@named', null],
  ] as const) {
    const { server } = serverOf(`location ${written} { return 200; }\n`)
    const location = server.directive.children.find(({ name }) => name === 'location')
    assert.ok(location !== undefined)
    assert.is(location && locationPath(location), expected, written)
  }
})

test.run()
