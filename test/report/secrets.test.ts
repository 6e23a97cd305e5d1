import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { FORMATS, MAP_FORMATS } from '../../src/cli/options.ts'
import { auditPaths } from '../../src/index.ts'
import { runIn } from '../cli/harness.ts'
import { scratchTree } from '../files/scratch-tree.ts'

/**
 * Secrets in the places where configurations hold them, beside faults that make every output speak of the
 * same lines. `S` stands for the secret, which differs from place to place.
 */
const NGINX_LINES = [
  'proxy_set_header Authorization "Basic S";',
  'proxy_set_header Authorization "bearer S";',
  'proxy_set_header X-Api-Key S;',
  'proxy_set_header Cookie "session=S";',
  'add_header Set-Cookie "session=S; Path=/";',
  'fastcgi_param DB_PASS S;',
  'fastcgi_param MYSQL_PWD "S";',
  'fastcgi_param HTTP_AUTHORIZATION "Basic S";',
  'uwsgi_param JWT_KEY S;',
  'set $password S;',
  'set $api_token "S";',
  'set $x S; proxy_set_header Authorization "Basic $x";',
  'set $db_password S; return 302 /x?y=$db_password;',
  'if ($http_x_token = S) { return 204; }',
  'if ($arg_key != "S") { return 403; }',
  'secure_link_secret S;',
  'secure_link_md5 "$uri S";',
  'return 302 https://example.org/?password=S&a=b;',
  'return 302 https://example.org/?a=b&token=S;',
  'rewrite ^ /x?sig=S? redirect;',
  'proxy_pass http://user:S@127.0.0.1:9000;',
  'proxy_pass http://user:pa/S/x@127.0.0.1:9000;',
  'proxy_pass http://127.0.0.1:9000/?key=S;',
  'proxy_set_header X https://ghp_S0123456789abcdefghij@github.com;',
  "access_by_lua_block { local password = 'S' }",
  'auth_basic "x" "S" password=S;',
  'loction /x { proxy_set_header Authorization "Basic S"; }',
  'proxy_set_header\n    Authorization\n    "Basic S";',
  '# the password: S\n    listn 80;',
]

const APACHE_LINES = [
  'SetEnv DB_PASS S',
  'SetEnv DB_PASS \\\n  S',
  'SetEnv REDIS_AUTH "S"',
  'SetEnv DATABASE_URL postgres://shop:S@db/shop',
  'SetEnvIf Host . TOKEN=S',
  'Define DB_PASS S\nSetEnv X ${DB_PASS}',
  'RequestHeader set Authorization "Basic S"',
  'RequestHeader set X-Auth-Token S',
  'Header always set Set-Cookie "id=S"',
  'AuthBasicFake alice S',
  'AuthLDAPBindPassword S',
  'AuthLDAPBindPassword S S2',
  'SessionCryptoPassphrase S',
  'OIDCClientSecret S',
  'ProxyPass /app ajp://127.0.0.1:8009/app secret=S',
  'ProxyPass /x http://user:S@127.0.0.1:9/x',
  'WSGIDaemonProcess shop processes=2 env=DB_PASS=S',
  "WSGIDaemonProcess shop processes=2 env='DB_PASS=S'",
  'DBDParams "host=db user=www pass=S"',
  'RewriteRule ^ /x?token=S [R]',
  'RewriteCond %{HTTP:X-Api-Key} !^S$\nRewriteRule ^ - [F]',
  'Redirect /x https://example.org/?api_key=S',
  '<Macro Site $pw>\nSetEnv DB_PASS $pw\n</Macro>\nUse Site S',
  'SetEnv DB_PASS S extra words\nSetEnv',
]

const SETTINGS_LINES = [
  "SECRET_KEY = 'S'",
  'SECRET_KEY = os.environ.get("SECRET_KEY", "S")',
  "DATABASES = {'default': {'ENGINE': 'x', 'PASSWORD': 'S'}}",
  "EMAIL_HOST_PASSWORD = 'S'",
  "CACHES = {'default': {'LOCATION': 'redis://:S@cache:6379/0'}}",
]

const UNIT_LINES = [
  'Environment=DB_PASS=S',
  'Environment="DB_PASS=S" LANG=C',
  'ExecStart=/usr/bin/gunicorn --bind 127.0.0.1:9000 --env DB_PASS=S shop.wsgi',
  'ExecStart=/usr/bin/gunicorn --bind 127.0.0.1:9000 --password S shop.wsgi',
]

const FILES: Readonly<Record<string, string>> = {
  'etc/nginx/.htpasswd': 'alice:$apr1$S$abcdefghij\nbob:plainS\n',
  'etc/nginx/shadow': 'root:$6$S$abcdefghijklmnop:19000:0:99999:7:::\ndaemon:*:19000:0:99999:7:::\n',
  'etc/nginx/env.conf': 'DB_PASS=S\nJWT_KEY=S2\n',
  'etc/nginx/site.key': '-----BEGIN PRIVATE KEY-----\nS/S2+abcdef\n-----END PRIVATE KEY-----\n',
}

/** Words that stand for themselves: no letter of them is anywhere else in the trees. */
function secretWord(index: number): string {
  return `zq${index}Xv${(index * 7919) % 10007}k`
}

interface Place {
  readonly name: string
  /** The part of the tree that holds the secret. */
  readonly files: (secret: string, second: string) => Readonly<Record<string, string>>
}

const NGINX_MAIN = (inHttp: string, inServer: string): string =>
  `events {}\nhttp {\n  ${inHttp}\n  server {\n    listen 80;\n    server_name example.org;\n    ${inServer}\n    location / { proxy_pass http://127.0.0.1:9000; }\n  }\n}\n`
const APACHE_MAIN = (lines: string): string =>
  `ServerRoot /etc/apache2\nListen 127.0.0.1:9000\nLoadModule alias_module x.so\nLoadModule macro_module y.so\n<VirtualHost 127.0.0.1:9000>\nServerName example.org\nWSGIScriptAlias / /srv/shop/shop/wsgi.py\n${lines}\n</VirtualHost>\n`
const WSGI =
  'import os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")\nfrom django.core.wsgi import get_wsgi_application\napplication = get_wsgi_application()\n'

function fill(text: string, secret: string, second: string): string {
  return text.replace(/\bS2\b/g, second).replace(/(?<![A-Za-z])S(?![A-Za-z])|(?<=plain|ghp_)S/g, secret)
}

const PLACES: readonly Place[] = [
  ...NGINX_LINES.flatMap((line): Place[] =>
    [line, `${line.replace(/;(?=[^;]*$)/, ' extra;')}`].map((written, index) => ({
      name: `nginx: ${written.slice(0, 60)}${index}`,
      files: (secret, second) => ({ 'etc/nginx/nginx.conf': NGINX_MAIN('', fill(written, secret, second)) }),
    })),
  ),
  ...[
    'map $http_x_api_key $who { default ""; "S" alice; }',
    'map $host $db_password { example.org S; default S2; }',
  ].map(
    (block): Place => ({
      name: `nginx: ${block}`,
      files: (secret, second) => ({
        'etc/nginx/nginx.conf': NGINX_MAIN(fill(block, secret, second), 'return 302 /$who$db_password;'),
      }),
    }),
  ),
  ...APACHE_LINES.map(
    (line): Place => ({
      name: `Apache: ${line.slice(0, 60)}`,
      files: (secret, second) => ({
        'etc/nginx/nginx.conf': NGINX_MAIN('', ''),
        'etc/apache2/apache2.conf': APACHE_MAIN(fill(line, secret, second)),
      }),
    }),
  ),
  ...SETTINGS_LINES.map(
    (line): Place => ({
      name: `settings: ${line.slice(0, 60)}`,
      files: (secret, second) => ({
        'etc/nginx/nginx.conf': NGINX_MAIN('', ''),
        'etc/apache2/apache2.conf': APACHE_MAIN(''),
        'srv/shop/shop/wsgi.py': WSGI,
        'srv/shop/shop/__init__.py': '',
        'srv/shop/shop/settings.py': `DEBUG = True\n${fill(line, secret, second)}\nALLOWED_HOSTS = ['*']\n`,
      }),
    }),
  ),
  ...UNIT_LINES.map(
    (line): Place => ({
      name: `unit: ${line.slice(0, 60)}`,
      files: (secret, second) => ({
        'etc/nginx/nginx.conf': NGINX_MAIN('', ''),
        'etc/systemd/system/shop.service': `[Service]\nUser=root\n${fill(line, secret, second)}\n`,
      }),
    }),
  ),
  ...Object.entries(FILES).map(
    ([path, text]): Place => ({
      name: `included by mistake: ${path}`,
      files: (secret, second) => ({
        'etc/nginx/nginx.conf': NGINX_MAIN(`include /${path};`, ''),
        [path]: fill(text, secret, second),
      }),
    }),
  ),
]

const RUNS: readonly (readonly string[])[] = [
  ...FORMATS.map(format => ['-v', '-f', format, '.']),
  ...MAP_FORMATS.map(format => ['map', '-f', format, '.']),
  ['trace', 'http://example.org/x', '.'],
  ['trace', '-f', 'json', 'http://example.org/x', '.'],
  ['resolve', '.'],
]

test('no secret in any place of a configuration leaves in any format', async () => {
  const leaks: string[] = []
  for (const [index, { name, files }] of PLACES.entries()) {
    const [secret, second] = [secretWord(index), secretWord(index + 5000)]
    const texts = files(secret, second)
    assert.match(Object.values(texts).join('\n'), secret, name)
    const directory = scratchTree(texts)
    const outputs: (readonly [string, string])[] = []
    for (const words of RUNS) {
      const { code, out, errors } = await runIn(directory, words)
      assert.ok(code !== 3, `${name}: ${words.join(' ')}: ${errors.join('\n')}`)
      outputs.push([words.join(' '), `${out}\n${errors.join('\n')}`])
    }
    const report = await auditPaths(['.'], { workingDirectory: directory })
    outputs.push(['library', JSON.stringify(report, (key, value) => (key === 'rules' ? undefined : value))])
    for (const [where, text] of outputs) {
      const found = [secret, second].find(word => text.includes(word))
      const line = text.split('\n').find(each => found !== undefined && each.includes(found))
      if (found !== undefined) leaks.push(`${name}\n    ${where}: ${line?.trim().slice(0, 300)}`)
    }
  }
  assert.is(leaks.length, 0, `${leaks.length} leaks:\n${leaks.join('\n')}`)
})

test('resolve prints secrets where it is asked to', async () => {
  const directory = scratchTree({ 'nginx.conf': NGINX_MAIN('', 'set $password hunter2;') })
  assert.not.match((await runIn(directory, ['resolve', '.'])).out, /hunter2/)
  assert.match((await runIn(directory, ['resolve', '--show-secrets', '.'])).out, /set \$password hunter2;/)
})

test('a mistake in .auditrc is told without what it holds', async () => {
  const directory = scratchTree({ 'nginx.conf': NGINX_MAIN('', '') })
  writeFileSync(join(directory, '.auditrc'), 'DB_PASS=hunter2: x\n')
  assert.not.match((await runIn(directory, ['.'])).errors.join(), /hunter2/)
})

test.run()
