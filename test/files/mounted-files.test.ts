import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { memoryFileSystem } from '../../src/files/memory-file-system.ts'
import { mountedFiles } from '../../src/files/mounted-files.ts'

const base = memoryFileSystem({
  'repo/web/app.py': 'app = None\n',
  'repo/web/static/site.css': 'body {}\n',
  'repo/nginx/site.conf': 'server {\n}\n',
  'repo/secret.env': 'A=1\n',
})
const files = mountedFiles(base, [
  { at: '/etc/nginx/conf.d/default.conf', disk: '/repo/nginx/site.conf' },
  { at: '/srv', disk: '/repo/web' },
  { at: '/srv/static', disk: '/repo/nginx' },
])

test('a file stands where it is mounted, and its source keeps the path of the repository', () => {
  const read = files.read('/etc/nginx/conf.d/default.conf')
  assert.is(read.kind === 'source' && read.source.path, '/repo/nginx/site.conf')
  assert.is(files.kind('/srv/app.py'), 'file')
  assert.is(files.kind('/repo/secret.env'), null)
  assert.is(files.read('/repo/secret.env').kind, 'missing')
})

test('an inner mount hides what lies below it', () => {
  assert.is(files.kind('/srv/static/site.css'), null)
  assert.is(files.kind('/srv/static/site.conf'), 'file')
})

test('directories above a mount are there, with the names that lead to it', () => {
  assert.equal(
    files.list('/etc/nginx/conf.d')?.map(({ name }) => name),
    ['default.conf'],
  )
  assert.is(files.kind('/etc'), 'directory')
  assert.equal(
    files.list('/srv')?.map(({ name, kind }) => `${name} ${kind}`),
    ['app.py file', 'static directory'],
  )
  assert.is(files.list('/var'), null)
})

test('what is absent is no evidence: the image may have it', () => {
  assert.is(files.covers('/srv/other.py'), false)
})

test('a file that a command makes is there, and hides no mounted one', () => {
  const made = mountedFiles(
    base,
    [{ at: '/etc/nginx/conf.d/default.conf', disk: '/repo/nginx/site.conf' }],
    ['/etc/nginx/conf.d/default.conf', '/etc/nginx/conf.d/php.conf'],
  )
  assert.equal(
    made.list('/etc/nginx/conf.d')?.map(({ name, kind }) => `${name} ${kind}`),
    ['default.conf file', 'php.conf file'],
  )
  assert.is(made.read('/etc/nginx/conf.d/default.conf').kind, 'source')
  assert.is(made.read('/etc/nginx/conf.d/php.conf').kind, 'unreadable')
  assert.is(made.kind('/etc/nginx/conf.d/php.conf'), 'file')
})

test.run()
