import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { apacheMain, nginxMain, proxiedServer } from '../../rules/_examples.ts'
import { rules } from '../../rules/index.generated.ts'
import { conf } from '../../src/engine/conf.ts'
import { auditFiles } from './audit-files.ts'

// The modules are of packages of their own, so that no running server here accepts an example of them.
const found = (lines: string): readonly string[] => {
  const asked = rules.filter(({ id }) => id === 'forwarded-headers/remoteip-missing')
  const main = apacheMain(
    conf`
      LoadModule security2_module modules/mod_security2.so
      LoadModule evasive20_module modules/mod_evasive20.so
      LoadModule qos_module modules/mod_qos.so
      Listen 127.0.0.1:9000
      <VirtualHost 127.0.0.1:9000>
          ServerName example.org
          DocumentRoot /srv/www
      </VirtualHost>
      ${lines}
    `,
    ['remoteip'],
  )
  const files = { 'etc/nginx/nginx.conf': nginxMain(proxiedServer()), 'etc/apache2/apache2.conf': main }
  return auditFiles(files, asked).findings.map(
    ({ at, severity }) => `${severity} ${main.slice(at.start, at.end)}`,
  )
}

test('what modules count by address is one client behind nginx', () => {
  const counted = found(conf`
    <IfModule mod_evasive20.c>
        DOSPageCount 5
        DOSSiteCount 50
        DOSPageInterval 1
    </IfModule>
    QS_SrvMaxConnPerIP 30
  `)
  assert.equal(counted, ['warning DOSPageCount', 'warning DOSSiteCount', 'warning QS_SrvMaxConnPerIP'])
  assert.equal(
    found(conf`
      DOSPageCount 5
      DOSWhitelist 127.0.0.1
    `),
    [],
  )
})

test('a rule of ModSecurity that spares this machine spares everybody', () => {
  const rule = (test: string): string => `SecRule REMOTE_ADDR "${test}" "id:1,phase:1,nolog,allow"`
  assert.equal(found(rule('@ipMatch 127.0.0.1,::1')), ['error "@ipMatch 127.0.0.1,::1"'])
  assert.equal(found(rule('^127\\.0\\.0\\.1$')), ['error "^127\\.0\\.0\\.1$"'])
  assert.equal(found(rule('!@ipMatch 203.0.113.0/24')), ['error "!@ipMatch 203.0.113.0/24"'])
  assert.equal(found(rule('@ipMatchFromFile office.txt')), [])
})

test('mod_remoteip tells them apart', () => {
  const lines = conf`
    RemoteIPHeader X-Forwarded-For
    RemoteIPInternalProxy 127.0.0.1
    DOSPageCount 5
    SecRule REMOTE_ADDR "@ipMatch 127.0.0.1" "id:1,phase:1,nolog,allow"
  `
  assert.equal(found(lines), [])
})

test.run()
