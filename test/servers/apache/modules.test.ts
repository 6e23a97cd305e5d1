import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { ApacheModule } from '../../../src/servers/apache/configuration.ts'
import {
  apacheModule,
  apacheModuleOfSharedObject,
  builtInModules,
  isLoadedUnder,
} from '../../../src/servers/apache/modules.ts'

function loaded(...ids: string[]): ReadonlyMap<string, ApacheModule> {
  return new Map(ids.map(id => [id, { id, file: null }]))
}

test('a module under its three names', () => {
  assert.is(apacheModule('headers_module')?.file, 'mod_headers.c')
  assert.is(apacheModuleOfSharedObject('mod_mpm_event.so')?.file, 'event.c')
  assert.is(apacheModuleOfSharedObject('mod_ldap.so')?.file, 'util_ldap.c')
})

test('what Debian compiles in', () => {
  assert.ok(builtInModules().some(({ id, file }) => id === 'http_module' && file === 'http_core.c'))
})

test('<IfModule> knows two names, and their case', () => {
  const modules = loaded('headers_module', 'mpm_event_module', 'fcgid_module')
  for (const name of ['headers_module', 'mod_headers.c', 'event.c', 'mpm_event_module', 'mod_fcgid.c']) {
    assert.ok(isLoadedUnder(modules, name), name)
  }
  for (const name of ['mod_headers', 'MOD_HEADERS.C', 'mpm_event.c', 'mod_mpm_event.c', 'mod_ssl.c']) {
    assert.not.ok(isLoadedUnder(modules, name), name)
  }
})

test.run()
