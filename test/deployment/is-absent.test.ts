import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { isAbsent } from '../../src/deployment/is-absent.ts'
import { memoryFileSystem } from '../../src/files/memory-file-system.ts'

const files = memoryFileSystem(
  { 'srv/app/wsgi.py': '', 'etc/hosts': '' },
  { covers: ['/srv', '/etc'], links: { '/srv/current': '/opt/releases/7' } },
)

test('a file that a listed directory lacks is absent', () => {
  assert.is(isAbsent(files, '/srv/app/wsgi.py'), false)
  assert.is(isAbsent(files, '/srv/app/other.py'), true)
  assert.is(isAbsent(files, '/srv/none/at/all.py'), true)
})

test('what lies outside of the audit, or behind a link out of it, is not', () => {
  assert.is(isAbsent(files, '/opt/app/wsgi.py'), false)
  assert.is(isAbsent(files, '/srv/current/wsgi.py'), false)
  assert.is(isAbsent(files, 'wsgi.py'), false)
})

test.run()
