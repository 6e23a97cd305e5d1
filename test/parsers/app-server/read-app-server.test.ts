import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { programOf, readAppServer } from '../../../parsers/app-server/read-app-server.ts'
import { unwrapCommand } from '../../../parsers/app-server/unwrap.ts'
import { placeText } from '../../../parsers/text/source.ts'
import { checkPlaces } from '../check-places.ts'
import { appFiles, binds, command, server, value } from './commands.ts'

test('uvicorn: options, variables, defaults', () => {
  const found = server(
    'uvicorn main:app --host 0.0.0.0 --port 80 --workers 4 --root-path /api --forwarded-allow-ips="*" --no-proxy-headers --timeout-keep-alive 9 --limit-concurrency 100 --app-dir src',
  )!
  assert.equal(binds(found), ['http 0.0.0.0:80'])
  assert.equal(
    [found.application, found.rootPath, found.forwardedAllowIps, found.proxyHeaders].map(each =>
      value<unknown>(each),
    ),
    ['main:app', '/api', '*', false],
  )
  assert.equal([found.workers, found.keepAlive, found.concurrencyLimit].map(value), [4, 9, 100])
  assert.equal(found.pythonPath.map(value), ['src'])
  assert.is(placeText(found.binds[0]!.at!), '80')
  assert.equal(binds(server('uvicorn main:app')), ['http 127.0.0.1:8000'])
  assert.equal(binds(server('uvicorn main:app --uds /run/u.sock')), ['http unix:/run/u.sock'])
  assert.equal(binds(server('uvicorn main:app --fd 3 --ssl-keyfile k')), ['https fd:3'])
  assert.equal(binds(server('uvicorn main:app --port ?')), ['http ?'])
  const environment = {
    UVICORN_PORT: '81',
    UVICORN_HOST: '::',
    UVICORN_PROXY_HEADERS: '0',
    WEB_CONCURRENCY: '3',
    FORWARDED_ALLOW_IPS: '10.0.0.1',
  }
  const other = server('uvicorn main:app --port 82', { environment })!
  assert.equal(binds(other), ['http :::82'])
  assert.equal(
    [other.workers, other.forwardedAllowIps, other.proxyHeaders].map(each => value<unknown>(each)),
    [3, '10.0.0.1', false],
  )
  assert.is(server('uvicorn a:b --reload')!.development, true)
  const unseen = { environment: { UVICORN_UDS: null, UVICORN_FD: null } }
  assert.equal(binds(server('uvicorn a:b --host 127.0.0.1 --port 8001', unseen)), ['http 127.0.0.1:8001'])
  assert.equal(binds(server('uvicorn a:b', unseen)), ['http ?'])
})

test('development servers of front ends', () => {
  const vite = (text: string, configuration: string | null = 'export default {}'): readonly string[] =>
    binds(
      server(text, {
        directory: '/app',
        files: configuration === null ? {} : { '/app/vite.config.ts': configuration },
      }),
    )
  assert.equal(vite('vite'), ['http localhost:5173'])
  assert.equal(vite('vite preview'), ['http localhost:4173'])
  assert.equal(vite('npx vite --host'), ['http 0.0.0.0:5173'])
  assert.equal(vite('vite dev --host=10.0.0.2 --port 80', null), ['http 10.0.0.2:80'])
  assert.equal(vite('vite', 'export default { server: { host: true, port: 3000 } }'), ['http 0.0.0.0:3000'])
  assert.equal(vite('vite', 'export default { server: { host: "::", hmr: { port: 1 } } }'), ['http :::5173'])
  assert.equal(vite('vite', 'export default { server: { host: env.HOST } }'), ['http ?'])
  assert.equal(vite('vite', 'export default { ...common }'), ['http ?'])
  assert.equal(vite('vite', null), ['http localhost:5173'])
  assert.is(server('vite build', { directory: '/app' }), null)
  const angular = (text: string, workspace: string): readonly string[] =>
    binds(server(text, { directory: '/app', files: { '/app/angular.json': workspace } }))
  assert.equal(angular('ng serve', '{}'), ['http localhost:4200'])
  assert.equal(angular('ng serve --host 0.0.0.0 --port 80', '{}'), ['http 0.0.0.0:80'])
  assert.equal(angular('ng serve', '{ "host": "0.0.0.0" }'), ['http ?'])
  const script = '{ "scripts": { "dev": "vite" } }'
  const files = { '/app/package.json': script, '/app/vite.config.ts': 'export default {}' }
  const run = (text: string): readonly string[] => binds(server(text, { directory: '/app', files }))
  assert.equal(run('npm run dev -- --host'), ['http 0.0.0.0:5173'])
  assert.equal(run('yarn dev --host 0.0.0.0'), ['http 0.0.0.0:5173'])
  assert.equal(run('npm run dev'), ['http localhost:5173'])
})

test('Puma and the server of Rails', () => {
  const puma = (text: string, configuration: string | null, environment = {}): readonly string[] =>
    binds(
      server(text, {
        directory: '/app',
        environment,
        files: configuration === null ? {} : { '/app/config/puma.rb': configuration },
      }),
    )
  assert.equal(puma('puma -b tcp://0.0.0.0:3000 -b unix:///run/app/puma.sock', null), [
    'http 0.0.0.0:3000',
    'http unix:/run/app/puma.sock',
  ])
  assert.equal(puma('bundle exec puma -C config/puma.rb', 'bind "unix:///srv/app/shared/puma.sock"'), [
    'http unix:/srv/app/shared/puma.sock',
  ])
  assert.equal(puma('puma', 'port ENV.fetch("PORT") { 3000 }'), ['http 0.0.0.0:3000'])
  assert.equal(puma('puma', 'port ENV.fetch("PORT", 3000)', { PORT: '80' }), ['http 0.0.0.0:80'])
  assert.equal(puma('puma', 'bind "unix://#{shared}/puma.sock"'), ['http ?'])
  const named = 'root = "/srv/app"\nshared = "#{root}/shared" # kept\nbind "unix://#{shared}/puma.sock"'
  assert.equal(puma('rbenv exec bundle exec puma', named), ['http unix:/srv/app/shared/puma.sock'])
  assert.equal(puma('puma', `${named}\nshared = "/tmp"`), ['http ?'])
  assert.equal(puma('puma', 'port 3000 if ENV["X"]'), ['http ?'])
  assert.equal(puma('puma', 'workers 2\n# port 80'), ['http 0.0.0.0:9292'])
  assert.equal(puma('puma', null), ['http ?'])
  assert.equal(puma('bin/rails s', 'port ENV.fetch("PORT") { 3000 }'), ['http localhost:3000'])
  assert.equal(puma('bundle exec rails server -b 0.0.0.0 -p 80', null), ['http 0.0.0.0:80'])
  assert.equal(puma('rails s', null, { RAILS_ENV: 'production' }), ['http 0.0.0.0:3000'])
  assert.equal(puma('rails s', null, { RAILS_ENV: null }), ['http ?'])
  assert.equal(puma('rails s', 'bind "tcp://0.0.0.0:3000"'), ['http ?'])
  assert.is(server('rails db:migrate'), null)
})

test('hypercorn', () => {
  const found = server(
    'hypercorn -b 0.0.0.0:8000 -b unix:/run/h.sock --insecure-bind :80 --certfile c --root-path /x -w 2 -m 7 a:b',
  )!
  assert.equal(binds(found), ['https 0.0.0.0:8000', 'https unix:/run/h.sock', 'http 0.0.0.0:80'])
  assert.equal([value(found.rootPath), value(found.workers), value(found.umask)], ['/x', 2, 7])
  assert.equal(binds(server('hypercorn a:b')), ['http 127.0.0.1:8000'])
  assert.equal(binds(server('hypercorn -c h.toml a:b')), ['http ?'])
})

test('daphne', () => {
  assert.equal(binds(server('daphne a:b')), ['http 127.0.0.1:8000'])
  assert.equal(binds(server('daphne -b 0.0.0.0 -p 8001 a:b')), ['http 0.0.0.0:8001'])
  assert.equal(binds(server('daphne -u /run/d.sock a:b')), ['http unix:/run/d.sock'])
  assert.equal(binds(server('daphne -u /run/d.sock -p 80 a:b')), [
    'http unix:/run/d.sock',
    'http 127.0.0.1:80',
  ])
  assert.equal(
    binds(
      server(
        'daphne -e ssl:443:privateKey=k:certKey=c -e tcp:80:interface=127.0.0.1 -e unix:/x -e systemd:0 a:b',
      ),
    ),
    ['https 0.0.0.0:443', 'http 127.0.0.1:80', 'http unix:/x', 'http ?'],
  )
  const found = server('daphne --proxy-headers --root-path /x -t 30 --fd 3 a:b')!
  assert.equal(
    [found.proxyHeaders, found.rootPath, found.timeout].map(each => value<unknown>(each)),
    [true, '/x', 30],
  )
})

test('waitress', () => {
  assert.equal(binds(server('waitress-serve a:b')), ['http 0.0.0.0:8080'])
  assert.equal(binds(server('waitress-serve --listen=127.0.0.1:80 --listen=[::1]:81 --listen=*:82 a:b')), [
    'http 127.0.0.1:80',
    'http ::1:81',
    'http *:82',
  ])
  assert.equal(binds(server('waitress-serve --host=127.0.0.1 --port 5000 a:b')), ['http 127.0.0.1:5000'])
  const found = server(
    'waitress-serve --unix-socket=/run/w.sock --unix-socket-perms=660 --threads=8 --url-prefix=/x --max-request-body-size=100 --call a:b',
  )!
  assert.equal(binds(found), ['http unix:/run/w.sock'])
  assert.equal([found.socketMode, found.threads, found.bodyLimit].map(value), [0o660, 8, 100])
  assert.equal([value(found.rootPath), value(found.application)], ['/x', 'a:b'])
})

test('granian', () => {
  assert.equal(binds(server('granian --interface asgi a:b')), ['http 127.0.0.1:8000'])
  assert.equal(
    binds(server('granian --host 0.0.0.0 --port 80 a:b', { environment: { GRANIAN_PORT: '81' } })),
    ['http 0.0.0.0:80'],
  )
  assert.equal(binds(server('granian --uds g.sock a:b')), ['http unix:/srv/app/g.sock'])
})

test('servers for development', () => {
  assert.equal(binds(server('python manage.py runserver')), ['http 127.0.0.1:8000'])
  assert.equal(binds(server('python3 -u ./manage.py runserver 0.0.0.0:80 --noreload')), ['http 0.0.0.0:80'])
  assert.equal(binds(server('manage.py runserver 0:81 --settings=a.b')), ['http 0.0.0.0:81'])
  assert.equal(binds(server('django-admin runserver 82 -6')), ['http ::1:82'])
  assert.equal(binds(server('python manage.py runserver ?')), ['http ?'])
  // That of Flask-Script.
  assert.equal(binds(server('python3 manage.py runserver -h 0.0.0.0 -p 8200 -d')), ['http 0.0.0.0:8200'])
  assert.equal(binds(server('flask --app shop run --host=0.0.0.0 -p 5001')), ['http 0.0.0.0:5001'])
  assert.equal(binds(server('flask run', { environment: { FLASK_RUN_PORT: '80' } })), ['http 127.0.0.1:80'])
  assert.equal(binds(server('python -m flask run --cert adhoc')), ['https 127.0.0.1:5000'])
  assert.equal(binds(server('fastapi run app/main.py --port 80')), ['http 0.0.0.0:80'])
  assert.equal(binds(server('fastapi dev main.py')), ['http 127.0.0.1:8000'])
  assert.equal(binds(server('php -S 0.0.0.0:8080 -t public')), ['http 0.0.0.0:8080'])
  assert.equal(binds(server('php artisan serve --host=0.0.0.0')), ['http 0.0.0.0:8000'])
  assert.is(server('php artisan queue:work'), null)
  assert.is(server('flask db upgrade'), null)
  assert.is(server('python manage.py migrate'), null)
  assert.is(server('nginx -g "daemon off;"'), null)
  assert.is(server('? a:b'), null)
  assert.is(server(''), null)
})

test('wrappers are taken away', () => {
  for (const line of [
    'gunicorn -b :1 a',
    '/srv/venv/bin/gunicorn -b :1 a',
    'exec gunicorn -b :1 a',
    'python -m gunicorn -b :1 a',
    'python3.11 -u -W ignore -Im gunicorn -b :1 a',
    '/venv/bin/python /venv/bin/gunicorn -b :1 a',
    'env A=1 B=2 gunicorn -b :1 a',
    '/usr/bin/env -u X -C /x python -m gunicorn -b :1 a',
    'sudo -u www-data -H -- gunicorn -b :1 a',
    'poetry run gunicorn -b :1 a',
    'poetry -C /x run python -m gunicorn -b :1 a',
    'pipenv run gunicorn -b :1 a',
    'uv run --no-sync --env-file .env gunicorn -b :1 a',
    'newrelic-admin run-program gunicorn -b :1 a',
    'opentelemetry-instrument --service_name x gunicorn -b :1 a',
    'tini -g -- gunicorn -b :1 a',
    'dumb-init gunicorn -b :1 a',
    'gosu app gunicorn -b :1 a',
    'timeout -k 5 30 gunicorn -b :1 a',
    'nice -n 10 ionice -c 2 gunicorn -b :1 a',
    './wait-for-it.sh db:5432 -t 30 --strict -- gunicorn -b :1 a',
    'dockerize -wait tcp://db:5432 -timeout 30s gunicorn -b :1 a',
    'conda run --no-capture-output -n web gunicorn -b :1 a',
    'ddtrace-run gunicorn -b :1 a',
  ]) {
    const found = server(line)
    assert.equal([found?.program, binds(found)], ['gunicorn', ['http 0.0.0.0:1']], line)
  }
  assert.is(server('poetry install'), null)
  assert.is(server('python -c "import gunicorn"'), null)
  assert.is(server('sudo -u gunicorn'), null)
})

test('what wrappers change', () => {
  assert.is(value(server('sudo -u www gunicorn a')!.user), 'www')
  assert.is(value(server('gosu app:app gunicorn a')!.user), 'app:app')
  assert.is(value(server('sudo -u www gunicorn -u other a')!.user), 'other')
  assert.equal(binds(server('env PORT=81 gunicorn a')), ['http 0.0.0.0:81'])
  assert.equal(binds(server('env -i gunicorn a', { environment: { PORT: '81' } })), ['http 127.0.0.1:8000'])
  assert.is(value(server('env -C sub gunicorn a')!.directory), '/srv/app/sub')
  assert.is(programOf(command('sudo env A=1 nginx -g x'))?.name, 'nginx')
  assert.is(programOf(command('?')), null)
})

const piece = fc.constantFrom(
  ...[
    'gunicorn',
    'uvicorn',
    'daphne',
    'hypercorn',
    'waitress-serve',
    'granian',
    'flask',
    'run',
    'python',
    '-m',
    'env',
  ],
  ...[
    'sudo',
    '-u',
    '--',
    '-',
    '--bind',
    '-b',
    '--bind=',
    ':80',
    'unix:',
    '[::1]:8',
    '--uds',
    '--listen=',
    '-e',
    'tcp:1',
    '?',
  ],
  ...[
    'A=1',
    '"',
    "'",
    '\\',
    'manage.py',
    'runserver',
    '0:8',
    '--port',
    '99999',
    'a:b',
    '--x=y',
    '-Dw4',
    'fd://3',
    'é',
  ],
)

test('never throws, and places lie inside', () => {
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), fc.array(piece, { maxLength: 4 }), (words, variable) => {
      const environment = { GUNICORN_CMD_ARGS: variable.join(' '), PORT: null }
      const given = command(words.join(' '), { environment })
      checkPlaces(readAppServer(given, appFiles()))
      checkPlaces(unwrapCommand(given).words)
    }),
    { seed: 20_250_309, numRuns: 3000 },
  )
})

test.run()
