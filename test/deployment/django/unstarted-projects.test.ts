import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { wsgiModules } from '../../../src/deployment/django/unstarted-projects.ts'
import { memoryFileSystem } from '../../../src/files/memory-file-system.ts'

const WSGI = 'import os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")\n'
const found = (...paths: readonly string[]): readonly string[] =>
  wsgiModules(memoryFileSystem(Object.fromEntries(paths.map(path => [path, WSGI])))).map(({ path }) => path)

test('projects are looked for where people keep them', () => {
  for (const path of ['/shop/wsgi.py', '/srv/shop/shop/wsgi.py', '/home/shop/app/shop/wsgi.py'])
    assert.equal(found(path), [path])
})

test('what is installed, tried out or no project is none', () => {
  for (const path of [
    '/usr/lib/python3/dist-packages/django/conf/wsgi.py',
    '/srv/shop/venv/lib/site-packages/other/wsgi.py',
    '/srv/shop/.tox/shop/wsgi.py',
    '/shop/tests/project/wsgi.py',
    '/examples/shop/wsgi.py',
    '/a/b/c/d/e/f/wsgi.py',
  ])
    assert.equal(found(path), [])
  assert.equal(wsgiModules(memoryFileSystem({ '/shop/wsgi.py': 'application = Flask(__name__)\n' })), [])
})

test('a home with very many directories is not walked to its end', () => {
  const many = Array.from({ length: 1000 }, (_, index) => `/home/u${index}/wsgi.py`)
  assert.ok(found(...many).length < 1000)
})

test.run()
