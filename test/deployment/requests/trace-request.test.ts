import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { TraceEnd } from '../../../src/deployment/requests/trace.ts'
import { APACHE, both, DAEMON, PASS, SCRIPT, server, stepsOf, type Texts, trace } from './trace-texts.ts'

test('a request is told step by step, each with its line', () => {
  const request = trace(both(server(PASS)), 'http://example.org/page')
  assert.equal(stepsOf(request), [
    'nginx server example.org: matched by server_name etc/nginx/nginx.conf:4',
    'nginx `location /` (longest-prefix) etc/nginx/nginx.conf:7',
    'nginx `proxy_pass` to 127.0.0.1:9000 etc/nginx/nginx.conf:7',
    'nginx sends Host: example.org etc/nginx/nginx.conf:7',
    'nginx connects to 127.0.0.1:9000 etc/nginx/nginx.conf:7',
    'apache listens on 127.0.0.1:9000 etc/apache2/apache2.conf:13',
    'apache virtual host example.org: matched by ServerName etc/apache2/apache2.conf:14',
    'apache `WSGIScriptAlias /`: /srv/app/wsgi.py etc/apache2/apache2.conf:18',
    'mod_wsgi process group app etc/apache2/apache2.conf:16',
  ])
  assert.equal(request.end, {
    kind: 'application',
    script: '/srv/app/wsgi.py',
    processGroup: 'app',
    scheme: 'http',
  })
})

const WSGI =
  'import os\nos.environ["DJANGO_SETTINGS_MODULE"] = "shop.settings"\nfrom django.core.wsgi import get_wsgi_application\napplication = get_wsgi_application()\n'
const gunicorn = (settings: string, pass: string, options = ''): Texts => ({
  'etc/nginx/nginx.conf': `events {}\nhttp {\nserver {\nlisten 80;\nserver_name example.org;\nlocation / {\nproxy_pass http://127.0.0.1:8000;\n${pass}\n}\n}\n}\n`,
  'etc/systemd/system/shop.service': `[Service]\nWorkingDirectory=/srv/shop\nExecStart=/usr/bin/gunicorn --bind 127.0.0.1:8000 ${options} shop.wsgi\n`,
  'srv/shop/shop/__init__.py': '',
  'srv/shop/shop/wsgi.py': WSGI,
  'srv/shop/shop/settings.py': settings,
})
const HOST = 'proxy_set_header Host $host;'
const PROTO = `${HOST} proxy_set_header X-Forwarded-Proto https;`
const SSL_HEADER = 'SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")\n'
const SETTINGS = 'srv/shop/shop/settings.py'

/** Settings, what nginx is told, options of gunicorn, and what Django believes. */
const BELIEFS: readonly (readonly [string, string, string, readonly string[]])[] = [
  [
    `${SSL_HEADER}ALLOWED_HOSTS = [".example.org"]\n`,
    PROTO,
    '',
    [
      `django scheme: https, for X-Forwarded-Proto is \`https\` ${SETTINGS}:1`,
      `django host: example.org, from Host ${SETTINGS}:2`,
      'django client: 127.0.0.1 (`REMOTE_ADDR`)',
    ],
  ],
  [
    `${SSL_HEADER}ALLOWED_HOSTS = ["www.example.org"]\n`,
    `${HOST} proxy_set_header X-Forwarded-Proto "";`,
    '',
    [
      `django scheme: no X-Forwarded-Proto is sent, so it is what the server says ${SETTINGS}:1`,
      `django host: example.org, from Host, which \`ALLOWED_HOSTS\` does not have: 400 ${SETTINGS}:2`,
      'django client: 127.0.0.1 (`REMOTE_ADDR`)',
    ],
  ],
  [
    SSL_HEADER,
    HOST,
    '',
    [
      `django? scheme: X-Forwarded-Proto decides it, and its value is not known ${SETTINGS}:1`,
      'django host: example.org, from Host',
      'django client: 127.0.0.1 (`REMOTE_ADDR`)',
    ],
  ],
  [
    'USE_X_FORWARDED_HOST = True\n',
    `${PROTO} proxy_set_header X-Forwarded-Host www.example.org; proxy_set_header X-Forwarded-For $remote_addr;`,
    '',
    [
      'django scheme: https, as the server says',
      `django host: www.example.org, from X-Forwarded-Host ${SETTINGS}:1`,
      'django client: 127.0.0.1 (`REMOTE_ADDR`), and X-Forwarded-For for code that reads it',
    ],
  ],
  [
    'import os\nSECURE_PROXY_SSL_HEADER = os.environ["HEADER"]\nUSE_X_FORWARDED_HOST = os.environ["FORWARDED"]\n',
    PROTO,
    '',
    [
      `django? scheme: \`SECURE_PROXY_SSL_HEADER\` decides it, and its value is not known ${SETTINGS}:2`,
      `django? host: \`USE_X_FORWARDED_HOST\` decides where it is read, and is not known ${SETTINGS}:3`,
      'django client: 127.0.0.1 (`REMOTE_ADDR`)',
    ],
  ],
  [
    'ALLOWED_HOSTS = ["*"]\n',
    PROTO,
    '--forwarded-allow-ips=10.0.0.1',
    [
      'django scheme: http, as the server says',
      `django host: example.org, from Host ${SETTINGS}:1`,
      'django client: 127.0.0.1 (`REMOTE_ADDR`)',
    ],
  ],
]

for (const [settings, lines, options, expected] of BELIEFS)
  test(`Django behind gunicorn: ${expected.join('; ')}`, () => {
    const { steps, ...rest } = trace(gunicorn(settings, lines, options), 'http://example.org/')
    assert.equal(stepsOf({ ...rest, steps: steps.filter(({ layer }) => layer === 'django') }), expected)
  })

test('Django in mod_wsgi is told what Apache tells it', () => {
  const texts = {
    ...both(server(PASS)),
    'srv/app/wsgi.py': WSGI,
    'srv/shop/settings.py': 'ALLOWED_HOSTS = ["example.org"]\n',
    'srv/shop/__init__.py': '',
  }
  assert.equal(stepsOf(trace(texts, 'http://example.org/')).slice(-3), [
    'django scheme: http, as the server says',
    'django host: example.org, from Host srv/shop/settings.py:1',
    'django client: 127.0.0.1 (`REMOTE_ADDR`)',
  ])
})

const proxied = server(PASS)
/** What is asked, of what, and where it ends. */
const ENDS: readonly (readonly [string, Texts, string, Partial<TraceEnd>])[] = [
  [
    'a redirect of nginx keeps what was asked',
    both(server('return 301 https://example.org$request_uri;')),
    'http://example.org/a%2Fb?c=d',
    { kind: 'redirect', by: 'nginx', status: 301, location: 'https://example.org/a%2Fb?c=d' },
  ],
  [
    'a redirect to itself is a loop',
    both(server('return 301 http://example.org$request_uri;')),
    'http://example.org/a',
    { kind: 'loop' },
  ],
  [
    'a status of nginx',
    both(server('return 404;')),
    'http://example.org/a',
    { kind: 'status', by: 'nginx', status: 404 },
  ],
  [
    'a denial of nginx',
    both(server('location / { deny all; proxy_pass http://127.0.0.1:9000; }')),
    'http://example.org/a',
    { kind: 'status', by: 'nginx', status: 403 },
  ],
  [
    'an internal location is not there for clients',
    both(server('location / { internal; proxy_pass http://127.0.0.1:9000; }')),
    'http://example.org/',
    { kind: 'status', by: 'nginx', status: 404 },
  ],
  ['a closed connection', both(server('return 444;')), 'http://example.org/a', { kind: 'refused' }],
  [
    'a refused handshake',
    both(server('ssl_reject_handshake on;', '443 ssl')),
    'https://example.org/',
    { kind: 'refused' },
  ],
  ['TLS to a plain port', both(server(PASS, '443')), 'https://example.org/', { kind: 'refused' }],
  [
    'plain HTTP to a port of TLS',
    both(server(PASS, '443 ssl')),
    'http://example.org:443/',
    { kind: 'status', by: 'nginx', status: 400 },
  ],
  ['a port that nobody opens', both(proxied), 'http://example.org:8080/', { kind: 'refused' }],
  [
    'a backend that nobody opens',
    both(server('location / { proxy_pass http://127.0.0.1:9001; }')),
    'http://example.org/',
    { kind: 'status', by: 'nginx', status: 502 },
  ],
  [
    'TLS to a plain virtual host',
    both(server('location / { proxy_pass https://127.0.0.1:9000; }')),
    'http://example.org/',
    { kind: 'status', by: 'nginx', status: 502 },
  ],
  [
    'a backend on another machine',
    both(server('location / { proxy_pass http://192.0.2.7:8000; }')),
    'http://example.org/',
    { kind: 'backend', address: '192.0.2.7:8000' },
  ],
  [
    'a backend of another protocol',
    both(server('location / { fastcgi_pass 127.0.0.1:9100; }')),
    'http://example.org/',
    { kind: 'backend' },
  ],
  [
    'nginx behind nginx, round and round',
    both(server('location / { proxy_pass http://127.0.0.1:80; proxy_set_header Host $host; }')),
    'http://example.org/',
    { kind: 'loop' },
  ],
  [
    'nginx behind nginx, then Apache',
    both(
      server('location / { proxy_pass http://127.0.0.1:8000; proxy_set_header Host $host; }') +
        server(PASS, '127.0.0.1:8000'),
    ),
    'http://example.org/',
    { kind: 'application', processGroup: 'app' },
  ],
  [
    'a variable decides the backend',
    both(server('location / { proxy_pass http://$arg_backend; }')),
    'http://example.org/?backend=192.0.2.7:8000',
    { kind: 'unknown' },
  ],
  [
    'a Host that only the client knows',
    both(server('location / { proxy_pass http://127.0.0.1:9000; proxy_set_header Host $cookie_site; }')),
    'http://example.org/',
    { kind: 'unknown' },
  ],
  [
    'a redirect of Apache',
    both(proxied, APACHE(`Redirect permanent /old http://example.org/new\n${DAEMON}`)),
    'http://example.org/old/a',
    { kind: 'redirect', by: 'apache', status: 301, location: 'http://example.org/new/a' },
  ],
  [
    'a page that is gone',
    both(proxied, APACHE(`Redirect gone /old\n${DAEMON}`)),
    'http://example.org/old',
    { kind: 'status', by: 'apache', status: 410 },
  ],
  [
    'an escaped slash',
    both(proxied),
    'http://example.org/a%2Fb',
    { kind: 'status', by: 'apache', status: 404 },
  ],
  [
    'access is denied',
    both(proxied, APACHE(DAEMON, '<Directory />\nRequire all denied\n</Directory>\n')),
    'http://example.org/',
    { kind: 'status', by: 'apache', status: 403 },
  ],
  [
    'a user is asked for',
    both(
      proxied,
      APACHE(
        `LoadModule auth_basic_module modules/mod_auth_basic.so\n${DAEMON}\n<Location />\nAuthType Basic\nAuthName x\nAuthUserFile /etc/users\nRequire valid-user\n</Location>`,
      ),
    ),
    'http://example.org/',
    { kind: 'status', by: 'apache', status: 401 },
  ],
  [
    'only this machine, which nginx is',
    both(
      proxied,
      APACHE(`${DAEMON}\n<Location /server-status>\nSetHandler server-status\nRequire local\n</Location>`),
    ),
    'http://example.org/server-status',
    { kind: 'handler', by: 'apache', name: 'server-status' },
  ],
  [
    'Apache’s own processes',
    both(proxied, APACHE(SCRIPT)),
    'http://example.org/',
    { kind: 'application', processGroup: '' },
  ],
  [
    'Apache’s own processes where they are forbidden',
    both(proxied, APACHE(SCRIPT, 'WSGIRestrictEmbedded On\n')),
    'http://example.org/',
    { kind: 'status', by: 'mod_wsgi', status: 500 },
  ],
  [
    'a process group that nothing declares',
    both(proxied, APACHE(`WSGIProcessGroup other\n${SCRIPT}`)),
    'http://example.org/',
    { kind: 'status', by: 'mod_wsgi', status: 500 },
  ],
  [
    'a process group of another virtual host',
    both(
      proxied,
      `${APACHE(`WSGIProcessGroup other\n${SCRIPT}`)}<VirtualHost 127.0.0.1:9000>\nServerName other.example.org\nWSGIDaemonProcess other\n</VirtualHost>\n`,
    ),
    'http://example.org/',
    { kind: 'status', by: 'mod_wsgi', status: 500 },
  ],
  [
    'a process group of the environment',
    both(proxied, APACHE(`WSGIProcessGroup %{ENV:GROUP}\n${SCRIPT}`)),
    'http://example.org/',
    { kind: 'application', processGroup: null },
  ],
  [
    'a rule of mod_rewrite redirects',
    both(proxied, APACHE(`RewriteEngine On\nRewriteRule ^/a /b [R]\n${DAEMON}`)),
    'http://example.org/a',
    { kind: 'redirect', by: 'apache', status: 302, location: 'http://example.org/b' },
  ],
  [
    'a rule that does not match does nothing',
    both(
      proxied,
      APACHE(
        `RewriteEngine On\nRewriteRule ^/a /b [R]\nRedirectMatch 301 ^/c /d\nAliasMatch ^/e(.*) /f$1\n${DAEMON}`,
      ),
    ),
    'http://example.org/',
    { kind: 'application', processGroup: 'app' },
  ],
  [
    'a rule that is switched off does nothing',
    both(proxied, APACHE(`RewriteRule ^/ /b [R]\n${DAEMON}`)),
    'http://example.org/',
    { kind: 'application', processGroup: 'app' },
  ],
  [
    'a rule for all but some paths',
    both(proxied, APACHE(`RewriteEngine On\nRewriteRule !^/static /b [R]\n${DAEMON}`)),
    'http://example.org/a',
    { kind: 'redirect', by: 'apache', location: 'http://example.org/b' },
  ],
  [
    'an expression of mod_alias that matches',
    both(proxied, APACHE(`RedirectMatch ^/c /d\n${DAEMON}`)),
    'http://example.org/c',
    { kind: 'redirect', by: 'apache', location: 'http://example.org/d' },
  ],
  [
    'a file behind an alias',
    {
      ...both(proxied, APACHE(`Alias /robots.txt /srv/www/robots.txt\n${DAEMON}`)),
      'srv/www/robots.txt': 'x',
    },
    'http://example.org/robots.txt',
    { kind: 'file', by: 'apache', path: '/srv/www/robots.txt', exists: true },
  ],
  [
    'a file of nginx',
    { ...both(server('root /srv/www; try_files $uri =404;')), 'srv/www/a.txt': 'x' },
    'http://example.org/a.txt',
    { kind: 'file', by: 'nginx', path: '/srv/www/a.txt', exists: true },
  ],
  [
    'straight to Apache',
    both(proxied),
    'http://example.org:9000/',
    { kind: 'application', processGroup: 'app' },
  ],
]

for (const [title, texts, url, expected] of ENDS) {
  test(title, () => {
    const { end, steps } = trace(texts, url)
    const shown = Object.fromEntries(
      Object.keys(expected).map(key => [key, (end as unknown as Record<string, unknown>)[key]]),
    )
    assert.equal(shown, expected, JSON.stringify({ end, steps: steps.map(({ text }) => text) }, null, 1))
  })
}

test('what is not in the audit is named, and the way goes on', () => {
  const nginx = server(
    'root /srv/www; location / { try_files $uri @app; } location @app { proxy_pass http://127.0.0.1:9000; proxy_set_header Host $host; }',
  )
  const request = trace(
    { 'nginx.conf': nginx, 'ports.conf': 'Listen 127.0.0.1:9000\n' },
    'http://example.org/a',
  )
  const doubts = stepsOf(request).filter(step => step.startsWith('nginx?'))
  assert.equal(doubts, ['nginx? whether `/srv/www/a` exists is not known: taken as missing nginx.conf:4'])
  assert.match(stepsOf(request).join('\n'), /named location `@app`/)
})

test('what a file that is not in the audit may hold is doubted', () => {
  const nginx = server(
    'include /opt/shop/custom.conf; location /api/ { proxy_pass http://127.0.0.1:9000; proxy_set_header Host $host; }',
  )
  const request = trace(
    { 'nginx.conf': nginx, 'ports.conf': 'Listen 127.0.0.1:9000\n' },
    'http://example.org/api/x',
  )
  const doubts = stepsOf(request).filter(step => step.startsWith('nginx?'))
  assert.equal(doubts, ['nginx? something here was not read: taken as missing nginx.conf:1'])
  assert.match(stepsOf(request).join('\n'), /`proxy_pass` to 127\.0\.0\.1:9000/)
})

test('headers are sent, taken away, or told as written', () => {
  const lines =
    'proxy_set_header Host $host; proxy_set_header X-Real-IP $remote_addr; proxy_set_header X-Forwarded-Proto ""; proxy_set_header X-Scheme $scheme;'
  const request = trace(
    both(server(`location / { proxy_pass http://127.0.0.1:9000; ${lines} }`)),
    'http://example.org/',
  )
  assert.equal(
    request.steps.map(({ text }) => text).filter(text => /^(?:sends|removes)/.test(text)),
    [
      'sends Host: example.org',
      'sends X-Real-IP: $remote_addr',
      'removes X-Forwarded-Proto',
      'sends X-Scheme: http',
    ],
  )
})

/** Lines of Apache, lines of the location, the scheme that the application is told, and the step that says so. */
const SCHEMES: readonly (readonly [string, string, string | null, string | null])[] = [
  ['', '', 'http', null],
  [
    'SetEnvIf X-Forwarded-Proto "^https$" HTTPS=on',
    'proxy_set_header X-Forwarded-Proto https;',
    'https',
    'X-Forwarded-Proto is `https`, so `wsgi.url_scheme` is https',
  ],
  [
    'SetEnvIf X-Forwarded-Proto "^https$" HTTPS=on',
    'proxy_set_header X-Forwarded-Proto $scheme; proxy_set_header x-forwarded-proto https;',
    'http',
    'X-Forwarded-Proto is `http, https`, so `wsgi.url_scheme` is http',
  ],
  [
    'SetEnvIf X-Forwarded-Proto https HTTPS=on',
    'proxy_set_header X-Forwarded-Proto "";',
    'http',
    'X-Forwarded-Proto is not sent, so `wsgi.url_scheme` is http',
  ],
  [
    'SetEnvIfNoCase X-Forwarded-Proto ^https$ HTTPS=1',
    'proxy_set_header X-Forwarded-Proto HTTPS;',
    'https',
    'X-Forwarded-Proto is `HTTPS`, so `wsgi.url_scheme` is https',
  ],
  [
    'SetEnvIf X-Forwarded-Proto ^https$ HTTPS=on',
    '',
    null,
    'X-Forwarded-Proto is what the client sends, and `^https$` makes the request https for the application',
  ],
  [
    'SetEnvIf X-Forwarded-Proto ^https$ HTTPS=on',
    'proxy_set_header X-Forwarded-Proto $http_x_forwarded_proto;',
    null,
    'X-Forwarded-Proto is what the client sends, and `^https$` makes the request https for the application',
  ],
  [
    'SetEnvIf X-Forwarded-Proto ^https$ HTTPS=on',
    'proxy_set_header X-Forwarded-Proto $cookie_scheme;',
    null,
    'X-Forwarded-Proto is not known, and `^https$` makes the request https for the application',
  ],
  // What another line may set, or only for some paths, is not told.
  ['SetEnv HTTPS on', '', null, null],
  ['<Location />\nSetEnvIf X-Forwarded-Proto ^https$ HTTPS=on\n</Location>', '', null, null],
]

for (const [apache, nginx, scheme, said] of SCHEMES) {
  test(`the application is told ${scheme ?? 'what nobody knows'} by: ${apache || 'nothing'}; ${nginx}`, () => {
    const modules =
      'LoadModule setenvif_module /usr/lib/apache2/modules/mod_setenvif.so\nLoadModule env_module /usr/lib/apache2/modules/mod_env.so\n'
    const request = trace(
      both(
        server(`location / { proxy_pass http://127.0.0.1:9000; proxy_set_header Host $host; ${nginx} }`),
        APACHE(`${apache}\n${DAEMON}`, modules),
      ),
      'http://example.org/',
    )
    assert.is(request.end.kind === 'application' ? request.end.scheme : request.end.kind, scheme)
    assert.is(
      request.steps.map(({ text }) => text).find(text => /application|url_scheme/.test(text)) ?? null,
      said,
    )
  })
}

test('a backup waits, and several servers take turns', () => {
  const upstream = (lines: string): string => `upstream app {\n    ${lines}\n}\n`
  const connects = (lines: string): string =>
    trace(both(upstream(lines) + server('location / { proxy_pass http://app; }')), 'http://example.org/')
      .steps.map(({ text }) => text)
      .find(text => text.startsWith('connects')) ?? ''
  assert.is(connects('server 127.0.0.1:9001 backup; server 127.0.0.1:9000;'), 'connects to 127.0.0.1:9000')
  assert.is(
    connects('server 127.0.0.1:9001 down; server 127.0.0.1:9000; server 127.0.0.1:9002;'),
    'connects to 127.0.0.1:9000, one of 2 servers that take turns',
  )
  assert.is(connects('server 127.0.0.1:9000;'), 'connects to 127.0.0.1:9000')
})

test('the address that the client connects to decides between sockets', () => {
  const texts = both(server('return 404;', '192.0.2.1:80') + server('return 410;', '80'))
  const status = (address: string) => {
    const { end } = trace(texts, 'http://example.org/', address)
    return end.kind === 'status' ? end.status : end.kind
  }
  assert.is(status('192.0.2.1'), 404)
  assert.is(status('192.0.2.2'), 410)
})

test.run()
