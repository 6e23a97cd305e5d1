import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { conf } from '../../../src/engine/conf.ts'
import { deploymentOf } from '../../rules/audit-files.ts'

const apache = (script: string): string => conf`
  <VirtualHost *:80>
      ServerName example.org
      WSGIScriptAlias / ${script}
  </VirtualHost>
`
const WSGI = conf`
  import os
  os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
`
const PROJECT = { 'shop/__init__.py': '', 'shop/wsgi.py': WSGI, 'shop/settings.py': 'DEBUG = False\n' }

/** The script of the first application, and whether its settings were read; null where nobody knows the script. */
function project(texts: Readonly<Record<string, string>>): string | null {
  const deployment = deploymentOf(texts)
  const [application] = deployment.applications
  const facts = application === undefined ? null : deployment.pythonOf(application)
  return facts === null ? null : `${facts.path}${facts.settings === null ? '' : ' with settings'}`
}

test('a project of a repository stands where Apache looks for its script', () => {
  assert.is(
    project({ 'deploy/apache.conf': apache('/srv/shop/shop/wsgi.py'), ...PROJECT }),
    '/srv/shop/shop/wsgi.py with settings',
  )
  const below = Object.fromEntries(Object.entries(PROJECT).map(([path, text]) => [`src/${path}`, text]))
  assert.is(
    project({ 'deploy/apache.conf': apache('/srv/www/src/shop/wsgi.py'), ...below }),
    '/srv/www/src/shop/wsgi.py with settings',
  )
  assert.is(
    project({ 'deploy/apache.conf': apache('/srv/www/shop/wsgi.py'), ...below }),
    '/srv/www/shop/wsgi.py with settings',
  )
})

test('it also stands behind a placeholder, where the rest of the path says which one it is', () => {
  const found = project({ 'roles/web/templates/site.conf.j2': apache('{{ home }}/shop/wsgi.py'), ...PROJECT })
  assert.match(found ?? '', /shop\/wsgi\.py with settings$/)
  assert.is(project({ 'roles/web/templates/site.conf.j2': apache('{{ home }}/wsgi.py'), ...PROJECT }), null)
})

test('a script that belongs to no package is found by its name', () => {
  assert.is(
    project({ 'apache.conf': apache('/var/www/shop/shop.wsgi'), 'shop.wsgi': WSGI, ...PROJECT }),
    '/var/www/shop/shop.wsgi with settings',
  )
})

test('of several scripts, or of one in another package, nobody knows', () => {
  const texts = { 'apache.conf': apache('/srv/www/shop/wsgi.py') }
  const other = Object.fromEntries(Object.entries(PROJECT).map(([path, text]) => [`old/${path}`, text]))
  const one = Object.fromEntries(Object.entries(PROJECT).map(([path, text]) => [`new/${path}`, text]))
  assert.is(project({ ...texts, ...other, ...one }), null)
  assert.is(project({ 'apache.conf': apache('/srv/www/store/wsgi.py'), ...PROJECT }), null)
  assert.is(project({ 'apache.conf': apache('/srv/wsgi.py'), ...PROJECT }), null)
})

test.run()
