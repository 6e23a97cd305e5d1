import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { maskLine, maskMessage } from '../../src/report/mask.ts'

/** Each line with its secret between « and »: what stands between them, and nothing else, is masked. */
const SECRETS = [
  'proxy_set_header Authorization "Basic «dXNlcjpwYXNz»";',
  'RequestHeader set Authorization "Bearer «eyJhbGciOi.JIUzI1NiJ9»"',
  'proxy_set_header X-Api-Key «abc123»;',
  'fastcgi_param DB_PASSWORD «hunter2»;',
  'SetEnv DJANGO_SECRET_KEY "«a b c»"',
  'set $api_token "«s3cret»";',
  'if ($http_x_secret = "«letmein»") {',
  'secure_link_secret «word»;',
  'AuthLDAPBindPassword «hunter2»',
  'OIDCClientSecret «ssjtw7-gjht»',
  'ProxyPass /app ajp://127.0.0.1:8009/app secret=«hunter2»',
  'DBDParams "host=db user=www pass=«hunter2»"',
  'proxy_pass http://user:«hunter2»@127.0.0.1:9000;',
  'export DATABASE_PASSWORD=«hunter2»',
  "SECRET_KEY = '«django-insecure-x»'",
  "        'PASSWORD': '«hunter2»',",
  'os.environ[\'SECRET_KEY\'] = "«x»"',
  "SECRET_KEY = os.environ.get('SECRET_KEY', '«fallback»')",
  '# old password: «hunter2»',
  'WSGIDaemonProcess shop password=«x» threads=15',
]

for (const line of SECRETS) {
  test(`hides the secret of: ${line.replace(/«.*»/, '…')}`, () => {
    const expected = line.replace(/«(.*)»/, (_, secret: string) => secret.replace(/\S/g, '*'))
    assert.is(maskLine(line.replace(/[«»]/g, '')), expected)
  })
}

const HARMLESS = [
  'server_tokens build;',
  'ServerTokens Prod',
  'ssl_certificate_key /etc/ssl/private/site.key;',
  'ssl_password_file /etc/keys/pass;',
  'SSLPassPhraseDialog builtin',
  'WSGIPassAuthorization On',
  'proxy_pass http://127.0.0.1:9000;',
  'proxy_pass_header Authorization;',
  'proxy_set_header Authorization $http_authorization;',
  'RequestHeader set Authorization "%{AUTH}e"',
  'Header set Access-Control-Allow-Headers "Authorization, Content-Type"',
  'limit_req_zone $http_api_key zone=one:10m rate=1r/s;',
  'auth_basic "Members only";',
  'AuthType Basic',
  'proxy_cache_path /tmp keys_zone=one:10m;',
  '# the secret is in the vault',
  'SetEnv DB_PASSWORD_FILE db.txt',
  'rewrite ^/(.*)$ https://example.org/$1 permanent;',
  "SECRET_KEY = os.environ['SECRET_KEY']",
]

for (const line of HARMLESS) test(`leaves alone: ${line}`, () => assert.is(maskLine(line), line))

test('a line of a key is hidden whole', () => {
  assert.is(maskLine('MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7'), '*'.repeat(52))
})

test('of a message, code and tokens are masked, prose is not', () => {
  assert.is(
    maskMessage('the secret is in `SetEnv DB_PASSWORD hunter2` for all'),
    'the secret is in `SetEnv DB_PASSWORD *******` for all',
  )
  assert.is(maskMessage('the password is sent in plain text'), 'the password is sent in plain text')
  assert.is(maskMessage('it sends Basic dXNlcjpwYXNz'), 'it sends Basic ************')
})

test.run()
