import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { memoryFileSystem } from '../../src/files/memory-file-system.ts'

const files = memoryFileSystem(
  {
    'etc/nginx/nginx.conf': 'events {}\n',
    '/etc/nginx/sites-available/b': 'server {}\n',
    '/etc/nginx/sites-available/B': 'server {}\n',
    'var/empty/': '',
  },
  {
    links: {
      '/etc/nginx/sites-enabled/b': '../sites-available/b',
      '/etc/nginx/sites-enabled/gone': '/nowhere',
      '/etc/httpd': '/etc/nginx',
      '/loop': '/loop',
    },
    modes: { '/etc/nginx/nginx.conf': 0o644 },
    covers: ['/etc'],
  },
)

test('one source for one real file, whatever path leads there', () => {
  const direct = files.read('/etc/nginx/sites-available/b')
  const linked = files.read('/etc/nginx/sites-enabled/b')
  const through = files.read('/etc/httpd/sites-enabled/../sites-enabled/b')
  assert.is(direct.kind, 'source')
  assert.is(linked, direct)
  assert.is(through, direct)
  if (direct.kind === 'source') assert.is(direct.source.path, '/etc/nginx/sites-available/b')
})

test('lists in byte order, links by what they lead to', () => {
  assert.equal(files.list('/etc/nginx/sites-available'), [
    { name: 'B', kind: 'file' },
    { name: 'b', kind: 'file' },
  ])
  assert.equal(files.list('/etc/nginx/sites-enabled'), [
    { name: 'b', kind: 'file' },
    { name: 'gone', kind: null },
  ])
  assert.equal(files.list('/var/empty'), [])
  assert.is(files.list('/etc/nginx/nginx.conf'), null)
  assert.is(files.list('/nowhere'), null)
})

test('what is not there is missing, a directory is a directory', () => {
  assert.is(files.read('/etc/nginx/other.conf').kind, 'missing')
  assert.is(files.read('/etc/nginx/nginx.conf/x').kind, 'missing')
  assert.is(files.read('/etc/nginx').kind, 'directory')
  assert.is(files.read('/loop').kind, 'missing')
  assert.is(files.kind('/etc/httpd'), 'directory')
  assert.is(files.realPath('/etc/httpd/nginx.conf'), '/etc/nginx/nginx.conf')
})

test('modes, coverage and names', () => {
  assert.is(files.mode('/etc/httpd/nginx.conf'), 0o644)
  assert.is(files.mode('/etc/nginx/sites-available/b'), null)
  assert.ok(files.covers('/etc/nginx/gone'))
  assert.not.ok(files.covers('/etcetera'))
  assert.is(files.display('/etc/nginx/nginx.conf'), 'etc/nginx/nginx.conf')
  assert.is(memoryFileSystem({}, { root: '/' }).display('/etc/x'), '/etc/x')
  assert.is(memoryFileSystem({}, { root: 'web1' }).display('/etc/x'), 'web1/etc/x')
})

test.run()
