import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { loadShellParser } from '../../../parsers/shell/load-shell-parser.ts'
import { grammarFiles } from '../../../src/files/grammars.ts'
import { memoryFileSystem } from '../../../src/files/memory-file-system.ts'
import type { ApacheEnvironment } from '../../../src/servers/apache/environment.ts'
import { environmentScript, readEnvironment } from '../../../src/servers/apache/read-environment.ts'

const { runtime, bash: grammar } = grammarFiles()
const shell = await loadShellParser({ runtime, grammar })

const MAIN = '/etc/apache2/apache2.conf'
const ENVVARS =
  'unset HOME\nSUFFIX=\nexport APACHE_LOG_DIR=/var/log/apache2$SUFFIX\nexport APACHE_ARGUMENTS="-D Extra"\n'

function value(environment: ApacheEnvironment, name: string): string | null | undefined {
  const fact = environment.variables.get(name)
  if (fact === undefined) return environment.complete ? null : undefined
  return fact.known ? fact.value : undefined
}

test("Debian's envvars beside the main file", () => {
  const files = memoryFileSystem({ 'etc/apache2/envvars': ENVVARS })
  assert.is(environmentScript(files, MAIN), '/etc/apache2/envvars')
  const environment = readEnvironment(files, shell, MAIN, { defines: ['FromUser'] })
  assert.is(value(environment, 'APACHE_LOG_DIR'), '/var/log/apache2')
  assert.is(value(environment, 'SUFFIX'), null, 'not exported')
  assert.is(value(environment, 'HOME'), null)
  assert.is(value(environment, 'PATH'), undefined)
  assert.is(value(environment, 'NOBODY_SET_IT'), null)
  assert.equal([...environment.defines.keys()], ['FromUser', 'Extra'])
  const at = environment.defines.get('Extra')
  assert.is(at?.source.text.slice(at.start, at.end), 'APACHE_ARGUMENTS="-D Extra"')
})

test('a second instance and its unit', () => {
  const files = memoryFileSystem({
    'etc/apache2-shop/envvars':
      'if [ "${APACHE_CONFDIR##/etc/apache2-}" != "$APACHE_CONFDIR" ]; then S="-${APACHE_CONFDIR##/etc/apache2-}"; fi\nexport L=/var/log/apache2$S\n',
    'lib/systemd/system/apache2@.service':
      '[Service]\nEnvironment=APACHE_CONFDIR=/etc/apache2-%i "TWO=a b"\nExecStart=/usr/sbin/apachectl start\n',
    'etc/systemd/system/apache2@shop.service.d/x.conf': '[Service]\nEnvironment=MORE=%H\n',
  })
  const environment = readEnvironment(files, shell, '/etc/apache2-shop/apache2.conf')
  assert.is(value(environment, 'L'), '/var/log/apache2-shop')
  assert.is(value(environment, 'TWO'), 'a b')
  assert.is(value(environment, 'MORE'), undefined)
})

test("RHEL's unit, its drop-in and the options file", () => {
  const files = memoryFileSystem({
    'usr/lib/systemd/system/httpd.service':
      '[Service]\nEnvironment=LANG=C OLD=1\nEnvironmentFile=-/etc/sysconfig/httpd\nExecStart=/usr/sbin/httpd $OPTIONS -DFOREGROUND\n',
    'etc/sysconfig/httpd': '# OPTIONS=\nOPTIONS="-D Staging -DBlue"\nLANG=de\n',
    'etc/systemd/system/httpd.service.d/override.conf': '[Service]\nEnvironment=SITE=x\n',
  })
  const environment = readEnvironment(files, null, '/etc/httpd/conf/httpd.conf')
  assert.equal([...environment.defines.keys()], ['Staging', 'Blue', 'FOREGROUND'])
  assert.is(value(environment, 'LANG'), 'de')
  assert.is(value(environment, 'SITE'), 'x')
  assert.is(value(environment, 'NOBODY_SET_IT'), null)
})

test('an override takes back what the package said', () => {
  const files = memoryFileSystem({
    'usr/lib/systemd/system/httpd.service':
      '[Service]\nEnvironment=A=1\nExecStart=/usr/sbin/httpd -D Package\n',
    'etc/systemd/system/httpd.service.d/override.conf':
      '[Service]\nEnvironment=\nEnvironment=B=2\nExecStart=\nExecStart=/usr/sbin/httpd -D Mine\n',
  })
  const environment = readEnvironment(files, null, '/etc/httpd/conf/httpd.conf')
  assert.equal([...environment.defines.keys()], ['Mine'])
  assert.is(value(environment, 'A'), null)
  assert.is(value(environment, 'B'), '2')
})

test('where the unit lies outside the audit its habitual file counts, and any other name may be set', () => {
  const files = memoryFileSystem({ 'etc/sysconfig/httpd': 'OPTIONS=-DX\n' }, { covers: ['/etc'] })
  const environment = readEnvironment(files, null, '/etc/httpd/conf/httpd.conf')
  assert.equal([...environment.defines.keys()], ['X'])
  assert.is(environment.complete, false)
  const debian = memoryFileSystem(
    { 'etc/default/apache2': 'APACHE_ARGUMENTS="-D Y"\n' },
    { covers: ['/etc'] },
  )
  assert.equal([...readEnvironment(debian, null, MAIN).defines.keys()], ['Y'])
})

test('an environment file that cannot be read leaves every other name open', () => {
  const files = memoryFileSystem(
    { 'etc/systemd/system/httpd.service': '[Service]\nEnvironmentFile=/opt/env\nEnvironment=A=1\n' },
    { covers: ['/etc'] },
  )
  const environment = readEnvironment(files, null, '/etc/httpd/conf/httpd.conf')
  assert.is(environment.complete, false)
  assert.is(value(environment, 'A'), '1')
})

test('fragments know nothing but what the user says', () => {
  const environment = readEnvironment(memoryFileSystem({}), null, null, { defines: ['A'] })
  assert.is(environment.complete, false)
  assert.equal([...environment.defines], [['A', null]])
})

test.run()
