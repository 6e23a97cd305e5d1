import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { diskFileSystem } from '../../../src/files/disk-file-system.ts'
import { memoryFileSystem } from '../../../src/files/memory-file-system.ts'
import { expandGlob } from '../../../src/servers/nginx/glob.ts'
import { scratchTree } from '../../files/scratch-tree.ts'

test('paths come in the order of their bytes, directories may be patterns too', () => {
  const files = memoryFileSystem({
    '/d/10': '',
    '/d/9': '',
    '/d/B': '',
    '/d/_z': '',
    '/d/a': '',
    '/d/.x': '',
    '/s/a/c.conf': '',
    '/s/a.b/c.conf': '',
    '/s/e': '',
  })
  assert.equal(expandGlob(files, '/d/*'), ['/d/10', '/d/9', '/d/B', '/d/_z', '/d/a'])
  assert.equal(expandGlob(files, '/s/*/c.conf'), ['/s/a.b/c.conf', '/s/a/c.conf'])
  assert.equal(expandGlob(files, '/gone/*'), [])
})

test('in the C locale a character is a byte', () => {
  const files = memoryFileSystem({ '/d/é': '' })
  assert.equal(expandGlob(files, '/d/?'), [])
  assert.equal(expandGlob(files, '/d/??'), ['/d/é'])
})

test('a link that leads nowhere is found', () => {
  const files = memoryFileSystem({ '/d/b/': '' }, { links: { '/d/a': '/gone', '/d/b/x': 'gone' } })
  assert.equal(expandGlob(files, '/d/a*'), ['/d/a'])
  assert.equal(expandGlob(files, '/d/*/x'), ['/d/b/x'])
})

test('directories above the audited one do not have to be seen', () => {
  const within = scratchTree({ 'conf.d/a.conf': '', 'sites/b': '-> ../conf.d/a.conf' })
  const files = diskFileSystem([{ at: within, disk: within }])
  assert.equal(expandGlob(files, `${within}/conf.d/*.conf`), [`${within}/conf.d/a.conf`])
  assert.equal(expandGlob(files, `${within}/*/b`), [`${within}/sites/b`])
  assert.equal(expandGlob(files, `${within}/conf.d/[a].con`), [])
})

test.run()
