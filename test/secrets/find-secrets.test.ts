import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { findSecrets, findSecretsInProse } from '../../src/secrets/find-secrets.ts'
import { starOut } from '../../src/secrets/stretch.ts'

/** Each text with its secrets between « and »: what stands between them, and nothing else, is masked. */
const SECRETS: readonly (string | readonly [path: string, text: string])[] = [
  // Headers
  'proxy_set_header Authorization "Basic «dXNlcjpwYXNz»";',
  'proxy_set_header Authorization "basic «dXNlcjpwYXNz»";',
  'proxy_set_header authorization "bearer «abcdefgh»";',
  'proxy_set_header\n  Authorization\n  "Basic «dXNlcjpwYXNz»";',
  'RequestHeader set Authorization "Bearer «eyJhbGciOi.JIUzI1NiJ9»"',
  'RequestHeader set X-Auth-Token «hunter2»',
  'proxy_set_header X-Api-Key «abc123»;',
  'proxy_set_header Cookie "session=«abc123»; theme=«dark»";',
  'add_header Set-Cookie "session=«abc123»; Path=/; HttpOnly; SameSite=Lax";',
  'Header always set Set-Cookie "id=«abc»;Path=/"',
  "more_set_headers 'Authorization: Basic «dXNlcjpwYXNz»';",
  // Variables, parameters
  'fastcgi_param DB_PASSWORD «hunter2»;',
  'fastcgi_param DB_PASS "«hun;ter2»";',
  'uwsgi_param MYSQL_PWD «hunter2»;',
  'SetEnv DJANGO_SECRET_KEY "«a b c»"',
  'SetEnv REDIS_AUTH «hunter2»',
  'SetEnv TOKEN \\\n  «hunter2»',
  'SetEnv JWT_KEY «hunter2»',
  'SetEnvIf Host x SESSION_SECRET=«hunter2»',
  'set $api_token "«s3cret»";',
  'set $password «hunter2»;',
  'set $a «hunter2»; proxy_set_header Authorization "Basic $a";',
  'AuthLDAPBindPassword «two words»',
  'server { set $password «hunter2»; }',
  'Define DB_PASS «hunter2»',
  'if ($http_x_secret = "«letmein»") {',
  'if ($arg_token != «letmein») {',
  'if ($cookie_auth_token ~ "«letmein»") {',
  'map $http_x_api_key $client {\n  default "";\n  "«abc123»" alice;\n  «def456» bob;\n}',
  'map $host $db_password {\n  a.example «hunter2»;\n  default "«hunter3»";\n}',
  'RewriteCond %{HTTP:X-Api-Key} «!^hunter2$»',
  '<If "%{HTTP:X-Auth-Token} == \'«hunter2»\'">',
  'rewrite ^ /x?password=«hunter2»&page=1 last;',
  'proxy_pass http://127.0.0.1:9000/?page=1&sig=«abc»;',
  'RewriteRule ^ /x?key=«abc»&b=c [L]',
  // Directives
  'secure_link_secret «word»;',
  'secure_link_md5 "$secure_link_expires$uri« hunter2»";',
  'AuthLDAPBindPassword «hunter2»',
  '{% if password == "«hunter2»" %}',
  'SetEnv DB_PASSWORD «hunter2»{{ suffix }}',
  'dsn = "pgsql:user={{ user }}«;password=hunter2»"',
  'set $api_password "«hunter2»"; alias {{ secret_root }}/;',
  'proxy_pass http://{{ user }}:«hunter2»@{{ host }}/;',
  'AuthBasicFake alice «hunter2»',
  'SessionCryptoPassphrase «hunter2»',
  'OIDCClientSecret «ssjtw7-gjht»',
  'ProxyPass /app ajp://127.0.0.1:8009/app secret=«hunter2»',
  'DBDParams "host=db user=www pass=«hunter2»"',
  'WSGIDaemonProcess shop password=«x» threads=15',
  "WSGIDaemonProcess shop env='DB_PASS=«hunter2»'",
  // URLs
  'proxy_pass http://user:«hunter2»@127.0.0.1:9000;',
  'SetEnv DATABASE_URL postgres://shop:«pa/ss/word»@db/shop',
  'SetEnv DATABASE_URL postgres://shop:«pa/ss»@/shop?host=/run',
  'amqp://shop:«@hunter2»@broker/shop',
  'proxy_pass http://127.0.0.1:@PORT@;',
  'proxy_pass http://127.0.0.1:@@port@@/app;',
  'http://127.0.0.1:@PORT@',
  'REDIS_URL=redis://:«hunter2»@cache:6379/0',
  'git clone https://«ghp_0123456789abcdef0123456789abcdef0123»@github.com/x/y',
  'SENTRY=https://«0123456789abcdef0123456789abcdef»@sentry.example.org/1',
  // Shell, units, environment
  'export DATABASE_PASSWORD=«hunter2»',
  'export DB_PASS="${DB_PASS:-«hunter2»}"',
  'Environment="DB_PASS=«hunter2»" LANG=C',
  'Environment=DB_PASS=«hunter2»',
  'ExecStart=/usr/bin/app --env DB_PASS=«hunter2» --port 8000',
  'ExecStart=/usr/bin/app --password «hunter2» --port 8000',
  'ExecStart=/usr/bin/app --api-key=«hunter2»',
  'ExecStartPre=/usr/bin/mysql -u root -p«hunter2» shop',
  'curl -u alice:«hunter2» http://127.0.0.1/',
  ['/srv/shop/.env', 'DB_PASS=«hunter two; & three»\nDEBUG=1'],
  ['/srv/shop/.env', 'STRIPE=«sk_live_0123456789abcdefghij»'],
  'password = «hunter2»',
  'env[DB_PASS] = «hunter2»',
  'php_admin_value[mysqli.default_pw] = «hunter2»',
  'requirepass «hunter2»',
  // YAML, JSON
  'POSTGRES_PASSWORD: «hunter2»',
  '  - DB_PASS=«hunter2»',
  'password: |\n  «hunter2\n  hunter3\n»user: x',
  '{"password":"«hunter2»","user":"x"}',
  'log "{\\"api_key\\": \\"«hunter2»\\"}"',
  // Python
  ['/srv/x/settings.py', "SECRET_KEY = '«django-insecure-x»'"],
  ['/srv/x/settings.py', "        'PASSWORD': '«hunter2»',"],
  ['/srv/x/settings.py', 'os.environ[\'SECRET_KEY\'] = "«x»"'],
  ['/srv/x/settings.py', "SECRET_KEY = os.environ.get('SECRET_KEY', '«fallback»')"],
  ['/srv/x/settings.py', 'SECRET_KEY = config("SECRET_KEY", default="«fallback»")'],
  ['/srv/x/task.yml', 'command: ["cli", "--token", "«hunter2»"]'],
  ['/srv/x/settings.py', "SECRET_KEY_FALLBACKS = ['«one»', '«two»']"],
  ['/srv/x/settings.py', "SECRET_KEY = '«one»' \\\n  '«two»'"],
  ['/srv/x/settings.py', 'SECRET_KEY = """«one»"""'],
  ['/srv/x/settings.py', "connect(password='«hunter2»', user='x')"],
  '# old password: «hunter2»',
  // Whole lines and files
  '«MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7»',
  '-----BEGIN RSA PRIVATE KEY-----«\nMIIEvQ\nabc==\n»-----END RSA PRIVATE KEY-----\nuser x;',
  'crypt = «$6$rounds=5000$usesomesillystri$KqJWpanXZHKq2BOB43TSaYhEWsQ1Lr5QNyPCDH/Tp.6»',
  'crypt = «$1$abcdefgh$ijklmnopqrstuvwxyz0123»',
  ['/etc/shadow', '«root:$6$abcdefgh$ijklmnop:19000:0:99999:7:::»'],
  ['/etc/nginx/users', '«alice:$apr1$abcdefgh$ijklmnop\nbob:{SHA}abcdefghijk=»'],
  ['/etc/nginx/.htpasswd', '«alice:letmein»'],
  ['/etc/ssl/private/site.key', '«anything»'],
  'x AKIA would be «AKIAIOSFODNN7EXAMPLE»;',
]

for (const each of SECRETS) {
  const [path, marked] = typeof each === 'string' ? ['', each] : each
  test(`hides the secret of: ${marked.replace(/«[^»]*»/g, '…')}`, () => {
    const text = marked.replace(/[«»]/g, '')
    const expected = marked.replace(/«([^»]*)»/g, (_, secret: string) => secret.replace(/\S/g, '*'))
    assert.is(starOut(text, findSecrets(text, path)), expected)
  })
}

const HARMLESS = [
  'return 301 /title/$1$is_args$args;',
  '  resources: ["pods", "secrets", "services"]',
  'server_tokens build;',
  'map $http_cookie $has_session {\n  default 0;\n  "~PHPSESSID=" 1;\n}\nfastcgi_cache_key "$uri";',
  'ServerTokens Prod',
  'ssl_certificate_key /etc/ssl/private/site.key;',
  'ssl_certificate_key ssl/site.key;',
  'ssl_password_file /etc/keys/pass;',
  'ssl_session_ticket_key /etc/nginx/ticket.key;',
  'SSLPassPhraseDialog builtin',
  'SSLCertificateKeyFile /etc/ssl/private/site.key',
  'WSGIPassAuthorization On',
  'proxy_pass http://127.0.0.1:9000;',
  'fastcgi_pass unix:/run/php/php8.2-fpm.sock;',
  'proxy_pass_header Authorization;',
  'proxy_set_header Authorization $http_authorization;',
  'proxy_set_header Authorization "";',
  'proxy_set_header Cookie $http_cookie;',
  'RequestHeader set Authorization "%{AUTH}e"',
  'Header set Access-Control-Allow-Headers "Authorization, Content-Type"',
  'limit_req_zone $http_api_key zone=one:10m rate=1r/s;',
  'proxy_cache_key "$scheme$host$request_uri";',
  'auth_basic "Members only";',
  'auth_basic_user_file /etc/nginx/.htpasswd;',
  'AuthType Basic',
  'AuthName "Secret area"',
  'AuthUserFile /etc/apache2/.htpasswd',
  'proxy_cache_path /tmp keys_zone=one:10m;',
  '# the secret is in the vault',
  '# basic authentication with a bearer token',
  'SetEnv DB_PASSWORD_FILE db.txt',
  'rewrite ^/(.*)$ https://example.org/$1 permanent;',
  "SECRET_KEY = os.environ['SECRET_KEY']",
  'PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]',
  'AUTH_PASSWORD_VALIDATORS = [{"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"}]',
  'CSRF_COOKIE_SECURE = True',
  'SESSION_COOKIE_AGE = 1209600',
  'location /password-reset { proxy_pass http://app; }',
  'location = /token { return 204; }',
  'Redirect /secret /elsewhere',
  'server_name password.example.org secret.example.org other.example.org;',
  'ServerAlias token.example.org www.example.org',
  'keepalive_timeout 65;',
  'KeepAliveTimeout 5',
  'upstream auth { server 127.0.0.1:9000; }',
  'proxy_pass http://auth:8080/path@x;',
  'https://cdn.example.org:8443/npm/@scope/pkg',
  'ProxyPass /auth http://127.0.0.1:9000/auth',
  'WSGIScriptAlias /api /srv/api/wsgi.py',
  'map $http_upgrade $connection_upgrade { default upgrade; "" close; }',
  'proxy_cookie_path / "/; Secure; HttpOnly";',
  'ssl_session_cache shared:SSL:10m;',
  'session_tickets off;',
  'RewriteCond %{HTTPS} !=on',
  'ssl_ciphers HIGH:!aNULL:!MD5;',
  'user www-data;',
  'listen 443 ssl http2;',
  'sub_filter_types text/css;',
  'alias {{ secret_root }}/media/;',
  'alias {{ vault_secret_root | default("/x") }}/media/;',
  'alias {{- secret_root -}}/media/;',
  'alias {{-secret_root-}}/media/;',
  'alias {{ lookup("env", "SECRET") }}/media/;',
  'alias <%= @secret_root %>/media/;',
  'alias {!! $secret_root !!}/media/;',
  'alias ${secrets:root}/media/;',
  'alias ${data.vault.secret}/media/;',
  'include {% include secret_file %}/x;',
  'tls_privatekey = /etc/ssl/private/<%= @name %>.pem',
  'private_key: "/data/{{ name }}/site.pem"',
  'NOMINATIM_DSN="pgsql:dbname={{ name }};user={{ user }}"',
  'proxy_pass http://{{ user }}:{{ password }}@{{ host }}:80/;',
  'proxy_pass http://${user}:${vault:password}@${host}/;',
  'proxy_pass http://<%= @user %>:<%= @password %>@<%= @host %>/;',
  'add_header Content-Security-Policy "script-src \'nonce-$request_id\'";',
]

for (const line of HARMLESS)
  test(`leaves alone: ${line}`, () => assert.equal(starOut(line, findSecrets(line)), line))

test('of a sentence, code and tokens are masked, prose is not', () => {
  const shown = (text: string): string => starOut(text, findSecretsInProse(text))
  assert.is(
    shown('the secret is in `SetEnv DB_PASSWORD hunter2` for all'),
    'the secret is in `SetEnv DB_PASSWORD *******` for all',
  )
  for (const prose of [
    'the password is sent in plain text',
    'the token: expected a word',
    'location `/password` answers for `/token`',
    'it uses Basic authentication over HTTP',
    'a secret key in the settings',
  ])
    assert.is(shown(prose), prose)
  assert.is(shown('it sends Basic dXNlcjpwYXNz'), 'it sends Basic ************')
  assert.is(shown('goes on as /x?token=abc&b=c'), 'goes on as /x?token=***&b=c')
  assert.is(shown('sends X-Auth-Token: hunter2'), 'sends X-Auth-Token: *******')
})

test('finding takes time in proportion to the text', () => {
  const texts = (size: number): readonly string[] => [
    'a'.repeat(size),
    'password'.repeat(size / 8),
    'pass-'.repeat(size / 5),
    '"'.repeat(size),
    'key="'.repeat(size / 5),
    'token '.repeat(size / 6),
    'token=['.repeat(size / 7),
    `${' '.repeat(size)}password=x`,
    'a://'.repeat(size / 4),
    `a://${'b:'.repeat(size / 2)}@`,
    'A'.repeat(size),
    'eyJ'.repeat(size / 3),
    'sk-'.repeat(size / 3),
    '$1$'.repeat(size / 3),
    'map $token $x {'.repeat(size / 15),
    'map $token $x {"'.repeat(size / 16),
    'curl mysql redis-cli -a -p '.repeat(size / 26),
    '-----BEGIN PRIVATE KEY-----'.repeat(size / 27),
    'secret: |\n'.repeat(size / 10),
    'htpasswd -bbbb '.repeat(size / 15),
    `htpasswd -${'b'.repeat(size)}`,
    'basic '.repeat(size / 6),
    '\\"'.repeat(size / 2),
    'password\t=\t'.repeat(size / 11),
    'secure_link_md5 "'.repeat(size / 17),
  ]
  for (const index of texts(100).keys()) {
    const time = (size: number): number => {
      const text = texts(size)[index] ?? ''
      const started = performance.now()
      findSecrets(text)
      findSecretsInProse(text)
      return performance.now() - started
    }
    time(20_000)
    const [small, large] = [time(50_000), time(200_000)]
    if (process.env.SHOW) console.log(index, small.toFixed(), large.toFixed())
    assert.ok(large < 8 * small + 150, `${index}: ${small.toFixed()} ms, then ${large.toFixed()} ms`)
  }
})

test.run()
