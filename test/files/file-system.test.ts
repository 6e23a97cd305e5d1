import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { everyFileBelow, filesBelow } from '../../src/files/file-system.ts'
import { memoryFileSystem } from '../../src/files/memory-file-system.ts'

const files = memoryFileSystem({
  '/srv/a.py': '',
  '/srv/b/c.py': '',
  '/srv/b/d/e.py': '',
  '/srv/node_modules/f.py': '',
  '/srv/z.txt': '',
})
const skipped = /^node_modules$/

test('files below a directory, in the order of their names and as deep as it is said', () => {
  assert.equal(
    [...filesBelow(files, '/srv', { levels: 5, skipped })],
    ['/srv/a.py', '/srv/b/c.py', '/srv/b/d/e.py', '/srv/z.txt'],
  )
  assert.equal(
    [...filesBelow(files, '/srv', { levels: 1, skipped })],
    ['/srv/a.py', '/srv/b/c.py', '/srv/z.txt'],
  )
  assert.equal([...filesBelow(files, '/gone', { levels: 5, skipped })], [])
})

test('every file of a kind, or none where some are not seen', () => {
  const every = (levels: number, most: number, directory = '/srv') =>
    everyFileBelow(files, directory, { levels, skipped, most, isWanted: name => name.endsWith('.py') })
  assert.equal(every(2, 3), ['/srv/a.py', '/srv/b/c.py', '/srv/b/d/e.py'])
  assert.is(every(1, 3), null)
  assert.is(every(2, 2), null)
  assert.is(every(2, 3, '/gone'), null)
})

test.run()
