import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { diskFileSystem } from '../../../src/files/disk-file-system.ts'
import { memoryFileSystem } from '../../../src/files/memory-file-system.ts'
import { expandGlob, matchesSegment } from '../../../src/servers/nginx/glob.ts'
import { scratchTree } from '../../files/scratch-tree.ts'

test('names match as fnmatch matches them', () => {
  const cases: readonly (readonly [string, string, boolean])[] = [
    ['a.conf', '*.conf', true],
    ['.a.conf', '*.conf', false],
    ['.a.conf', '.*', true],
    ['.a', '[.]a', false],
    ['aXbXc', 'a*b*c', true],
    ['aXbX', 'a*b*c', false],
    ['ab', 'a?', true],
    ['é', '??', false],
    ['b', '[a-c]', true],
    ['d', '[!a-c]', true],
    ['d', '[^a-c]', true],
    [']', '[]]', true],
    ['-', '[a-]', true],
    ['5', '[[:digit:]x]', true],
    ['[', '[', true],
    ['[a', '[a', true],
    ['*', '\\*', true],
    ['a', '\\*', false],
    ['', '*', true],
    ['{a,b}', '{a,b}', true],
  ]
  for (const [name, pattern, matches] of cases)
    assert.is(matchesSegment(name, pattern), matches, `${name} ${pattern}`)
})

test('many stars take no time', () => {
  assert.is(matchesSegment('a'.repeat(5000), `${'*a'.repeat(200)}b`), false)
})

test('paths come in the order of their bytes, folders may be patterns too', () => {
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

test('folders above the audited one do not have to be seen', () => {
  const within = scratchTree({ 'conf.d/a.conf': '', 'sites/b': '-> ../conf.d/a.conf' })
  const files = diskFileSystem('/', { within })
  assert.equal(expandGlob(files, `${within}/conf.d/*.conf`), [`${within}/conf.d/a.conf`])
  assert.equal(expandGlob(files, `${within}/*/b`), [`${within}/sites/b`])
  assert.equal(expandGlob(files, `${within}/conf.d/[a].con`), [])
})

test.run()
