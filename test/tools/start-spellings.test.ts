import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { startSpellings } from '../../tools/surroundings/start-spellings.ts'

type Files = Readonly<Record<string, string>>

const laid = (name: string, files: Files): Files | null => {
  const lay = startSpellings[name]
  if (lay === undefined) throw new RangeError(name)
  return lay(files)
}

const COMPOSE = {
  'docker-compose.yml': `services:
  web:
    build: .
    command: gunicorn --bind 0.0.0.0:8000 shop.wsgi
    ports: ["127.0.0.1:8000:8000"]
    environment: { DEBUG: "0" }
    volumes: ["./shop:/srv/shop:ro", "media:/srv/media"]
`,
  'shop/wsgi.py': '',
}

const composeOf = (name: string): string => laid(name, COMPOSE)?.['docker-compose.yml'] ?? ''

test('what a compose file lists is a map, what is short is long', () => {
  assert.match(composeOf('composeEnvironment'), '    environment:\n      - DEBUG=0\n')
  assert.match(
    composeOf('composePorts'),
    '      - target: 8000\n        published: "8000"\n        host_ip: 127.0.0.1\n',
  )
  assert.match(
    composeOf('composeVolumes'),
    '      - type: bind\n        source: ./shop\n        target: /srv/shop\n        read_only: true\n      - type: volume\n        source: media\n',
  )
  assert.match(
    composeOf('composeCommand'),
    '      - gunicorn\n      - --bind\n      - 0.0.0.0:8000\n      - shop.wsgi\n',
  )
  assert.match(
    composeOf('composeFolded'),
    '    command: >\n      gunicorn\n      --bind 0.0.0.0:8000 shop.wsgi\n',
  )
  assert.match(
    composeOf('composeChained'),
    "    command: sh -c 'sleep 5 && gunicorn --bind 0.0.0.0:8000 shop.wsgi'\n",
  )
})

test('a long mount of what is not there would fail', () => {
  const { 'docker-compose.yml': text } = COMPOSE
  assert.match(
    laid('composeVolumes', { 'docker-compose.yml': text })?.['docker-compose.yml'] ?? '',
    '- ./shop:',
  )
})

test('a compose file says it in several files', () => {
  assert.match(composeOf('composeMerged'), 'x-web: &web\n  build: .\n')
  assert.match(composeOf('composeMerged'), 'services:\n  web:\n    <<: *web\n')
  assert.equal(Object.keys(laid('composeExtends', COMPOSE) ?? {}), [
    'docker-compose.yml',
    'shop/wsgi.py',
    'common.yml',
  ])
  assert.is(laid('composeEnvFile', COMPOSE)?.['web.env'], 'DEBUG=0\n')
  assert.is(laid('composeInterpolated', COMPOSE)?.['.env'], 'SHOP_1=0\n')
  assert.match(composeOf('composeDefaults'), `DEBUG: \${SHOP_1:-0}`)
  const moved = laid('composeInDeploy', COMPOSE)?.['deploy/docker-compose.yml'] ?? ''
  assert.match(moved, 'build: ..\n')
  assert.match(moved, '- ../shop:/srv/shop:ro\n')
})

const dockerfile = (name: string, text: string): string | undefined =>
  laid(name, { Dockerfile: `FROM python:3.12\n${text}` })?.Dockerfile?.slice('FROM python:3.12\n'.length)

test('a Dockerfile in other forms', () => {
  assert.is(dockerfile('cmdText', 'CMD ["gunicorn", "shop.wsgi"]\n'), 'CMD gunicorn shop.wsgi\n')
  assert.is(dockerfile('cmdText', 'ENTRYPOINT ["/run"]\nCMD ["gunicorn"]\n'), undefined)
  assert.is(
    dockerfile('cmdShell', 'CMD ["gunicorn", "shop.wsgi"]\n'),
    'CMD ["sh", "-c", "gunicorn shop.wsgi"]\n',
  )
  assert.is(
    dockerfile('portVariable', 'CMD gunicorn -b 0.0.0.0:8000 shop.wsgi\n'),
    'ENV APP_PORT=8000\nCMD gunicorn -b 0.0.0.0:$APP_PORT shop.wsgi\n',
  )
  assert.is(dockerfile('runHere', 'RUN a && \\\n    b\n'), 'RUN <<EOF\nset -e\na\nb\nEOF\n')
  assert.is(dockerfile('workdirRelative', 'WORKDIR /srv/shop\n'), 'WORKDIR /srv\nWORKDIR shop\n')
  assert.is(
    laid('fromArgument', { Dockerfile: 'FROM python:3.12\n' })?.Dockerfile,
    `ARG VERSION=3.12\nFROM python:\${VERSION}\n`,
  )
  assert.is(
    laid('stageBefore', { Dockerfile: 'FROM python\n' })?.Dockerfile,
    'FROM python AS base0\n\nFROM base0\n',
  )
  assert.equal(laid('startScript', { Dockerfile: 'FROM python:3.12\nCMD ["gunicorn", "shop.wsgi"]\n' }), {
    Dockerfile: 'FROM python:3.12\nCOPY start.sh /start.sh\nRUN chmod +x /start.sh\nCMD ["/start.sh"]\n',
    'start.sh': '#!/bin/sh\nset -e\n\necho "Starting"\nexec gunicorn shop.wsgi\n',
  })
})

const UNIT = 'etc/systemd/system/shop.service'
const unit = (name: string, text: string): Files => {
  const { [UNIT]: changed, ...rest } = laid(name, { [UNIT]: `[Service]\n${text}` }) ?? {}
  return changed === undefined ? rest : { unit: changed.slice('[Service]\n'.length), ...rest }
}

test('a unit in other forms', () => {
  assert.equal(unit('unitLines', 'ExecStart=/usr/bin/gunicorn -b :8000 shop.wsgi\n'), {
    unit: 'ExecStart=/usr/bin/gunicorn \\\n    -b :8000 shop.wsgi\n',
  })
  assert.equal(unit('environmentFile', 'Environment=A=b\nEnvironment=C=d\n'), {
    unit: 'EnvironmentFile=-/etc/default/shop\n\n',
    'etc/default/shop': 'A=b\nC=d\n',
  })
  assert.equal(unit('dropIn', 'User=shop\nExecStart=/usr/bin/gunicorn shop.wsgi\n'), {
    unit: 'ExecStart=/usr/bin/gunicorn shop.wsgi\n',
    [`${UNIT}.d/override.conf`]: '[Service]\nUser=shop\n',
  })
  assert.equal(unit('gunicornEquals', 'ExecStart=/usr/bin/gunicorn -w 3 -b :8000 shop.wsgi\n'), {
    unit: 'ExecStart=/usr/bin/gunicorn --workers=3 --bind=:8000 shop.wsgi\n',
  })
  assert.equal(
    unit(
      'gunicornConfig',
      'WorkingDirectory=/srv/shop\nExecStart=/usr/bin/gunicorn -w 3 --preload shop.wsgi\n',
    ),
    {
      unit: 'WorkingDirectory=/srv/shop\nExecStart=/usr/bin/gunicorn shop.wsgi\n',
      'srv/shop/gunicorn.conf.py': 'workers = 3\npreload_app = True\n',
    },
  )
  assert.equal(unit('gunicornModule', 'ExecStart=/srv/venv/bin/gunicorn shop.wsgi\n'), {
    unit: 'ExecStart=/srv/venv/bin/python -m gunicorn shop.wsgi\n',
  })
})

test('a configuration of uWSGI in other formats', () => {
  const files = { 'etc/shop/uwsgi.ini': '[uwsgi]\nhttp-socket = :8000\nmaster = true\n' }
  assert.equal(
    laid('uwsgiYaml', { ...files, [UNIT]: 'ExecStart=/usr/bin/uwsgi --ini /etc/shop/uwsgi.ini\n' }),
    {
      [UNIT]: 'ExecStart=/usr/bin/uwsgi --yaml /etc/shop/uwsgi.yml\n',
      'etc/shop/uwsgi.yml': 'uwsgi:\n  http-socket: ":8000"\n  master: true\n',
    },
  )
  assert.equal(laid('uwsgiXml', files), {
    'etc/shop/uwsgi.xml': '<uwsgi>\n  <http-socket>:8000</http-socket>\n  <master/>\n</uwsgi>\n',
  })
})

test.run()
