import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { surroundings } from '../../tools/surroundings/surroundings.ts'

const laid = (name: string, files: Readonly<Record<string, string>>) => {
  const lay = surroundings.get(name)
  if (lay === undefined) throw new RangeError(name)
  return lay(files)
}

const COMPOSE = {
  'compose.yaml': `services:
  web:
    image: nginx:1.27
    ports: ["8080:80"]
    volumes: ["./site.conf:/etc/nginx/conf.d/default.conf:ro"]
  app:
    build: { context: ./app, dockerfile: prod.Dockerfile }
    environment: { KEY: "a b" }
    command: gunicorn --bind 0.0.0.0:8000 "shop:create_app()"
`,
  'site.conf': 'server { listen 80; }\n',
}

test('services become commands, with what they are built from', () => {
  const script = laid('dockerRun', COMPOSE)?.['deploy.sh'] ?? ''
  const commands = script.replaceAll(' \\\n  ', ' ').split('\n').slice(3)
  assert.equal(commands, [
    'docker run -d --name web --network shop --restart unless-stopped -p 8080:80 -v "$PWD"/site.conf:/etc/nginx/conf.d/default.conf:ro nginx:1.27',
    'docker build -t app -f ./app/prod.Dockerfile ./app',
    "docker run -d --name app --network shop --restart unless-stopped -e KEY='a b' app gunicorn --bind 0.0.0.0:8000 'shop:create_app()'",
    '',
  ])
})

test('services become pods, with a ConfigMap of each file', () => {
  const manifest = laid('pods', COMPOSE)?.['k8s/shop.yaml'] ?? ''
  assert.equal(
    [...manifest.matchAll(/^kind: (.*)$/gm)].map(([, kind]) => kind),
    ['ConfigMap', 'Deployment', 'Service', 'Deployment'],
  )
})

test('files below /etc are put there by something else', () => {
  const files = { 'etc/nginx/conf.d/shop.conf': 'server { listen 80; }', 'etc/nginx/nginx.conf': 'http {}\n' }
  assert.ok(
    laid('script', files)?.['scripts/setup.sh']?.includes(
      "cat > /etc/nginx/conf.d/shop.conf <<'EOF'\nserver { listen 80; }\nEOF\n",
    ),
  )
  assert.is(
    laid('image', files)?.Dockerfile,
    'FROM nginx:1.27\nCOPY nginx/conf.d/shop.conf /etc/nginx/conf.d/shop.conf\nCOPY nginx/nginx.conf /etc/nginx/nginx.conf\n',
  )
  assert.is(laid('script', { ...files, 'srv/www/index.html': '' }), null)
})

test('the sites of a main file are left of it', () => {
  const files = {
    'etc/nginx/nginx.conf': 'events {}\nhttp {\n    # }\n    server { listen 80; return 200 "}"; }\n}\n',
  }
  assert.equal(Object.values(laid('withoutMain', files) ?? {}), [
    '\n    # }\n    server { listen 80; return 200 "}"; }\n',
  ])
})

test('a unit becomes a program of supervisord, unless it says what that has no word for', () => {
  const unit = '[Service]\nUser=shop\nEnvironment=A=b\nExecStart=/srv/venv/bin/gunicorn shop.wsgi\n'
  assert.equal(laid('supervised', { 'etc/systemd/system/shop.service': unit }), {
    'etc/supervisor/conf.d/shop.conf':
      '[program:shop]\ncommand=/srv/venv/bin/gunicorn shop.wsgi\nuser=shop\nenvironment=A="b"\nautorestart=true\n',
  })
  assert.is(laid('supervised', { 'etc/systemd/system/shop.service': `${unit}PrivateTmp=true\n` }), null)
})

test.run()
