import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { scratchTree } from '../files/scratch-tree.ts'
import { runIn } from './harness.ts'

const NGINX = `server {
    listen 443 ssl;
    server_name example.org;
    ssl_certificate /etc/ssl/example.org.pem;
    ssl_certificate_key /etc/ssl/example.org.key;
    location / {
        proxy_pass http://127.0.0.1:3000;
        proxy_set_header X-Forwarded-Proto $scheme;
    }
}
`
const unit = (command: string, directory = '/opt/shop/app'): string => `[Service]
WorkingDirectory=${directory}
Environment=NODE_ENV=production
ExecStart=${command}
`
const SERVER = `const express = require('express')
const session = require('express-session')
const app = express()
app.use(session({ secret: 's', cookie: { secure: process.env.NODE_ENV === 'production' } }))
app.listen(3000, '127.0.0.1')
`

async function found(
  files: Record<string, string>,
  rule = 'app-server/express-proxy-untrusted',
): Promise<readonly string[]> {
  const { out } = await runIn(scratchTree(files), ['--only', rule, '-f', 'json', '.'])
  const { findings } = JSON.parse(out)
  return findings.map(({ file, line }: { file: string; line: number }) => `${file}:${line}`)
}

test('a project beside etc/ stands where its unit starts it', async () => {
  const files = {
    'etc/nginx/sites-enabled/shop.conf': NGINX,
    'etc/systemd/system/shop.service': unit('/usr/bin/node server.js'),
    'app/server.js': SERVER,
  }
  assert.equal(await found(files), ['app/server.js:4'])
})

test('a project of a repository does, too', async () => {
  const files = {
    'deploy/shop.conf': NGINX,
    'deploy/shop.service': unit('/usr/bin/node /srv/shop/backend/index.js', '/srv/shop'),
    'backend/index.js': SERVER,
  }
  assert.equal(await found(files), ['backend/index.js:4'])
})

test('a module that begins an application is one, and not two', async () => {
  const files = {
    'deploy/shop.service': unit('/srv/shop/env/bin/uwsgi --ini uwsgi.ini', '/srv/shop'),
    'uwsgi.ini': '[uwsgi]\nmodule = wsgi\nsocket = /run/shop/shop.sock\n',
    'wsgi.py': 'from flask import Flask\n\napp = Flask(__name__)\n',
  }
  assert.equal(await found(files, 'app-server/application-not-found'), ['uwsgi.ini:2'])
})

test('of two scripts of one name nobody knows which is started', async () => {
  const files = {
    'etc/nginx/sites-enabled/shop.conf': NGINX,
    'etc/systemd/system/shop.service': unit('/usr/bin/node server.js'),
    'app/server.js': SERVER,
    'old/server.js': SERVER,
  }
  assert.equal(await found(files), [])
})

test.run()
