import { spawnSync } from 'node:child_process'
import { join, posix } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { discover, type Machine } from '../../src/files/discover.ts'
import { InputError, NothingToAudit } from '../../src/files/input-error.ts'
import { scratchTree } from './scratch-tree.ts'

const NGINX = 'events {}\nhttp {\n  include /etc/nginx/sites-enabled/*;\n}\n'
const SERVER = 'server {\n  listen 80;\n}\n'
const APACHE = 'ServerRoot /etc/apache2\nInclude ports.conf\n'
const VHOST_ON_8080 = '<VirtualHost *:8080>\n  ServerName a\n</VirtualHost>\n'
const VHOST = '<VirtualHost *:80>\n  ServerName a\n</VirtualHost>\n'

function shape({ root, nginxMains, apacheMains, fragments }: Machine) {
  const sets = fragments(new Set(), { nginx: true, apache: true })
  return { root, nginxMains, apacheMains, sets: sets.map(({ nginx, apache }) => [...nginx, ...apache]) }
}
const NOTHING = { nginxMains: [], apacheMains: [], sets: [] }
/** The fragments of a machine, when no main file reached any. */
const fragmentsOf = (machine: Machine | undefined) => (machine === undefined ? [] : shape(machine).sets)

const web = {
  'etc/nginx/nginx.conf': NGINX,
  'etc/nginx/nginx.conf.dpkg-dist': NGINX,
  'etc/nginx/mime.types': 'types {\n  text/html html;\n}\n',
  'etc/nginx/sites-available/a': SERVER,
  'etc/nginx/sites-available/spare': SERVER,
  'etc/nginx/sites-enabled/a': '-> ../sites-available/a',
  'etc/nginx/extra/lost.conf': SERVER,
  'etc/nginx/snippets/ssl.conf': 'ssl_protocols TLSv1.2;\n',
  'etc/nginx/keys/site.key': 'server {\n}\n',
  'etc/apache2/apache2.conf': APACHE,
  'etc/apache2/ports.conf': 'Listen 80\n',
  'etc/apache2/sites-enabled/b.conf': VHOST,
  'etc/fonts/fonts.conf': SERVER,
  'etc/ssh/sshd_config': 'Port 22\n',
  'var/www/html/.htaccess': 'Deny from all\n',
  // REUSE's, which Apache never reads.
  'var/www/html/.htaccess.license': 'SPDX-License-Identifier: MIT\n',
}
/** What a copy of `/etc/nginx` has and nobody changes. */
const STOCK = Object.fromEntries(
  ['mime.types', 'fastcgi_params', 'scgi_params', 'uwsgi_params', 'koi-utf'].map(name => [
    `etc/nginx/${name}`,
    '# stock\n',
  ]),
)

test('a machine: main files by their places, the rest as fragments of whoever reaches none', () => {
  const directory = scratchTree(web)
  const [machine, ...others] = discover(['.'], { workingDirectory: directory })
  assert.equal(others, [])
  assert.equal(machine && shape(machine), {
    root: '.',
    nginxMains: ['/etc/nginx/nginx.conf'],
    apacheMains: ['/etc/apache2/apache2.conf'],
    sets: [
      ['/etc/apache2/ports.conf', '/etc/apache2/sites-enabled/b.conf'],
      ['/etc/nginx/snippets/ssl.conf'],
      ['/etc/nginx/extra/lost.conf'],
      ['/etc/nginx/sites-available/a'],
    ],
  })
  assert.equal(machine?.htaccess, ['/var/www/html/.htaccess'])
  assert.equal(
    machine?.skipped().map(({ path, reason }) => `${reason} ${path}`),
    ['backup etc/nginx/nginx.conf.dpkg-dist', 'not-enabled etc/nginx/sites-available/spare'],
  )
})

test('a site ends in the letters of its country, which may be those of a language', () => {
  const directory = scratchTree({
    'nginx/sites-available/example.rs': SERVER,
    'nginx/sites-available/deploy.sh': '#!/bin/sh\nnginx -t\n',
    'src/example.rs': SERVER,
  })
  const [machine, ...others] = discover(['.'], { workingDirectory: directory })
  assert.equal(others, [])
  assert.equal(
    fragmentsOf(machine).map(set => set.map(path => path.replace(/.*\//, ''))),
    [['example.rs']],
  )
})

test('beside a main file that was read whole, in a directory that is whole, the rest is not in use', () => {
  const directory = scratchTree({ ...web, ...STOCK })
  const [machine] = discover(['etc/nginx'], { workingDirectory: directory })
  const reached = new Set(['/etc/nginx/sites-available/a'])
  assert.equal(machine?.fragments(reached, { nginx: true, apache: true }), [])
  const left = machine?.skipped().map(({ path, reason }) => `${reason} ${path}`)
  assert.ok(left?.includes('not-included etc/nginx/extra/lost.conf'))
  assert.ok(left?.includes('not-enabled etc/nginx/sites-available/spare'))
  const open = machine?.fragments(new Set(), { nginx: false, apache: true }) ?? []
  assert.ok(open.some(({ nginx }) => nginx.includes('/etc/nginx/extra/lost.conf')))
})

test('a file whose name goes on behind .conf is put aside where a pattern takes those that end so', () => {
  const conf = 'etc/nginx/conf.d'
  const endings = ['2023-01-01', 'friday', 'nossl']
  const directory = scratchTree({
    'etc/nginx/nginx.conf': 'events {}\nhttp {\n  include conf.d/*.conf;\n}\n',
    [`${conf}/a.conf`]: SERVER,
    ...Object.fromEntries(endings.map(ending => [`${conf}/a.conf.${ending}`, SERVER])),
    [`${conf}/b.conf.prod`]: SERVER,
    [`${conf}/c.conf.template`]: SERVER,
    [`${conf}/_a.conf_`]: SERVER,
  })
  const [machine] = discover(['.'], { workingDirectory: directory })
  const isTaken = (path: string): boolean => /^\/etc\/nginx\/conf\.d\/[^/]*\.conf$/.test(path)
  const whole = { nginx: true, apache: true }
  const sets = machine?.fragments(new Set(['/etc/nginx/conf.d/a.conf']), whole, isTaken)
  // Some environment takes the one, and some program makes a file of the other.
  assert.equal(
    sets?.flatMap(({ nginx }) => nginx),
    ['/etc/nginx/conf.d/b.conf.prod', '/etc/nginx/conf.d/c.conf.template'],
  )
  assert.equal(
    machine?.skipped().map(({ path, reason }) => `${reason} ${path}`),
    ['_a.conf_', ...endings.map(ending => `a.conf.${ending}`)].map(name => `backup ${conf}/${name}`),
  )
})

test('a main file that another one beside it includes is none of its own', () => {
  const mainsOf = (text: string): readonly string[] | undefined => {
    const directory = scratchTree({ 'etc/apache2/apache2.conf': text, 'etc/apache2/httpd.conf': APACHE })
    return discover(['.'], { workingDirectory: directory })[0]?.apacheMains
  }
  const both = ['/etc/apache2/apache2.conf', '/etc/apache2/httpd.conf']
  assert.equal(mainsOf(`${APACHE}Include httpd.conf\n`), both.slice(0, 1))
  assert.equal(mainsOf(`${APACHE}Include /etc/apache2/httpd.conf\n`), both.slice(0, 1))
  assert.equal(mainsOf(`${APACHE}# Include httpd.conf\n`), both)
})

test('etc, a directory in it and a file in it all have the machine as their root', () => {
  const directory = scratchTree({
    'web1/etc/nginx/nginx.conf': NGINX,
    'web1/etc/nginx/conf.d/a.conf': SERVER,
  })
  const of = (path: string) => discover([path], { workingDirectory: directory }).map(shape)
  const main = { ...NOTHING, root: 'web1', nginxMains: ['/etc/nginx/nginx.conf'] }
  const site = ['/etc/nginx/conf.d/a.conf']
  assert.equal(of('web1'), [{ ...main, sets: [site] }])
  assert.equal(of('web1/etc'), [{ ...main, sets: [site] }])
  assert.equal(of('web1/etc/nginx'), [{ ...main, sets: [site] }])
  assert.equal(of('web1/etc/nginx/nginx.conf'), [main])
  assert.equal(of('web1/etc/nginx/conf.d'), [{ ...NOTHING, root: 'web1', sets: [site] }])
  assert.equal(of('web1/etc/nginx/conf.d/a.conf'), [{ ...NOTHING, root: 'web1', sets: [site] }])
})

test('a repository of several machines keeps them and its own files apart', () => {
  const directory = scratchTree({
    'web1/etc/nginx/nginx.conf': NGINX,
    'web1/var/www/.htaccess': 'Deny from all\n',
    'web2/usr/local/etc/apache24/httpd.conf': APACHE,
    'web3/usr/local/nginx/conf/nginx.conf': NGINX,
    'docker/default.conf.template': SERVER,
  })
  const machines = discover(['.'], { workingDirectory: directory })
  assert.equal(machines.map(shape), [
    { ...NOTHING, root: '.', sets: [[join(directory, 'docker/default.conf.template')]] },
    { ...NOTHING, root: 'web1', nginxMains: ['/etc/nginx/nginx.conf'] },
    { ...NOTHING, root: 'web2', apacheMains: ['/usr/local/etc/apache24/httpd.conf'] },
    { ...NOTHING, root: 'web3', nginxMains: ['/usr/local/nginx/conf/nginx.conf'] },
  ])
  assert.is(machines[2]?.fileName('/usr/local/etc/x'), 'web2/usr/local/etc/x')
  assert.equal(machines[1]?.htaccess, ['/var/www/.htaccess'])
})

test('what lies beside the tree of a machine in a repository sets it up', () => {
  const besideOf = (tree: Record<string, string>) =>
    discover(['.'], { workingDirectory: scratchTree(tree) }).map(({ setupsBeside }) =>
      setupsBeside?.().map(({ path }) => path),
    )
  const machine = { 'etc/nginx/nginx.conf': NGINX, 'etc/cron.d/a': '0 3 * * * root true\n' }
  const repository = { Makefile: 'cron:\n\tsupercronic etc/cron.d/a\n', 'conf/shop.conf': SERVER }
  assert.equal(besideOf(machine), [[]])
  assert.equal(besideOf({ ...machine, ...repository }), [['/Makefile'], undefined])
})

test('the compose files at the top of a repository are those of the machine whose directories lie there, too', () => {
  const composeOf = (tree: Record<string, string>) =>
    discover(['.'], { workingDirectory: scratchTree(tree) }).map(({ repository }) => repository?.composeFiles)
  const machine = { 'etc/nginx/nginx.conf': NGINX }
  const compose = { 'docker-compose.yml': 'services:\n  web:\n    image: nginx\n' }
  assert.equal(composeOf(machine), [undefined])
  assert.equal(composeOf({ ...machine, ...compose })[0], ['/docker-compose.yml'])
})

test('a directory that is no machine has the paths of this one, and says nothing of what it lacks', () => {
  const directory = scratchTree({ 'conf/a.conf': SERVER, 'other/b.conf': SERVER })
  const [machine] = discover(['conf'], { workingDirectory: directory })
  assert.is(machine?.files.read(join(directory, 'conf/a.conf')).kind, 'source')
  assert.is(machine?.files.read(join(directory, 'other/b.conf')).kind, 'missing')
  assert.not.ok(machine?.files.covers(join(directory, 'conf/c.conf')))
  assert.not.ok(machine?.files.covers('/etc/nginx/mime.types'))
  assert.is(machine?.files.kind('/etc'), null)
})

test('a copy of nginx’s directory whose links to sites are made elsewhere is not whole', () => {
  const main = { 'etc/nginx/nginx.conf': NGINX, ...STOCK }
  const sites = { 'etc/nginx/sites-available/a': SERVER, 'etc/nginx/snippets/lost.conf': 'gzip on;\n' }
  for (const kept of [{}, { 'etc/nginx/sites-enabled/.gitkeep': '' }]) {
    const [machine] = discover(['.'], { workingDirectory: scratchTree({ ...main, ...sites, ...kept }) })
    assert.not.ok(machine?.files.covers('/etc/nginx/conf.d/b.conf'))
    assert.equal(fragmentsOf(machine).flat(), [
      '/etc/nginx/sites-available/a',
      '/etc/nginx/snippets/lost.conf',
    ])
  }
  const enabled = { 'etc/nginx/sites-enabled/a': '-> ../sites-available/a' }
  for (const others of [{ ...sites, ...enabled }, {}]) {
    const [machine] = discover(['.'], { workingDirectory: scratchTree({ ...main, ...others }) })
    assert.ok(machine?.files.covers('/etc/nginx/conf.d/b.conf'))
  }
})

test('a repository without a main file is read as fragments, available ones too', () => {
  const directory = scratchTree({
    'nginx.conf': 'upstream a {\n  server 127.0.0.1:9000;\n}\n',
    'apache.conf': VHOST_ON_8080,
    'sites-available/example.org': SERVER,
    'django.wsgi': 'import os\n',
    'README.md': SERVER,
    'node_modules/x/nginx.conf': NGINX,
    'venv/pyvenv.cfg': '',
    'venv/share/nginx.conf': NGINX,
    'composer.json': '{}',
    'vendor/maker/package/nginx.conf': NGINX,
  })
  assert.equal(discover([directory], { workingDirectory: '/' }).map(shape), [
    {
      ...NOTHING,
      root: directory.slice(1),
      sets: [['nginx.conf', 'sites-available/example.org', 'apache.conf'].map(path => join(directory, path))],
    },
  ])
})

/** The sets of a repository, as paths in it. */
function setsOf(files: Readonly<Record<string, string>>): readonly (readonly string[])[] {
  const directory = scratchTree(files)
  return discover(['.'], { workingDirectory: directory })
    .flatMap(fragmentsOf)
    .map(paths => paths.map(path => path.slice(directory.length + 1)))
}

const site = (name: string, port = 80): string =>
  `server {\n  listen ${port};\n  server_name ${name};\n  root /srv/${name};\n}\n`

test('files that take the same name at the same port are alternatives, wherever a server does not read both', () => {
  assert.equal(setsOf({ 'dev.conf': site('a'), 'production.conf': site('a'), 'common.conf': site('b') }), [
    ['common.conf'],
    ['dev.conf'],
    ['production.conf'],
  ])
  assert.equal(setsOf({ 'conf.d/a.conf': site('a'), 'conf.d/b.conf': site('a') }), [
    ['conf.d/a.conf', 'conf.d/b.conf'],
  ])
  assert.equal(setsOf({ 'conf.d/a.dev.conf': site('a'), 'conf.d/a.prod.conf': site('a') }), [
    ['conf.d/a.dev.conf'],
    ['conf.d/a.prod.conf'],
  ])
  assert.equal(setsOf({ 'nginx/site.conf': site('a'), 'nginx/site_ssl.conf': site('a', 443) }), [
    ['nginx/site.conf', 'nginx/site_ssl.conf'],
  ])
})

test('samples, snippets and unrelated directories are each alone', () => {
  assert.equal(
    setsOf({
      'app.conf.sample': site('a'),
      'other.conf.sample': site('a'),
      'roles/a/files/x.conf': site('a'),
      'roles/b/files/x.conf': site('a'),
      'web-apache/site.conf': VHOST,
      'web-nginx/site.conf': site('a'),
      'alpine/site.conf': site('a'),
      'centos/site.conf': site('a'),
      'nginx/snippets/tls.conf': 'ssl_protocols TLSv1.2;\nssl_session_cache shared:a:1m;\n',
      'apache2/include/ssl.conf': 'SSLEngine on\nSSLProtocol all\n',
    })
      .map(paths => paths.join(' '))
      .sort(),
    [
      'alpine/site.conf',
      'apache2/include/ssl.conf',
      'app.conf.sample',
      'centos/site.conf',
      'nginx/snippets/tls.conf',
      'other.conf.sample',
      'roles/a/files/x.conf',
      'roles/b/files/x.conf',
      'web-apache/site.conf',
      'web-nginx/site.conf',
    ],
  )
})

test('nginx beside Apache is one machine, unless both open one port or they are two roles', () => {
  assert.equal(setsOf({ 'nginx/a.conf': site('a'), 'apache2/sites-enabled/b.conf': VHOST_ON_8080 }), [
    ['nginx/a.conf', 'apache2/sites-enabled/b.conf'],
  ])
  assert.equal(setsOf({ 'nginx/a.conf': site('a'), 'httpd/b.conf': VHOST }), [
    ['nginx/a.conf'],
    ['httpd/b.conf'],
  ])
  assert.equal(setsOf({ 'roles/nginx/a.conf': site('a'), 'roles/apache/b.conf': VHOST_ON_8080 }), [
    ['roles/apache/b.conf'],
    ['roles/nginx/a.conf'],
  ])
})

test('a main file and its directory stand where its includes say', () => {
  const directory = scratchTree({
    'nginx/nginx.conf': 'events {}\nhttp {\n  include /etc/nginx/sites-enabled/*;\n}\n',
    'nginx/sites-enabled/default': '-> /etc/nginx/sites-available/default',
    'nginx/sites-available/default': SERVER,
    'nginx/sites-available/spare': SERVER,
    'nginx/sites-enabled/gone': '-> /etc/nginx/sites-available/gone',
    'httpd/conf/httpd.conf': 'ServerRoot "/etc/httpd"\nListen 8080\nInclude conf.d/*.conf\n',
    'httpd/conf.d/a.conf': VHOST_ON_8080,
  })
  const [machine, rest] = discover(['.'], { workingDirectory: directory })
  assert.equal(machine?.nginxMains, ['/etc/nginx/nginx.conf'])
  assert.equal(machine?.apacheMains, ['/etc/httpd/conf/httpd.conf'])
  assert.is(machine?.files.realPath('/etc/nginx/sites-enabled/default'), '/etc/nginx/sites-available/default')
  assert.is(machine?.fileName('/etc/httpd/conf.d/a.conf'), 'httpd/conf.d/a.conf')
  assert.is(machine?.files.kind('/etc/httpd/conf.d/a.conf'), 'file')
  assert.not.ok(machine?.files.covers('/etc/nginx/mime.types'))
  assert.is(rest?.root, '.')
  assert.equal(
    rest?.skipped().flatMap(({ path, reason }) => (reason === 'link-outside' ? [path] : [])),
    ['nginx/sites-enabled/gone'],
  )
})

test('main files that are alternatives are machines of their own', () => {
  const directory = scratchTree({
    'nginx.dev.conf': NGINX,
    'nginx.prod.conf': NGINX,
    'a/httpd.conf': 'ServerRoot /etc/httpd\nListen 80\n',
    'b/httpd.conf': 'ServerRoot /etc/httpd\nListen 80\n',
  })
  const machines = discover(['.'], { workingDirectory: directory }).map(shape)
  assert.equal(
    machines.map(({ nginxMains, apacheMains }) => [...nginxMains, ...apacheMains]),
    [
      ['/etc/nginx/nginx.dev.conf'],
      ['/etc/nginx/nginx.prod.conf'],
      ['/etc/httpd/httpd.conf'],
      ['/etc/httpd/httpd.conf'],
      [],
    ],
  )
})

test('a file called nginx.conf is a main file even where nginx refuses it', () => {
  const directory = scratchTree({
    'conf/nginx.conf': '}\nworker_proceses 2;\nhttp {\n  sever {\n    listen 80\n',
  })
  for (const path of ['conf', 'conf/nginx.conf']) {
    const [machine] = discover([path], { workingDirectory: directory })
    assert.equal(machine?.nginxMains, ['/etc/nginx/nginx.conf'], path)
    assert.is(machine?.fileName('/etc/nginx/nginx.conf'), 'conf/nginx.conf')
  }
})

test('a directory of enabled sites that a repository keeps with a README says nothing of the available ones', () => {
  const read = (enabled: string): readonly string[] => {
    const directory = scratchTree({
      'a.conf': SERVER,
      'web/sites-available/shop': SERVER,
      [`web/sites-enabled/${enabled}`]: '',
    })
    return discover(['.'], { workingDirectory: directory })
      .flatMap(fragmentsOf)
      .flat()
      .map(path => path.slice(directory.length + 1))
  }
  for (const enabled of ['README.md', '.gitkeep', 'keep', 'placeholder', 'default.bak'])
    assert.equal(read(enabled), ['a.conf', 'web/sites-available/shop'], enabled)
  assert.equal(read('default'), ['a.conf'])
})

test('MODX ships its .htaccess as ht.access', () => {
  const directory = scratchTree({
    'ht.access': 'Options -Indexes\n',
    'core/ht.access': 'RewriteEngine Off\n',
  })
  const [machine] = discover(['.'], { workingDirectory: directory })
  assert.equal(machine?.htaccess.map(path => path.slice(directory.length + 1)).sort(), [
    'core/ht.access',
    'ht.access',
  ])
})

test('a file called nginx.conf that another program reads is none', () => {
  const directory = scratchTree({
    'monit/nginx.conf':
      'check process nginx with pidfile /run/nginx.pid\n  start program = "/usr/sbin/nginx"\n',
    'python.d/nginx.conf': 'update_every: 1\nlocal:\n  url: http://localhost/status\n',
    'upstart/nginx.conf': 'description "nginx"\nexec /usr/sbin/nginx -g "daemon off;"\n',
    'icinga/nginx.conf': 'object Host "nginx" {\n  import "generic-host"\n}\n',
    'logrotate/nginx.conf': '/var/log/nginx/*.log {\n  daily\n}\n',
    'a.conf': SERVER,
  })
  const machines = discover(['.'], { workingDirectory: directory })
  assert.equal(machines.map(shape), [{ ...NOTHING, root: '.', sets: [[join(directory, 'a.conf')]] }])
  assert.equal(
    machines[0]?.skipped().map(({ path, text }) => `${path}: ${text}`),
    [
      'icinga/nginx.conf: nothing in it is a directive of nginx or Apache',
      'logrotate/nginx.conf: nothing in it is a directive of nginx or Apache',
      'monit/nginx.conf: a file of another program: Monit',
      'python.d/nginx.conf: a file of another program: Netdata',
      'upstart/nginx.conf: nothing in it is a directive of nginx or Apache',
    ],
  )
})

test('files are read whose names say little and whose lines say all', () => {
  const names = [
    'site.ngx',
    'site.stpl',
    'web.hbs',
    'x.conf.master',
    'a.macro',
    'conf/deploy/proxy',
    'nginx/site-1.26',
    'etc/nginx.conf',
    'nginx/sites/shop.txt',
    'nginx_conf/server_template.txt',
    'parts/domain_disabled.tpl',
  ]
  const directory = scratchTree(
    Object.fromEntries(
      [...names, 'sites/shop.txt', 'nginx/old/x.conf.bak.tpl'].map((name, index) => [
        name,
        site(`s${index}`),
      ]),
    ),
  )
  const read = discover(['.'], { workingDirectory: directory }).flatMap(fragmentsOf).flat()
  assert.equal(read.map(path => path.slice(directory.length + 1)).sort(), names.sort())
})

test('files that stand as texts in YAML, scripts and Dockerfiles are read, each alone', () => {
  const server = (port: number): string => `server {\n  listen ${port};\n  server_name a;\n  root /srv;\n}\n`
  const block = (text: string): string => text.replace(/^/gm, '    ')
  const directory = scratchTree({
    'k8s/web.yaml': `data:\n  nginx.conf: |\n${block(`events {}\nhttp {\n${server(80)}}`)}\n  a.conf: |\n${block(server(81))}\n`,
    'install.sh': `#!/bin/sh\ncat > /etc/nginx/conf.d/a.conf <<'EOF'\n${server(82)}EOF\nmysql <<EOF\nselect 1;\nEOF\n`,
    'web/Dockerfile': `FROM nginx\nCOPY <<EOF /etc/nginx/conf.d/b.conf\n${server(83)}EOF\n`,
    '.github/workflows/test.yml': `run: |\n  cat > a <<EOF\n${server(84)}EOF\n`,
    // A script in YAML that writes a file: the file alone is one.
    'cloud.yaml': `cmd: |\n  cat > a <<EOF\n${server(85).replace(/^(?=.)/gm, '  ')}  EOF\n`,
    'values.yaml': 'image: nginx\nnotes: |\n  the server listens on a location\n',
    // A line that an edit puts in, whose section ends elsewhere.
    'tasks.yml':
      'lineinfile:\n  line: |\n    <Directory /srv>\n    AllowOverride None\n    Options None\n    DirectoryIndex a\n',
  })
  const machines = discover(['.'], { workingDirectory: directory })
  assert.is(machines.length, 3)
  const [main, script, rest] = machines
  const read = (machine: Machine | undefined, path: string) => {
    const result = machine?.files.read(path)
    assert.is(result?.kind, 'source')
    return result?.kind === 'source' ? result.source : null
  }
  const source = read(main, main?.nginxMains[0] ?? '')
  assert.is(main?.fileName(source?.path ?? ''), 'k8s/web.yaml')
  assert.is(source?.code.length, source?.text.length)
  assert.match(source?.text ?? '', 'listen 81')
  assert.not.match(source?.code ?? '', 'listen 81')
  assert.equal(
    fragmentsOf(rest).map(paths => paths.map(path => rest?.fileName(path))),
    [['cloud.yaml'], ['k8s/web.yaml'], ['web/Dockerfile']],
  )
  // What a script surely writes stands at its place.
  assert.equal(fragmentsOf(script), [['/etc/nginx/conf.d/a.conf']])
  const written = read(script, '/etc/nginx/conf.d/a.conf')
  assert.is(script?.fileName(written?.path ?? ''), 'install.sh')
  assert.is(written?.code.trim(), server(82).trim())
  // One that is named is looked through too.
  const [named] = discover(['install.sh'], { workingDirectory: directory })
  assert.is(fragmentsOf(named).length, 1)
  assert.throws(() => discover(['values.yaml'], { workingDirectory: directory }), /nothing to audit/)
})

test('a part of some file, or a template, is a server’s where nearly all that it holds is', () => {
  const lines = 'location /webmail {\n  alias /srv/webmail/;\n  expires 1d;\n}\n'
  const directory = scratchTree({
    'nginx/webmail.inc': lines,
    'files/webmail.conf.inc': lines,
    'lib/webmail.inc': lines,
    'lib/db.conf.inc': '<?php $name = "a";\n',
    'lib/page.inc': `<?php\n${lines}`,
    'deploy/a.snippet': lines,
    'nginx/site.cfg': SERVER,
    'haproxy.cfg': 'global\n  daemon\nfrontend web\n  bind :80\n',
    'setup.cfg': '[flake8]\nmax-line-length = 99\n',
    'web/site.twig': 'server {\n  listen 80;\n  server_name {{ name }};\n}\n',
    'nginx/page.html.twig': '<p>{{ server }}</p>\n',
    'web/page.twig': '{% extends "base" %}\n<p>{{ server }}</p>\n',
  })
  const [machine] = discover(['.'], { workingDirectory: directory })
  assert.equal(
    fragmentsOf(machine).map(paths => paths.map(path => machine?.fileName(path))),
    [
      ['nginx/site.cfg'],
      ['web/site.twig'],
      ['deploy/a.snippet'],
      ['files/webmail.conf.inc'],
      ['lib/webmail.inc'],
      ['nginx/webmail.inc'],
    ],
  )
})

test('absolute links lead into the directory that stands for that of the server', () => {
  const site = 'server {\n  listen 80;\n}\n'
  const sites = {
    'nginx/sites-available/default': site,
    'nginx/sites-available/b': site,
    'nginx/sites-enabled/default': '-> /etc/nginx/sites-available/default',
    'apache2/sites-available/a.conf': VHOST,
    'apache2/sites-available/b.conf': VHOST,
    'apache2/sites-enabled/a.conf': '-> /etc/apache2/sites-available/a.conf',
    'apache2/sites-enabled/gone.conf': '-> /etc/apache2/sites-available/gone.conf',
  }
  const left = [
    'link-outside apache2/sites-enabled/gone.conf',
    'not-enabled apache2/sites-available/b.conf',
    'not-enabled nginx/sites-available/b',
  ]
  for (const more of [{}, { 'nginx/nginx.conf': NGINX }]) {
    const machines = discover(['.'], { workingDirectory: scratchTree({ ...sites, ...more }) })
    const skipped = machines
      .flatMap(machine => machine.skipped())
      .map(({ path, reason }) => `${reason} ${path}`)
    assert.equal(skipped.sort(), left)
  }
})

test('the directory of a main file stands for `conf` of the ServerRoot where its includes begin so', () => {
  const reads = (main: string, files: Readonly<Record<string, string>>) => {
    const directory = scratchTree({ 'apache/httpd.conf': main, ...files })
    const [machine] = discover(['.'], { workingDirectory: directory })
    const read = (path: string) => machine?.files.read(path).kind === 'source'
    return { mains: machine?.apacheMains, read }
  }
  const upstream = reads('ServerRoot /usr/local/apache2\nInclude conf/extra/x.conf\n', {
    'apache/extra/x.conf': VHOST,
  })
  assert.equal(upstream.mains, ['/usr/local/apache2/conf/httpd.conf'])
  assert.ok(upstream.read('/usr/local/apache2/conf/extra/x.conf'))
  const ofRedHat = reads('ServerRoot "/etc/httpd"\nInclude conf/*.vhost\nInclude conf.d/*.conf\n', {
    'apache/x.vhost': VHOST,
    'apache/conf.d/a.conf': VHOST,
  })
  assert.ok(ofRedHat.read('/etc/httpd/conf/x.vhost'))
  assert.ok(ofRedHat.read('/etc/httpd/conf.d/a.conf'))
  const elsewhere = reads('ServerRoot /etc/httpd\nInclude conf/x.conf\n', { 'apache/y.conf': VHOST })
  assert.equal(elsewhere.mains, ['/etc/httpd/httpd.conf'])
})

test('what waits in sites-available is read as fragments where sites-enabled is not there, which is said', () => {
  const noticesOf = (files: Readonly<Record<string, string>>) =>
    discover(['.'], { workingDirectory: scratchTree(files) }).flatMap(machine => {
      fragmentsOf(machine)
      return machine.notices().map(({ code, path, text }) => `${code} ${path}: ${text}`)
    })
  const text = '2 files in it read as fragments, as nothing in the audit says which of them are enabled'
  const main = { 'etc/nginx/nginx.conf': NGINX }
  for (const [directory, more] of [
    ['etc/nginx/sites-available', main],
    ['nginx/sites-available', {}],
    ['apache2/conf-available', {}],
    ['sites-available', {}],
  ] as const) {
    const own = directory.startsWith('apache2') ? VHOST : SERVER
    const sites = { [`${directory}/a.conf`]: own, [`${directory}/b.conf`]: own }
    assert.equal(noticesOf({ ...sites, ...more }), [`read-as-fragments ${directory}: ${text}`])
  }
  const enabled = { 'nginx/sites-available/a': SERVER, 'nginx/sites-enabled/a': '-> ../sites-available/a' }
  assert.equal(noticesOf(enabled), [])
})

test('copies that are not live are not read', () => {
  const names = [
    'nginx.conf_bak',
    'nginx.conf.default',
    'ports.conf.orig',
    'a.conf~',
    'a.bak.conf',
    'a.conf.20200101',
  ]
  const directory = scratchTree({
    'nginx/nginx.conf': NGINX,
    ...Object.fromEntries(names.map(name => [`nginx/${name}`, NGINX])),
  })
  const machines = discover(['.'], { workingDirectory: directory })
  assert.equal(
    machines.flatMap(({ nginxMains }) => nginxMains),
    ['/etc/nginx/nginx.conf'],
  )
  assert.equal(machines.flatMap(fragmentsOf), [])
})

test('what tests read is left out of the tree around it, which says so, and read where it is named', () => {
  const directory = scratchTree({
    'nginx/shop.conf': SERVER,
    'tests/fixtures/broken/nginx.conf': NGINX,
    'tests/fixtures/broken/logo.png': '',
  })
  const [machine] = discover(['.'], { workingDirectory: directory })
  assert.equal(
    machine?.skipped().map(({ path, reason }) => `${reason} ${path}`),
    ['test-data tests/fixtures/broken/nginx.conf'],
  )
  assert.equal(
    machine?.notices().map(({ code, text }) => `${code}: ${text}`),
    [
      'test-data: 1 file is what tests read (`fixtures`, `testdata`), and not read; name the directory to audit it',
    ],
  )
  assert.throws(() => discover(['tests'], { workingDirectory: directory }), /nothing to audit.*1 file is/)
  const [named] = discover(['tests/fixtures/broken'], { workingDirectory: directory })
  assert.equal(named?.nginxMains.length, 1)
})

test('what a parser has to take or refuse, and what Molecule compares with, is of tests too', () => {
  const left = ['app/tests/apache/passing/a.conf', 'tests/failing/b.conf', 'molecule/default/files/c.conf']
  const directory = scratchTree({
    'nginx/shop.conf': SERVER,
    ...Object.fromEntries(left.map(path => [path, VHOST])),
  })
  const [machine] = discover(['.'], { workingDirectory: directory })
  assert.equal(
    machine
      ?.skipped()
      .map(({ path, reason }) => `${reason} ${path}`)
      .sort(),
    left.map(path => `test-data ${path}`).sort(),
  )
})

test('the file that includes a whole server is the main one', () => {
  const directory = scratchTree({
    'conf/site.conf': `Include ./base.conf\nHeader set X-A b\n`,
    'conf/base.conf': APACHE.replace('Include ports.conf\n', 'Listen 80\nLoadModule a_module a.so\n'),
  })
  for (const path of ['conf', 'conf/site.conf']) {
    const [machine] = discover([path], { workingDirectory: directory })
    assert.equal(machine?.apacheMains, ['/etc/httpd/conf/site.conf'], path)
  }
})

test('a file that includes the main file of a known place does not take its place', () => {
  const directory = scratchTree({
    'etc/apache2/apache2.conf': APACHE,
    'etc/apache2/try.conf': 'Include apache2.conf\nServerName try\n',
  })
  const [machine] = discover(['.'], { workingDirectory: directory })
  assert.equal(machine?.apacheMains, ['/etc/apache2/apache2.conf'])
})

test('main files are told by content where no known place has one', () => {
  const directory = scratchTree({ 'deploy/front.conf': NGINX, 'deploy/back/httpd.conf': APACHE })
  const machines = discover(['deploy'], { workingDirectory: directory })
  assert.equal(machines.map(shape), [
    { ...NOTHING, root: 'deploy', nginxMains: ['/etc/nginx/front.conf'] },
    { ...NOTHING, root: 'deploy/back', apacheMains: ['/etc/apache2/httpd.conf'] },
    { ...NOTHING, root: 'deploy' },
  ])
})

test('--root is the root of every path, and gives absolute ones their meaning', () => {
  const directory = scratchTree(web)
  const options = { root: directory, workingDirectory: '/' }
  assert.is(discover(['/etc'], options)[0]?.nginxMains[0], '/etc/nginx/nginx.conf')
  assert.is(discover([join(directory, 'etc/nginx')], options)[0]?.apacheMains.length, 0)
  assert.is(
    discover(['..'], { root: directory, workingDirectory: join(directory, 'etc') })[0]?.apacheMains.length,
    1,
  )
  assert.is(discover(['/'], options)[0]?.apacheMains.length, 1)
  assert.throws(() => discover(['/usr'], options), /outside the root/)
})

test('a named file is what somebody says it is, and a line says how it is read', () => {
  const directory = scratchTree({
    'lines.conf': 'deny all;\n',
    snip: 'location /a {\n  alias /b;\n}\n',
    'x/.htaccess': 'Options -Indexes\n',
    'old-htaccess': 'Options -Indexes\n',
  })
  const read = (path: string, as?: 'nginx' | 'nginx-location' | 'apache' | 'htaccess') => {
    const [machine] = discover([path], { workingDirectory: directory, ...(as !== undefined && { as }) })
    if (machine === undefined) return []
    const [set] = machine.fragments(new Set(), { nginx: true, apache: true })
    const { nginx = [], apache = [] } = set ?? {}
    const base = (paths: readonly string[]) => paths.map(each => each.slice(directory.length + 1))
    return [base(nginx), base(apache), base(machine.htaccess), machine.notices().map(({ text }) => text)]
  }
  assert.equal(read('snip'), [['snip'], [], [], ['read as lines of a `server` block of nginx']])
  assert.equal(read('lines.conf', 'nginx-location'), [
    ['lines.conf'],
    [],
    [],
    ['read as lines of an nginx location'],
  ])
  assert.equal(read('lines.conf', 'apache'), [
    [],
    ['lines.conf'],
    [],
    ['read as lines of a main file of Apache'],
  ])
  assert.equal(read('x/.htaccess'), [[], [], ['x/.htaccess'], ['read as .htaccess']])
  assert.equal(read('old-htaccess', 'htaccess'), [[], [], ['old-htaccess'], ['read as .htaccess']])
  assert.throws(() => read('x', 'nginx'), /--as says what a file is read as/)
})

test('what is ignored is not there', () => {
  const directory = scratchTree(web)
  const ignores = (path: string) => path.includes('/apache2/') || path.endsWith('lost.conf')
  const [machine] = discover(['.'], { workingDirectory: directory, ignores })
  assert.equal(machine?.apacheMains, [])
  assert.equal(fragmentsOf(machine), [['/etc/nginx/sites-available/a'], ['/etc/nginx/snippets/ssl.conf']])
})

test('a dump is a machine of its own, of which nothing else is known', () => {
  const directory = scratchTree({ 'dump.txt': '# configuration file /etc/nginx/nginx.conf:\nevents {}\n' })
  const splitDump = () => [{ path: '/etc/nginx/nginx.conf', text: 'events {}\n' }]
  const standardInput = { text: '# configuration file /etc/nginx/nginx.conf:\n', name: null }
  for (const path of ['dump.txt', '-']) {
    const [machine] = discover([path], { workingDirectory: directory, splitDump, standardInput })
    assert.equal(machine?.nginxMains, ['/etc/nginx/nginx.conf'], path)
    assert.not.ok(machine?.files.covers('/etc/nginx/mime.types'))
  }
})

test('standard input stands for the file it is named after, with the disk around it', () => {
  const directory = scratchTree(web)
  const [machine] = discover(['-'], {
    workingDirectory: directory,
    standardInput: { text: 'events {}\nhttp {}\n', name: 'etc/nginx/nginx.conf' },
  })
  assert.equal(machine?.nginxMains, ['/etc/nginx/nginx.conf'])
  const read = machine?.files.read('/etc/nginx/nginx.conf')
  assert.ok(read?.kind === 'source' && read.source.text === 'events {}\nhttp {}\n')
  assert.is(machine?.files.read('/etc/nginx/mime.types').kind, 'source')
  assert.is(machine?.fileName('/etc/nginx/nginx.conf'), 'etc/nginx/nginx.conf')
  const [unnamed] = discover(['-'], {
    workingDirectory: directory,
    standardInput: { text: SERVER, name: null },
  })
  assert.equal(fragmentsOf(unnamed), [['/stdin']])
})

test('reads what lies beside a compose file of a machine as in a repository, and nothing else of it', () => {
  const directory = scratchTree({
    'etc/nginx/nginx.conf': 'events {}\nhttp {\n}\n',
    'srv/docs/compose.yaml': 'services:\n  docs:\n    image: nginx\n',
    'srv/docs/conf/default.conf': site('example.org'),
    'srv/other/default.conf': site('example.net'),
    'usr/share/doc/nginx/compose.yaml': 'services: {}\n',
    'usr/share/doc/nginx-extras/default.conf': site('example.com'),
  })
  const [machine] = discover(['.'], { workingDirectory: directory, root: directory })
  assert.equal(fragmentsOf(machine), [['/srv/docs/conf/default.conf']])
})

const POOL = '[shop]\nuser = shop\nlisten = /run/php/shop.sock\npm = static\npm.max_children = 5\n'

test('what is read beside a server is not told as left out', () => {
  const directory = scratchTree({
    'site.conf': SERVER,
    'pool.d/shop.conf': POOL,
    'deploy/worker.conf': '[program:worker]\ncommand=php artisan queue:work\n',
    'redis/redis.conf': 'bind 127.0.0.1\nport 6379\nsave 900 1\nmaxmemory 1mb\n',
  })
  const [machine] = discover(['.'], { workingDirectory: directory })
  assert.equal(
    machine?.skipped().map(({ path }) => path),
    ['redis/redis.conf'],
  )
  assert.equal(
    machine?.repository?.starters.map(({ path, kind }) => `${kind} ${posix.basename(path)}`),
    ['supervised worker.conf'],
  )
})

test('finds what starts an application where no server is', () => {
  const wsgi = 'import os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")\n'
  const directory = scratchTree({
    'units/shop.service': '[Service]\nExecStart=/srv/shop/bin/gunicorn shop.wsgi\n',
    'machine/etc/systemd/system/shop.service': '[Service]\nExecStart=/srv/shop/bin/gunicorn shop.wsgi\n',
    'machine/srv/shop/shop.env': 'KEY=a\n',
    'units-of-others/backup.service': '[Service]\nExecStart=/usr/bin/rsync -a /srv /mnt\n',
    'timer/units/backup.timer': '[Timer]\nOnCalendar=daily\n',
    'cron/etc/cron.d/backup': '0 3 * * * root /usr/local/bin/backup\n',
    'slices/web.service': '[Unit]\nDescription=nothing\n',
    'django/shop/wsgi.py': wsgi,
    'flask/app.py': 'from flask import Flask\napp = Flask(__name__)\n',
    'library/app.py': 'def app():\n    return 1\n',
    'heroku/Procfile': 'web: gunicorn shop.wsgi\n',
    'script/deploy/start.sh': '#!/bin/sh\nexec uvicorn main:app\n',
    'script-of-others/start.sh': '#!/bin/sh\nexec postgres\n',
    'pools/pool.d/shop.conf': POOL,
    'pools-of-machine/etc/php/8.2/fpm/pool.d/shop.conf': POOL,
    'worker/deploy/worker.conf': '[program:worker]\ncommand=php artisan queue:work\n',
    'vassal/conf/shop.ini': '[uwsgi]\nmodule = shop.wsgi\n',
    'profile/builds/small.ini': '[uwsgi]\nmain_plugin = python\nembed_config = app.ini\n',
    'global/php-fpm.conf': '[global]\npid = /run/php-fpm.pid\n',
    'beside/start.sh': '#!/bin/sh\nexec uvicorn main:app\n',
    'beside/site.conf': SERVER,
  })
  const startsAlone = (path: string): boolean | undefined => {
    const [machine, ...others] = discover([path], { workingDirectory: directory })
    assert.is(others.length, 0)
    return machine?.startsAlone
  }
  for (const path of [
    ...['units', 'units-of-others', 'timer', 'cron'],
    ...['machine', 'django', 'flask', 'heroku', 'script'],
    ...['pools', 'pools-of-machine', 'worker', 'vassal'],
  ])
    assert.is(startsAlone(path), true, path)
  assert.is(startsAlone('beside'), undefined)
  const [placed] = discover(['machine'], { workingDirectory: directory })
  assert.is(placed?.files.read('/srv/shop/shop.env').kind, 'source')
  for (const path of ['slices', 'library', 'script-of-others', 'global', 'profile'])
    assert.throws(() => startsAlone(path), /^nothing to audit/, path)
})

test('an application at the top of a repository lies beside the units that are at their places in it', () => {
  const directory = scratchTree({
    'etc/systemd/system/shop.service': '[Service]\nExecStart=/srv/shop/bin/gunicorn shop.wsgi\n',
    'etc/shop/gunicorn.conf.py': 'workers = 4\n',
    'shop/wsgi.py': 'application = None\n',
    'app.py': 'app = None\n',
    'README.md': 'A shop\n',
  })
  const [machine, ...others] = discover(['.'], { workingDirectory: directory })
  assert.is(others.length, 0)
  assert.equal([...(machine?.lying ?? [])].sort(), ['/app.py', '/shop/wsgi.py'])
})

test('audits manifests of what runs in a cluster, wherever they lie', () => {
  const manifest = (kind: string): string =>
    `# SPDX-License-Identifier: MIT\n---\napiVersion: v1\nkind: ${kind}\nmetadata:\n  name: web\n`
  const directory = scratchTree({
    'apps/web/pod.yaml': manifest('Pod'),
    'apps/web/kustomization.yaml': 'resources: [pod.yaml]\n',
    'apps/web/values.yaml': 'replicas: 2\n',
    'apps/web/tests/pod.yaml': manifest('Pod'),
    'list/all.yml': 'apiVersion: v1\nkind: List\nitems:\n  - apiVersion: v1\n    kind: Service\n',
    'chart/templates/web.yaml': `{{- if .Values.on }}\n${manifest('Deployment')}{{- end }}\n`,
    'definitions/shop.yaml': manifest('CustomResourceDefinition'),
    'workflow/ci.yaml': 'on: push\njobs: {}\n',
  })
  const manifestsIn = (path: string): readonly (string | undefined)[] => {
    const [machine, ...others] = discover([path], { workingDirectory: directory })
    assert.is(others.length, 0)
    return (machine?.repository?.manifests ?? []).map(each => each.slice(directory.length + 1))
  }
  assert.equal(manifestsIn('apps'), ['apps/web/kustomization.yaml', 'apps/web/pod.yaml'])
  assert.equal(manifestsIn('apps/web/pod.yaml'), ['apps/web/pod.yaml'])
  assert.equal(manifestsIn('list'), ['list/all.yml'])
  assert.equal(manifestsIn('chart'), ['chart/templates/web.yaml'])
  for (const path of ['definitions', 'workflow'])
    assert.throws(() => manifestsIn(path), /^nothing to audit/, path)
})

test('audits a repository that has nothing but a Dockerfile', () => {
  const directory = scratchTree({ 'image/Dockerfile': 'FROM nginx:1.27\n' })
  const [machine, ...others] = discover(['image'], { workingDirectory: directory })
  assert.is(others.length, 0)
  assert.equal(
    machine?.repository?.dockerfiles.map(path => path.split('/').at(-1)),
    ['Dockerfile'],
  )
})

test('a file without an extension that is all in one line', () => {
  const directory = scratchTree({
    'deploy/shop': 'server { listen 80; server_name shop.example.org; root /srv; }\n',
  })
  const [machine] = discover(['.'], { workingDirectory: directory })
  assert.equal(fragmentsOf(machine).length, 1)
})

test('a main file by its name alone holds more than comments', () => {
  const directory = scratchTree({ 'deployment/nginx.conf': '# server {\n#   listen 80;\n# }\n' })
  assert.throws(() => discover(['.'], { workingDirectory: directory }), /^nothing to audit/)
})

test('what was left out is told where nothing is to be audited', () => {
  const directory = scratchTree({
    'redis/redis.conf': 'bind 127.0.0.1\nport 6379\nsave 900 1\nmaxmemory 1mb\n',
  })
  assert.throws(
    () => discover(['.'], { workingDirectory: directory }),
    (error: unknown) =>
      error instanceof NothingToAudit &&
      error.skipped.map(({ path, reason }) => `${path} ${reason}`).join() ===
        'redis/redis.conf other-program',
  )
})

test('says in one line what cannot be audited', () => {
  const directory = scratchTree({ 'a.txt': 'hello\n', 'empty/x': 'hello\n' })
  const fails = (path: string, message: RegExp) =>
    assert.throws(
      () => discover([path], { workingDirectory: directory, standardInput: { text: '', name: null } }),
      (error: unknown) => error instanceof InputError && message.test(error.message),
    )
  fails('nowhere', /^nowhere: no such file or directory$/)
  fails(
    'empty',
    /^nothing to audit: no configuration of nginx or Apache, and nothing that starts an application, in empty$/,
  )
  fails('a.txt', /^a\.txt: no configuration of nginx or Apache$/)
  fails('-', /^standard input: no configuration of nginx or Apache$/)
  fails('/dev/null', /neither a file nor a directory/)
})

test('a fifo among the files neither hangs nor counts', () => {
  const directory = scratchTree(web)
  if (spawnSync('mkfifo', [join(directory, 'etc/nginx/pipe.conf')]).status !== 0) return
  const [machine] = discover(['.'], { workingDirectory: directory })
  assert.ok(
    !fragmentsOf(machine)
      .flat()
      .some(path => path.endsWith('pipe.conf')),
  )
})

test.run()
