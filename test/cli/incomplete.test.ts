import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { asNobody, scratchTree } from '../files/scratch-tree.ts'
import { runIn } from './harness.ts'

const MACHINE = {
  'etc/nginx/nginx.conf': 'events {}\nhttp {\n    include /etc/nginx/sites-enabled/*;\n}\n',
  'etc/nginx/sites-enabled/a': 'server {\n    listen 80;\n    server_name a;\n    return 204;\n}\n',
  'etc/apache2/apache2.conf':
    'ServerRoot /etc/apache2\nErrorLog /dev/null\nInclude ports.conf\nInclude sites/*.conf\n',
  'etc/apache2/ports.conf': 'Listen 8080\n',
  'etc/apache2/sites/a.conf': '<VirtualHost *:8080>\n    ServerName a\n</VirtualHost>\n',
}

/** Runs as a user whom the system refuses the files. */
async function auditWithout(
  locked: readonly string[],
  words: readonly string[],
  files: Readonly<Record<string, string>> = MACHINE,
) {
  const directory = scratchTree(files)
  // Everything is loaded that the command needs, while its files may be read.
  await runIn(directory, ['.', ...words])
  for (const path of locked) chmodSync(join(directory, path), 0)
  return asNobody(directory, () => runIn(directory, ['.', ...words]))
}

test('a file that a server reads and the system refuses makes the audit incomplete', async () => {
  for (const path of ['etc/apache2/ports.conf', 'etc/nginx/sites-enabled/a', 'etc/nginx/sites-enabled']) {
    const { code, out, errors } = await auditWithout([path], ['--fail-on', 'never'])
    assert.is(code, 4, path)
    assert.equal(errors, [`deploy-audit: incomplete: ${path}: permission denied`])
    assert.match(out, 'incomplete: a server reads what the audit could not\n')
  }
})

test('a main file, or the directory of a server, makes it incomplete too', async () => {
  const paths = ['etc/nginx/nginx.conf', 'etc/apache2/apache2.conf', 'etc/nginx', 'etc/apache2']
  for (const path of paths) {
    const { code, errors } = await auditWithout([path], ['--fail-on', 'never'])
    assert.is(code, 4, path)
    assert.equal(errors, [`deploy-audit: incomplete: ${path}: permission denied`])
    const listed = await auditWithout([path], ['--list-files'])
    assert.ok(listed.out.split('\n').includes(`${path}: not read (unreadable): permission denied`), path)
  }
  const ofRedHat = {
    'etc/httpd/conf/httpd.conf': 'ServerRoot /etc/httpd\nListen 80\n',
    'etc/nginx/nginx.conf': 'events {}\nhttp {\n}\n',
  }
  for (const path of ['etc/httpd', 'etc/httpd/conf', 'etc/httpd/conf/httpd.conf'])
    assert.equal((await auditWithout([path], ['--fail-on', 'never'], ofRedHat)).errors, [
      `deploy-audit: incomplete: ${path}: permission denied`,
    ])
})

test('so does a closed `/etc`, whatever else is read; and a server is not said to accept what nobody saw', async () => {
  const closed = { ...MACHINE, 'var/www/html/.htaccess': 'Options -Indexes\n' }
  const { code, errors } = await auditWithout(['etc'], ['--fail-on', 'never'], closed)
  assert.is(code, 4)
  assert.equal(errors, ['deploy-audit: incomplete: etc: permission denied'])
  const { out } = await auditWithout(['etc/nginx/sites-enabled/a'], ['--fail-on', 'never'])
  assert.match(out, 'nginx accepts what could be read of etc/nginx/nginx.conf\n')
  assert.match(out, 'Apache accepts etc/apache2/apache2.conf\n')
})

test('where no main file says what is read, the places of the files do', async () => {
  const sites = {
    'nginx/sites-enabled/a': MACHINE['etc/nginx/sites-enabled/a'],
    'nginx/conf.d/b.conf': 'server {\n    listen 81;\n    return 204;\n}\n',
    'nginx/nginx.conf': MACHINE['etc/nginx/nginx.conf'],
  }
  for (const path of ['nginx/sites-enabled/a', 'nginx/sites-enabled', 'nginx/nginx.conf']) {
    const { code, errors } = await auditWithout([path], ['--fail-on', 'never'], sites)
    assert.is(code, 4, path)
    assert.equal(errors, [`deploy-audit: incomplete: ${path}: permission denied`])
  }
})

test('a .htaccess that Apache reads makes the audit incomplete', async () => {
  const site = {
    'etc/apache2/apache2.conf':
      'ServerRoot /etc/apache2\nListen 80\nDocumentRoot /srv\n<Directory /srv>\n    AllowOverride All\n    Require all granted\n</Directory>\n<Directory /srv/off>\n    AllowOverride None\n</Directory>\n',
    'srv/.htaccess': 'Options -Indexes\n',
    'srv/off/.htaccess': 'Options -Indexes\n',
  }
  const { code, errors } = await auditWithout(['srv/.htaccess'], ['--fail-on', 'never'], site)
  assert.is(code, 4)
  assert.equal(errors, ['deploy-audit: incomplete: srv/.htaccess: permission denied'])
  const { out } = await auditWithout(['srv/.htaccess'], ['--list-files'], site)
  assert.match(out, 'srv/.htaccess: not read (unreadable): permission denied\n')
  assert.is((await auditWithout(['srv/off/.htaccess'], ['--fail-on', 'never'], site)).code, 0)
  const alone = await auditWithout(['.htaccess'], ['--fail-on', 'never'], {
    '.htaccess': 'Options -Indexes\n',
  })
  assert.is(alone.code, 4)
})

test('a directory in which a .htaccess may be that Apache would read makes it incomplete', async () => {
  const site = {
    'etc/apache2/apache2.conf':
      'ServerRoot /etc/apache2\nListen 80\nDocumentRoot /srv/www\n<Directory /srv>\n    AllowOverride All\n    Require all granted\n</Directory>\n<Directory /srv/www/off>\n    AllowOverride None\n</Directory>\n',
    'srv/www/private/index.html': '',
    'srv/www/off/index.html': '',
  }
  for (const path of ['srv/www/private', 'srv/www', 'srv']) {
    const { code, errors } = await auditWithout([path], ['--fail-on', 'never'], site)
    assert.is(code, 4, path)
    assert.equal(errors, [`deploy-audit: incomplete: ${path}: permission denied`])
  }
  assert.is((await auditWithout(['srv/www/off'], ['--fail-on', 'never'], site)).code, 0)
})

test('a closed directory of several that a pattern of nginx goes through makes it incomplete', async () => {
  const sites = {
    'etc/nginx/nginx.conf': 'events {}\nhttp {\n    include sites/*/*.conf;\n}\n',
    'etc/nginx/sites/one/a.conf': MACHINE['etc/nginx/sites-enabled/a'],
    'etc/nginx/sites/two/b.conf': MACHINE['etc/nginx/sites-enabled/a'].replace('name a', 'name b'),
  }
  const { code, errors } = await auditWithout(['etc/nginx/sites/two'], ['--fail-on', 'never'], sites)
  assert.is(code, 4)
  assert.equal(errors, ['deploy-audit: incomplete: etc/nginx/sites/two: permission denied'])
})

test('so does what a container has where its server reads it', async () => {
  const compose = (mount: string): string =>
    `services:\n  web:\n    image: nginx:1.27\n    ports: ["80:80"]\n    volumes: ["${mount}"]\n`
  const site = MACHINE['etc/nginx/sites-enabled/a']
  const cases: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
    [
      'web/site.conf',
      { 'compose.yaml': compose('./web/site.conf:/etc/nginx/conf.d/default.conf'), 'web/site.conf': site },
    ],
    ['web', { 'compose.yaml': compose('./web:/etc/nginx/conf.d'), 'web/site.conf': site }],
    ['web/site.conf', { Dockerfile: 'FROM nginx:1.27\nCOPY web /etc/nginx/conf.d\n', 'web/site.conf': site }],
  ]
  for (const [path, files] of cases) {
    const { code, errors } = await auditWithout([path], ['--fail-on', 'never'], files)
    assert.is(code, 4, path)
    assert.match(errors.join(), `incomplete: ${path}: permission denied`)
  }
  const page = { 'compose.yaml': compose('./web:/usr/share/nginx/html'), 'web/index.html': '' }
  assert.is((await auditWithout(['web/index.html'], ['--fail-on', 'never'], page)).code, 0)
})

test('a file that waits to be enabled is read where nothing says that it is not', async () => {
  const site = MACHINE['etc/nginx/sites-enabled/a']
  const files = { 'nginx/sites-available/a': site, 'nginx/sites-available/b': site }
  const words = ['--fail-on', 'never']
  assert.is((await auditWithout(['nginx/sites-available/b'], words, files)).code, 4)
  const enabled = { ...files, 'nginx/sites-enabled/a': '-> ../sites-available/a' }
  assert.is((await auditWithout(['nginx/sites-available/b'], words, enabled)).code, 0)
})

test('--allow-incomplete takes what could be read, and the report says so all the same', async () => {
  const words = ['--fail-on', 'never', '--allow-incomplete', '-f', 'json']
  const { code, out, errors } = await auditWithout(['etc/apache2/ports.conf'], words)
  assert.is(code, 0)
  assert.is(errors.length, 1)
  const { complete, notices } = JSON.parse(out)
  assert.is(complete, false)
  assert.equal(notices, [
    {
      code: 'unreadable',
      path: 'etc/apache2/ports.conf',
      line: null,
      text: 'permission denied',
      incomplete: true,
    },
  ])
})

test('what no server reads leaves nothing out', async () => {
  const others = {
    ...MACHINE,
    'etc/nginx/nginx.conf.bak': MACHINE['etc/nginx/nginx.conf'],
    'etc/nginx/spare.conf': MACHINE['etc/nginx/sites-enabled/a'],
    'etc/nginx/ssl/a.key': 'a key\n',
    'srv/upload/a': 'data\n',
  }
  const locked = Object.keys(others).filter(path => !Object.hasOwn(MACHINE, path))
  for (const paths of [[], locked, ['etc/nginx/ssl', 'srv/upload']]) {
    const { code, errors } = await auditWithout(paths, ['--fail-on', 'never'], others)
    assert.is(code, 0)
    assert.equal(errors, [])
  }
})

test('a module that a link enables is not said to wait, in a repository too', async () => {
  const directory = scratchTree({
    'apache2/apache2.conf': 'ServerRoot /etc/apache2\nIncludeOptional mods-enabled/*.load\nListen 80\n',
    'apache2/mods-available/alias.load': 'LoadModule alias_module /usr/lib/apache2/modules/mod_alias.so\n',
    'apache2/mods-available/dir.load': 'LoadModule dir_module /usr/lib/apache2/modules/mod_dir.so\n',
    'apache2/mods-enabled/alias.load': '-> ../mods-available/alias.load',
  })
  const { out } = await runIn(directory, ['.', '-v'])
  assert.match(out, 'apache2/mods-available: 1 file of packages in it not enabled')
})

test('--list-files says why nothing is to be audited', async () => {
  const directory = scratchTree({
    'redis/redis.conf': 'bind 127.0.0.1\nport 6379\nsave 900 1\nmaxmemory 1mb\n',
  })
  const { code, out, errors } = await runIn(directory, ['--list-files', '.'])
  assert.is(code, 2)
  assert.is(out, 'redis/redis.conf: not read (other-program): a file of another program: Redis\n')
  assert.match(errors.join(), /^deploy-audit: nothing to audit/)
})

test.run()
