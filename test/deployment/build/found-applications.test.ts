import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  applicationsAmong,
  foundApplications,
} from '../../../src/deployment/build/programs/found-applications.ts'
import { memoryFileSystem } from '../../../src/files/memory-file-system.ts'
import { applicationName, mayBeginApplication } from '../../../src/files/applications.ts'

const WSGI = 'import os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")\n'
const found = (...paths: readonly string[]): readonly string[] =>
  foundApplications(memoryFileSystem(Object.fromEntries(paths.map(path => [path, WSGI])))).django.map(
    ({ path }) => path,
  )

test('projects are looked for where people keep them', () => {
  for (const path of ['/shop/wsgi.py', '/srv/shop/shop/wsgi.py', '/home/shop/app/shop/asgi.py'])
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
  assert.equal(foundApplications(memoryFileSystem({ '/shop/wsgi.py': 'print(1)\n' })).django, [])
})

test('a home with very many directories is not walked to its end', () => {
  const many = Array.from({ length: 1000 }, (_, index) => `/home/u${index}/wsgi.py`)
  assert.ok(found(...many).length < 1000)
})

test('of a repository, the files that were found are looked at', () => {
  const files = memoryFileSystem({
    '/checkout/shop/shop/wsgi.py': WSGI,
    '/checkout/shop/api/main.py': 'from fastapi import FastAPI\nservice: FastAPI = FastAPI(title="shop")\n',
    '/checkout/shop/api/server.py': 'print(1)\n',
    '/checkout/shop/chat/server.js': 'require("http").createServer(answer).listen(3000)\n',
    '/checkout/shop/chat/index.js': 'module.exports = {}\n',
  })
  const paths = [
    '/checkout/shop/api/main.py',
    '/checkout/shop/api/server.py',
    '/checkout/shop/chat/index.js',
    '/checkout/shop/chat/server.js',
    '/checkout/shop/shop/wsgi.py',
  ]
  const { placed, django, python, node } = applicationsAmong(files, paths, false)
  assert.is(placed, false)
  assert.equal(
    [django, python, node].map(sources => sources.map(({ path }) => path)),
    [['/checkout/shop/shop/wsgi.py'], ['/checkout/shop/api/main.py'], ['/checkout/shop/chat/server.js']],
  )
  assert.is(applicationName(python[0]!), 'service')
})

test('a manage.py counts where nothing below it names the same settings', () => {
  const other = WSGI.replace('shop.settings', 'shop.settings.live')
  const managed = (files: Record<string, string>): readonly string[] =>
    foundApplications(memoryFileSystem(files)).managed.map(({ path }) => path)
  assert.equal(managed({ '/srv/shop/manage.py': WSGI }), ['/srv/shop/manage.py'])
  assert.equal(managed({ '/srv/shop/manage.py': WSGI, '/srv/shop/shop/wsgi.py': WSGI }), [])
  assert.equal(managed({ '/srv/shop/manage.py': WSGI, '/srv/shop/shop/wsgi.py': other }), [
    '/srv/shop/manage.py',
  ])
  assert.equal(managed({ '/srv/shop/manage.py': 'print(1)\n' }), [])
})

test('an application begins by its name and its place', () => {
  for (const path of ['/r/server.js', '/r/shop/wsgi.py', '/r/web/bin/www', '/r/src/main.ts'])
    assert.ok(mayBeginApplication(path, '/r'), path)
  for (const path of ['/r/lib/server.js', '/r/shop/views.py', '/r/tests/app.py', '/r/a/b/c/d/e/app.py'])
    assert.not(mayBeginApplication(path, '/r'), path)
})

test.run()
