import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { rules } from '../../rules/index.generated.ts'
import { auditDirectory } from '../rules/audit-directory.ts'
import { scratchTree } from './scratch-tree.ts'

type Files = Readonly<Record<string, string>>

/** `file:line` of what a rule says of a tree. */
async function said(id: string, files: Files): Promise<readonly string[]> {
  const rule = rules.find(each => each.id === id)
  assert.ok(rule, id)
  const { findings } = await auditDirectory(scratchTree(files), rule === undefined ? [] : [rule])
  return findings.map(({ at }) => `${at.file}:${at.line}`)
}

const MAIN = 'events {\n}\nhttp {\n  include /etc/nginx/sites-enabled/*;\n}\n'
const site = (body: string): string => `server {\n  listen 80;\n  server_name example.org;\n${body}}\n`
const PROXY = site(
  '  location / {\n    proxy_pass http://127.0.0.1:8000;\n    proxy_set_header Host $host;\n  }\n',
)
const UNIT = '[Service]\nUser=www-data\nExecStart=/usr/bin/gunicorn -b 127.0.0.1:8001 shop:app\n'

const here = (path: string, text: string): string => `cat > ${path} <<'EOF'\n${text}EOF\n`
const script = (...writes: readonly string[]): Files => ({ 'setup.sh': `#!/bin/bash\n${writes.join('')}` })
const indented = (text: string): string => text.replace(/^(?=.)/gm, '      ')
const cloud = (files: Files): Files => ({
  'user-data.yml': `#cloud-config\nwrite_files:\n${Object.entries(files)
    .map(([path, text]) => `  - path: ${path}\n    content: |\n${indented(text)}`)
    .join('')}`,
})
/** A role that fills each in from a template. */
const role = (files: Files): Files => ({
  'roles/web/tasks/main.yml': Object.keys(files)
    .map((path, index) => `- template:\n    src: ${index}.conf.j2\n    dest: ${path}\n`)
    .join(''),
  ...Object.fromEntries(
    Object.values(files).map((text, index) => [`roles/web/templates/${index}.conf.j2`, text]),
  ),
})

const SITES = '/etc/nginx/sites-enabled'
const settings = {
  '/etc/nginx/nginx.conf': MAIN,
  [`${SITES}/shop`]: site(
    '  client_max_body_size 20m;\n  location ~ \\.php$ {\n    fastcgi_pass unix:/run/php/shop.sock;\n  }\n',
  ),
  '/etc/php/8.2/fpm/pool.d/shop.conf':
    '[shop]\nuser = www-data\nlisten = /run/php/shop.sock\npm = static\npm.max_children = 5\n',
}
const pool = (size: string): Files => ({
  ...settings,
  '/etc/php/8.2/fpm/php.ini': `[PHP]\npost_max_size = ${size}\nupload_max_filesize = ${size}\n`,
})
const asScript = (files: Files): Files =>
  script(...Object.entries(files).map(([path, text]) => here(path, text)))

test('the settings of PHP that a script, cloud-init or a role writes are those of its machine', async () => {
  for (const [place, make] of Object.entries({ asScript, cloud, role })) {
    assert.is((await said('body-limits/php-below-nginx', make(pool('8M')))).length, 1, place)
    assert.equal(await said('body-limits/php-below-nginx', make(pool('20M'))), [], place)
  }
})

const database = (listen: string): Files => ({
  '/etc/nginx/nginx.conf': MAIN,
  [`${SITES}/shop`]: PROXY,
  '/etc/postgresql/15/main/postgresql.conf': `listen_addresses = '${listen}'\n`,
  '/etc/postgresql/15/main/pg_hba.conf': 'host all all 0.0.0.0/0 trust\n',
})

test('so are those of PostgreSQL', async () => {
  for (const [place, make] of Object.entries({ asScript, cloud, role }))
    assert.is((await said('access/postgres-trust', make(database('*')))).length, 1, place)
})

const apache = (limit: string): string =>
  [
    'ServerRoot "/etc/apache2"',
    'Listen 127.0.0.1:8000',
    '<VirtualHost 127.0.0.1:8000>',
    '  ServerName example.org',
    '  DocumentRoot /srv/www',
    `  LimitRequestBody ${limit}`,
    '</VirtualHost>',
    '',
  ].join('\n')

test('nginx and Apache of one script run on one machine', async () => {
  const both = (limit: string): Files => ({
    '/etc/nginx/nginx.conf': MAIN,
    [`${SITES}/shop`]: PROXY.replace('listen 80;', 'listen 80;\n  client_max_body_size 20m;'),
    '/etc/apache2/apache2.conf': apache(limit),
  })
  for (const [place, make] of Object.entries({ asScript, cloud, role })) {
    assert.is((await said('body-limits/apache-below-nginx', make(both('1048576')))).length, 1, place)
    assert.equal(await said('body-limits/apache-below-nginx', make(both('20971520'))), [], place)
  }
})

test('a finding stands in the file that holds the text', async () => {
  const files = script(
    here('/etc/nginx/nginx.conf', MAIN),
    here(`${SITES}/shop`, PROXY),
    here('/etc/systemd/system/shop.service', UNIT),
  )
  assert.equal(await said('topology/backend-not-listening', files), ['setup.sh:14'])
})

test('a link of the script enables a site, once', async () => {
  const linked = script(
    here('/etc/nginx/nginx.conf', MAIN),
    here('/etc/nginx/sites-available/shop', PROXY),
    'ln -s /etc/nginx/sites-available/shop /etc/nginx/sites-enabled/shop\n',
    here('/etc/systemd/system/shop.service', UNIT),
  )
  assert.equal(await said('topology/backend-not-listening', linked), ['setup.sh:14'])
})

test('what one of two writes is joined with nothing', async () => {
  const either = script(
    here('/etc/nginx/nginx.conf', MAIN),
    here(`${SITES}/shop`, settings[`${SITES}/shop`]!),
    here('/etc/php/8.2/fpm/pool.d/shop.conf', settings['/etc/php/8.2/fpm/pool.d/shop.conf']!),
    `if [ "$1" = small ]; then\n${here('/etc/php/8.2/fpm/php.ini', '[PHP]\npost_max_size = 8M\n')}fi\n`,
  )
  assert.equal(await said('body-limits/php-below-nginx', either), [])
  const twoScripts = {
    'web/setup.sh': `#!/bin/sh\n${here('/etc/nginx/nginx.conf', MAIN)}${here(`${SITES}/shop`, PROXY)}`,
    'db/setup.sh': `#!/bin/sh\n${Object.entries(database('*'))
      .filter(([path]) => path.includes('postgresql'))
      .map(([path, text]) => here(path, text))
      .join('')}`,
  }
  assert.equal(await said('access/postgres-trust', twoScripts), [])
})

test('two files of one site that both are written by a script that chooses are alternatives', async () => {
  const names = script(
    here('/etc/nginx/nginx.conf', MAIN),
    `if [ -n "$TLS" ]; then\n${here(`${SITES}/tls`, site('  return 301 https://example.org$request_uri;\n'))}else\n${here(`${SITES}/plain`, PROXY)}fi\n`,
  )
  assert.equal(await said('canonical-url/duplicate-server-name', names), [])
})

test.run()
