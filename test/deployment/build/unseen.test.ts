import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { destinationWords } from '../../../src/deployment/destination-words.ts'
import type { Deployment } from '../../../src/deployment/model.ts'
import { serverBehind } from '../../../src/deployment/server-behind.ts'
import { deploymentOf } from '../../rules/audit-files.ts'

const nginx = (...targets: readonly string[]): Record<string, string> => ({
  'etc/nginx/nginx.conf': `events {}\nhttp {\n    server {\n        listen 80;\n${targets
    .map((target, index) => `        location /${index} {\n            ${target};\n        }\n`)
    .join('')}    }\n}\n`,
})
const WSGI =
  'import os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")\nfrom django.core.wsgi import get_wsgi_application\napplication = get_wsgi_application()\n'
const SHOP = { 'srv/shop/shop/wsgi.py': WSGI, 'srv/shop/shop/settings.py': 'DEBUG = False\n' }
const script = (port: string): string => `require('http').createServer(answer).listen(${port})\n`

/** What answers at each address, in the order of the locations. */
function answers(deployment: Deployment): readonly (string | null)[] {
  return deployment.connections.nginx.flatMap(({ targets }) =>
    targets.map(target => {
      const program = serverBehind(target)
      const what = program?.server.application
      return program === null ? null : what?.known === true ? what.value : program.server.sources[0]!.path
    }),
  )
}

test('a script that opens the address of a proxy runs, whoever starts it', () => {
  const files = nginx('proxy_pass http://127.0.0.1:3000')
  for (const port of ['3000', 'process.env.PORT || 3000', 'process.env.PORT ?? 3000']) {
    const deployment = deploymentOf({ ...files, 'srv/chat/server.js': script(port) })
    assert.equal(answers(deployment), ['/srv/chat/server.js'], port)
    const [program] = deployment.programs.filter(({ kind }) => kind === 'app-server')
    assert.is(program?.kind === 'app-server' && program.isSeen, false)
  }
})

test('a script at another address, or one of two, is none', () => {
  const files = nginx('proxy_pass http://127.0.0.1:3000')
  for (const scripts of [
    { 'srv/chat/server.js': script('3001') },
    { 'srv/chat/server.js': script('3000'), 'srv/old/server.js': script('3000') },
    { 'srv/chat/server.js': script('readPort()') },
    { 'srv/chat/tests/server.js': script('3000') },
  ]) {
    const deployment = deploymentOf({ ...files, ...scripts })
    assert.equal(answers(deployment), [null])
    assert.not(deployment.programs.some(({ kind }) => kind === 'app-server'))
  }
})

test('a script that loads another, which listens, is one program', () => {
  const deployment = deploymentOf({
    ...nginx('proxy_pass http://127.0.0.1:3000'),
    'srv/chat/index.js': "require('./server')\napp.listen = null\n",
    'srv/chat/server.js': script('3000'),
  })
  assert.equal(deployment.programs.filter(({ kind }) => kind === 'app-server').length, 1)
})

test('the one application may be behind the one address that nobody opens', () => {
  for (const target of [
    'proxy_pass http://127.0.0.1:8000',
    'proxy_pass http://unix:/run/shop.sock',
    'uwsgi_pass 127.0.0.1:8001',
  ]) {
    const deployment = deploymentOf({ ...nginx(target), ...SHOP })
    assert.equal(answers(deployment), ['shop.wsgi:application'], target)
    const [words] = deployment.connections.nginx.flatMap(({ targets }) => targets.map(destinationWords))
    assert.is(words, 'not opened by any program of the audit; `shop.wsgi:application` may be behind it')
  }
  const flask = { 'srv/shop/app.py': 'from flask import Flask\napp = Flask(__name__)\n' }
  assert.equal(answers(deploymentOf({ ...nginx('proxy_pass http://127.0.0.1:8000'), ...flask })), ['app:app'])
})

test('beside a script that is behind one address, the application is behind the other', () => {
  const deployment = deploymentOf({
    ...nginx('proxy_pass http://127.0.0.1:3000', 'proxy_pass http://127.0.0.1:8000'),
    ...SHOP,
    'srv/chat/server.js': script('3000'),
  })
  assert.equal(answers(deployment), ['/srv/chat/server.js', 'shop.wsgi:application'])
})

test('the listeners of a deployment are those that its connections lead to', () => {
  const deployment = deploymentOf({
    'etc/nginx/nginx.conf':
      'events {}\nhttp {\n    server {\n        listen 8080;\n    }\n    server {\n        listen 80;\n        location / {\n            proxy_pass http://127.0.0.1:8080;\n        }\n    }\n}\n',
    ...SHOP,
  })
  const reached = deployment.listeners.filter(each => deployment.connections.to(each).length > 0)
  assert.equal(
    reached.map(({ port }) => port),
    [8080],
  )
})

test('nothing is supposed where it might be another', () => {
  const one = nginx('proxy_pass http://127.0.0.1:8000')
  const unit = {
    'etc/systemd/system/shop.service':
      '[Service]\nExecStart=/usr/bin/gunicorn --bind 127.0.0.1:9100 other:app\n',
  }
  for (const [why, files] of Object.entries({
    'two addresses': {
      ...nginx('proxy_pass http://127.0.0.1:8000', 'proxy_pass http://127.0.0.1:8001'),
      ...SHOP,
    },
    'an address that a variable holds': {
      ...nginx('proxy_pass http://127.0.0.1:8000', 'proxy_pass http://$arg_to'),
      ...SHOP,
    },
    'another machine': { ...nginx('proxy_pass http://192.0.2.7:8000'), ...SHOP },
    'the port of other programs': { ...nginx('proxy_pass http://127.0.0.1:3000'), ...SHOP },
    'a pool of PHP': { ...nginx('fastcgi_pass unix:/run/php/php8.2-fpm.sock'), ...SHOP },
    'two applications': {
      ...one,
      ...SHOP,
      'srv/api/main.py': 'from fastapi import FastAPI\napp = FastAPI()\n',
    },
    'settings of which somebody chooses': {
      ...one,
      ...SHOP,
      'srv/shop/shop/settings_live.py': 'DEBUG = False\n',
    },
    'an application that is seen to start': { ...one, ...SHOP, ...unit },
  }))
    assert.equal(new Set(answers(deploymentOf(files))), new Set([null]), why)
})

test('beside the units of a machine, what none of them starts may be left over', () => {
  const units = { 'etc/systemd/system/ssh.service': '[Service]\nExecStart=/usr/sbin/sshd -D\n' }
  const chat = { 'srv/chat/server.js': script('3000') }
  const files = (lines: string): Record<string, string> => ({
    ...nginx('proxy_pass http://127.0.0.1:8000', 'proxy_pass http://127.0.0.1:3000', lines),
    ...units,
    ...SHOP,
    ...chat,
  })
  assert.equal(answers(deploymentOf(files('return 204'))), [null, null])
  assert.equal(answers(deploymentOf(files('alias /srv/chat/public/'))), [null, '/srv/chat/server.js'])
  assert.equal(
    answers(
      deploymentOf({
        ...nginx('proxy_pass http://127.0.0.1:8000', 'alias /srv/shop/static/'),
        ...units,
        ...SHOP,
      }),
    ),
    ['shop.wsgi:application'],
  )
})

test('an application that nothing connects to is a program for its own settings', () => {
  const deployment = deploymentOf({ ...nginx('return 204'), ...SHOP })
  assert.equal(
    deployment.programs.flatMap(program =>
      program.kind === 'app-server' ? [deployment.moduleOf(program)?.settings?.module] : [],
    ),
    ['shop.settings'],
  )
})

test.run()
