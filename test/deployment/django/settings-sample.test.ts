import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { findSample } from '../../../src/deployment/django/settings-sample.ts'
import { memoryFileSystem } from '../../../src/files/memory-file-system.ts'

const SETTINGS = 'INSTALLED_APPS = []\n'
const sample = (...names: readonly string[]): string | null =>
  findSample(
    memoryFileSystem(Object.fromEntries(names.map(name => [`/shop/shop/${name}`, SETTINGS]))),
    'shop.settings',
    ['/other', '/shop'],
  )?.path ?? null

test('one sample stands for the settings that are not there', () => {
  for (const name of ['settings.dist.py', 'settings_example.py', 'settings.py.sample', 'settings.py-dist'])
    assert.is(sample(name), `/shop/shop/${name}`)
})

test('of several, and of other files, none does', () => {
  assert.is(sample('settings.dist.py', 'settings.py.example'), null)
  for (const name of ['settings_test.py', 'local_settings.py.example', 'settings.py.orig'])
    assert.is(sample(name), null)
})

test.run()
