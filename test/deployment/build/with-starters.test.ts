import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { conf } from '../../../src/engine/conf.ts'
import { formatEndpoint } from '../../../src/servers/address.ts'
import { deploymentOf } from '../../rules/audit-files.ts'

const site = (target: string): string => conf`
  server {
      listen 80;
      server_name example.org;
      location / {
          proxy_pass http://${target};
      }
  }
`
const unit = (bind: string): string => conf`
  [Service]
  WorkingDirectory=/srv/shop
  ExecStart=/srv/shop/venv/bin/gunicorn --bind ${bind} shop.wsgi
`

/** Where the first target leads. */
function destination(texts: Readonly<Record<string, string>>): string {
  const to = deploymentOf(texts).connections.nginx[0]?.targets[0]?.to
  return to?.kind === 'listener' ? `${to.listener.kind} ${formatEndpoint(to.listener)}` : (to?.kind ?? 'none')
}

test('units of a repository start their programs beside its nginx', () => {
  const texts = { 'deploy/nginx.conf': site('127.0.0.1:8000') }
  assert.is(
    destination({ ...texts, 'deploy/shop.service': unit('127.0.0.1:8000') }),
    'app-server 127.0.0.1:8000',
  )
  assert.is(destination({ ...texts, 'deploy/shop.service': unit('127.0.0.1:8001') }), 'refused')
  // What is kept together is meant for each other; of ports alone nobody can tell.
  assert.is(destination({ ...texts, 'deploy/shop.service': unit('127.0.0.1:3000') }), 'refused')
  assert.is(destination({ ...texts, 'systemd/shop.service': unit('127.0.0.1:3000') }), 'unclaimed')
})

test('a template of a unit starts one where all of its lines are written out', () => {
  const texts = { 'deploy/nginx.conf': site('127.0.0.1:8000') }
  for (const name of ['shop.service.j2', 'shop.service.in', 'templates/shop.service.erb'])
    assert.is(
      destination({ ...texts, [name]: `${unit('127.0.0.1:8000')}User={{ user }}\n` }),
      'app-server 127.0.0.1:8000',
      name,
    )
  assert.is(destination({ ...texts, 'shop.service.j2': unit('127.0.0.1:{{ port }}') }), 'unclaimed')
  const guarded = `${unit('127.0.0.1:8000')}{% if proxy %}\nEnvironment=A=1\n{% endif %}\n`
  assert.is(destination({ ...texts, 'shop.service.j2': guarded }), 'unclaimed')
})

test('so do programs of supervisord and configurations of uWSGI', () => {
  const supervised = conf`
    [program:shop]
    command=/srv/shop/venv/bin/gunicorn -b unix:/tmp/shop.sock shop.wsgi
    directory=/srv/shop
  `
  for (const path of ['conf/supervisor/shop.conf', 'conf/supervisord.conf', 'conf/supervisor.ini'])
    assert.is(
      destination({ 'conf/site.conf': site('unix:/tmp/shop.sock'), [path]: supervised }),
      'app-server unix:/tmp/shop.sock',
      path,
    )
  const vassal = conf`
    [uwsgi]
    http-socket = 127.0.0.1:8000
    module = shop.wsgi
  `
  assert.is(
    destination({ 'conf/site.conf': site('127.0.0.1:8000'), 'conf/shop_uwsgi.ini': vassal }),
    'app-server 127.0.0.1:8000',
  )
  // By what a source tree of uWSGI has in such a section, uWSGI is built and not started.
  const profile = `${vassal}plugin_dir = /usr/lib/uwsgi\nembedded_plugins =\n`
  assert.is(
    destination({ 'conf/site.conf': site('127.0.0.1:8000'), 'conf/shop_uwsgi.ini': profile }),
    'unclaimed',
  )
})

test('so does a unit that a script writes beside a site, or in another file', () => {
  const written = (path: string, text: string): string => `cat > ${path} <<'EOF'\n${text}EOF\n`
  const inUnits = (text: string): string => written('/etc/systemd/system/shop.service', text)
  const nginx = written('/etc/nginx/conf.d/shop.conf', site('127.0.0.1:8000'))
  assert.is(destination({ 'setup.sh': nginx + inUnits(unit('127.0.0.1:8000')) }), 'app-server 127.0.0.1:8000')
  assert.is(destination({ 'setup.sh': nginx + inUnits(unit('127.0.0.1:8001')) }), 'refused')
  assert.is(
    destination({ 'nginx.sh': nginx, 'shop.sh': inUnits(unit('127.0.0.1:8000')) }),
    'app-server 127.0.0.1:8000',
  )
  // Of two that write one, nobody knows which is run.
  assert.is(
    destination({
      'nginx.sh': nginx,
      'live.sh': inUnits(unit('127.0.0.1:8000')),
      'staging.sh': inUnits(unit('127.0.0.1:8000')),
    }),
    'unclaimed',
  )
})

test('not two of one name, nor what a Dockerfile beside it brings into an image', () => {
  const texts = { 'nginx/site.conf': site('127.0.0.1:8000') }
  assert.is(
    destination({
      ...texts,
      'staging/shop.service': unit('127.0.0.1:8000'),
      'live/shop.service': unit('127.0.0.1:8000'),
    }),
    'unclaimed',
  )
  assert.is(
    destination({
      ...texts,
      'image/shop.service': unit('127.0.0.1:8000'),
      'image/Dockerfile': 'FROM debian:12',
    }),
    'unclaimed',
  )
})

test('the application stands where its unit starts it', () => {
  const deployment = deploymentOf({
    'deploy/site.conf': site('127.0.0.1:8000'),
    'deploy/shop.service': unit('127.0.0.1:8000'),
    'web/shop/__init__.py': '',
    'web/shop/settings.py': 'DEBUG = False\n',
    'web/shop/wsgi.py': conf`
      import os
      os.environ["DJANGO_SETTINGS_MODULE"] = "shop.settings"
    `,
  })
  const program = deployment.programs.find(each => each.kind === 'app-server')!
  const loaded = deployment.moduleOf(program)
  assert.is(loaded?.settingsSource?.path, '/web/shop/settings.py')
  assert.equal(loaded?.settings?.get('DEBUG')?.known, true)
})

test('it stands there behind a placeholder, too', () => {
  const deployment = deploymentOf({
    'roles/nginx/templates/site.conf.j2': site('127.0.0.1:8000'),
    'roles/shop/templates/shop.service.j2': unit('127.0.0.1:8000').replaceAll('/srv/shop', '{{ home }}'),
    'shop/__init__.py': '',
    'shop/settings.py': 'DEBUG = True\n',
    'shop/wsgi.py': conf`
      import os
      os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
    `,
  })
  assert.is(deployment.connections.nginx[0]?.targets[0]?.to.kind, 'listener')
  const program = deployment.programs.find(each => each.kind === 'app-server')!
  const loaded = deployment.moduleOf(program)
  assert.is(loaded?.searchPath, null)
  assert.is(loaded?.settingsSource?.path, '/shop/settings.py')
})

test('a file of variables that is not here names no other settings where there are none', () => {
  const settingsOf = (files: Readonly<Record<string, string>>): boolean => {
    const deployment = deploymentOf({
      'deploy/site.conf': site('127.0.0.1:8000'),
      'deploy/shop.service': `${unit('127.0.0.1:8000')}EnvironmentFile=/etc/shop.env\n`,
      'shop/__init__.py': '',
      'shop/settings.py': 'DEBUG = False\n',
      'shop/wsgi.py': 'import os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")\n',
      ...files,
    })
    const program = deployment.programs.find(each => each.kind === 'app-server')!
    return deployment.moduleOf(program)?.settings !== null
  }
  assert.is(settingsOf({}), true)
  assert.is(settingsOf({ 'config/supervisor.txt': '', 'gunicorn.conf.py': 'workers = 2\n' }), true)
  assert.is(settingsOf({ 'config/production.py': 'from shop.settings import *\n' }), false)
  assert.is(settingsOf({ 'config/settings/live.py': 'DEBUG = False\n' }), false)
  assert.is(settingsOf({ 'shop/settings_live.py': 'DEBUG = False\n' }), false)
})

test('a module that is misspelt is looked for where the one of nearly its name lies', () => {
  const isMissing = (module: string, files: Readonly<Record<string, string>>): boolean => {
    const deployment = deploymentOf({
      'deploy/site.conf': site('127.0.0.1:8000'),
      'deploy/shop.service': unit('127.0.0.1:8000').replace('shop.wsgi', module),
      ...files,
    })
    const program = deployment.programs.find(each => each.kind === 'app-server')!
    return deployment.moduleOf(program)?.source === 'missing'
  }
  const shop = {
    'web/manage.py': 'import django\n',
    'web/shop/__init__.py': '',
    'web/shop/wsgi.py': 'application = None\n',
  }
  assert.is(isMissing('shopp.wsgi', shop), true)
  assert.is(isMissing('store.wsgi', shop), false)
  assert.is(isMissing('shopp.wsgi', { ...shop, 'old/shop/wsgi.py': 'application = None\n' }), false)
})

test.run()
