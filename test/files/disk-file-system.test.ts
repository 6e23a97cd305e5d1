import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { diskFileSystem } from '../../src/files/disk-file-system.ts'
import { fileNotice } from '../../src/files/notice.ts'
import { asNobody, scratchTree } from './scratch-tree.ts'

const base = mkdtempSync(join(tmpdir(), 'deploy-audit-disk-'))
const root = join(base, 'web1')
test.after(() => rmSync(base, { recursive: true, force: true }))

mkdirSync(join(root, 'etc/nginx/sites-available'), { recursive: true })
mkdirSync(join(root, 'etc/nginx/sites-enabled'))
writeFileSync(join(base, 'secret'), 'outside')
writeFileSync(join(root, 'etc/nginx/nginx.conf'), 'http {}\n')
writeFileSync(join(root, 'etc/nginx/sites-available/a'), 'server {}\n')
writeFileSync(join(root, 'etc/nginx/latin1.conf'), Buffer.from([0x23, 0xe9, 0x0a]))
writeFileSync(join(root, 'etc/nginx/bom.conf'), '\uFEFFhttp {}\n')
writeFileSync(join(root, 'etc/nginx/replacement.conf'), '# \uFFFD\n')
writeFileSync(join(root, 'etc/nginx/big.conf'), 'x'.repeat(2000))
symlinkSync('/etc/nginx/sites-available/a', join(root, 'etc/nginx/sites-enabled/absolute'))
symlinkSync('../sites-available/a', join(root, 'etc/nginx/sites-enabled/relative'))
symlinkSync('../../../../secret', join(root, 'etc/nginx/sites-enabled/out'))
symlinkSync(join(base, 'secret'), join(root, 'etc/nginx/sites-enabled/out-absolute'))
symlinkSync('loop', join(root, 'etc/nginx/sites-enabled/loop'))
symlinkSync('/etc/nginx', join(root, 'etc/web'))
const fifo = spawnSync('mkfifo', [join(root, 'etc/nginx/fifo')]).status === 0

const files = diskFileSystem(root, { workingDirectory: base, maximumSize: 1000 })

test('absolute and relative links are followed inside the root, to one source', () => {
  const direct = files.read('/etc/nginx/sites-available/a')
  assert.is(direct.kind, 'source')
  assert.is(files.read('/etc/nginx/sites-enabled/absolute'), direct)
  assert.is(files.read('/etc/nginx/sites-enabled/relative'), direct)
  assert.is(files.read('/etc/web/sites-enabled/../sites-enabled/relative'), direct)
  assert.is(files.realPath('/etc/web/sites-enabled/absolute'), '/etc/nginx/sites-available/a')
})

test('a link out of the root, or to itself, leads nowhere', () => {
  for (const name of ['out', 'out-absolute', 'loop', 'absolute/below', 'none'])
    assert.is(files.read(`/etc/nginx/sites-enabled/${name}`).kind, 'missing', name)
  assert.is(files.read('/../secret').kind, 'missing')
  assert.is(files.read('/etc/\0').kind, 'missing')
  assert.is(files.read(`/${'x'.repeat(300)}`).kind, 'missing')
})

test('lists names in byte order with the kind of what a link leads to', () => {
  assert.equal(files.list('/etc/nginx/sites-enabled'), [
    { name: 'absolute', kind: 'file' },
    { name: 'loop', kind: null },
    { name: 'out', kind: null },
    { name: 'out-absolute', kind: null },
    { name: 'relative', kind: 'file' },
  ])
  assert.is(files.list('/etc/nginx/nginx.conf'), null)
  assert.is(files.kind('/etc/web'), 'directory')
})

test('bytes that are not UTF-8 are Latin-1, and a byte-order mark stays', () => {
  const latin1 = files.read('/etc/nginx/latin1.conf')
  assert.ok(latin1.kind === 'source' && latin1.source.text === '#é\n' && latin1.source.encoding === 'latin1')
  const bom = files.read('/etc/nginx/bom.conf')
  assert.ok(bom.kind === 'source' && bom.source.text.startsWith('\uFEFF'))
  const replacement = files.read('/etc/nginx/replacement.conf')
  assert.ok(replacement.kind === 'source' && replacement.source.encoding === 'utf8')
})

test('a fifo is never opened, a huge file never read, and the latter is named once', () => {
  if (fifo) assert.is(files.read('/etc/nginx/fifo').kind, 'other')
  assert.is(files.read('/etc/nginx/big.conf').kind, 'too-large')
  assert.is(files.read('/etc/web/big.conf').kind, 'too-large')
  assert.equal(files.notices(), [
    fileNotice('too-large', 'web1/etc/nginx/big.conf', 'it is larger than 0.001 MB'),
  ])
})

test('a file that the system refuses to read is unreadable and named', async () => {
  const own = scratchTree({ 'a.conf': 'http {}\n', 'keys/b.conf': 'http {}\n', 'list/c.conf': '\n' })
  chmodSync(join(own, 'a.conf'), 0)
  chmodSync(join(own, 'keys'), 0o600)
  chmodSync(join(own, 'list'), 0o711)
  await asNobody(own, () => {
    const files = diskFileSystem(own, { workingDirectory: own })
    assert.equal(files.read('/a.conf'), { kind: 'unreadable', reason: 'permission denied' })
    assert.is(files.mode('/a.conf'), 0)
    assert.equal(files.read('/keys/b.conf'), { kind: 'unreadable', reason: 'permission denied' })
    assert.is(files.kind('/keys/b.conf'), null)
    assert.is(files.refusal('/keys/b.conf'), 'permission denied')
    assert.not.ok(files.covers('/keys/b.conf'))
    assert.is(files.list('/list'), null)
    assert.is(files.refusal('/list'), 'permission denied')
    assert.is(files.refusal('/list/none.conf'), null)
    assert.is(files.refusal('/none'), null)
    assert.equal(
      files.notices(),
      ['a.conf', 'keys', 'list'].map(path => fileNotice('unreadable', path, 'permission denied')),
    )
  })
})

test('covers what a copy of it would hold, and nothing that only a running system makes', () => {
  const some = diskFileSystem(scratchTree({ 'etc/nginx/nginx.conf': '', 'etc/nginx/mime.types': '' }))
  assert.not.ok(some.covers('/etc/nginx/gone.conf'))
  const stock = ['nginx.conf', 'mime.types', 'fastcgi_params', 'scgi_params', 'uwsgi_params']
  const copy = diskFileSystem(scratchTree(Object.fromEntries(stock.map(name => [`etc/nginx/${name}`, '']))))
  assert.ok(copy.covers('/etc/nginx/gone.conf'))
  assert.ok(copy.covers('/etc/nginx/conf.d/gone.conf'))
  assert.not.ok(copy.covers('/etc/letsencrypt/live/x/fullchain.pem'))
  assert.not.ok(copy.covers('/opt/site/app.wsgi'))
  assert.ok(diskFileSystem('/').covers('/opt/site/app.wsgi'))
  const system = [
    'etc/passwd',
    'etc/group',
    'etc/hosts',
    'etc/fstab',
    'etc/nsswitch.conf',
    'bin/x',
    'home/x',
    'usr/x',
    'var/x',
    'srv/x',
  ]
  const machine = diskFileSystem(scratchTree(Object.fromEntries(system.map(name => [name, '']))))
  assert.ok(machine.covers('/etc/letsencrypt/live/x/fullchain.pem'))
  assert.ok(machine.covers('/opt/site/app.wsgi'))
  assert.not.ok(machine.covers('/dev/stderr'))
  assert.not.ok(machine.covers('/run/php/php-fpm.sock'))
})

test('covers the files that load modules where all of Red Hat are there, and not what lies beside them', () => {
  const stock = ['base', 'dav', 'lua', 'mpm', 'proxy', 'systemd'].map(name => `00-${name}.conf`)
  const modules = [...stock, '01-cgi.conf'].map(name => [`etc/httpd/conf.modules.d/${name}`, ''] as const)
  const copy = diskFileSystem(
    scratchTree(Object.fromEntries([['etc/httpd/conf/httpd.conf', ''] as const, ...modules])),
  )
  assert.ok(copy.covers('/etc/httpd/conf.modules.d/15-php.conf'))
  assert.not.ok(copy.covers('/etc/httpd/logs'))
  const some = diskFileSystem(
    scratchTree(Object.fromEntries([['etc/httpd/conf/httpd.conf', ''] as const, ...modules.slice(1)])),
  )
  assert.not.ok(some.covers('/etc/httpd/conf.modules.d/15-php.conf'))
})

test('covers what Debian loads where both are there that httpd needs and nobody enables by hand', () => {
  const tree = (modules: readonly string[]): string =>
    scratchTree(
      Object.fromEntries(
        ['apache2.conf', ...modules.map(name => `mods-enabled/${name}.load`)].map(name => [
          `etc/apache2/${name}`,
          '',
        ]),
      ),
    )
  const copy = diskFileSystem(tree(['authz_core', 'mpm_event', 'proxy']))
  assert.ok(copy.covers('/etc/apache2/mods-enabled/proxy_http.load'))
  assert.not.ok(copy.covers('/etc/apache2/sites-enabled'))
  assert.not.ok(
    diskFileSystem(tree(['mpm_event', 'proxy'])).covers('/etc/apache2/mods-enabled/proxy_http.load'),
  )
})

test('covers nothing of what somebody picked out of a machine', () => {
  const picked = [
    ...['passwd', 'group', 'hosts', 'hostname'].map(name => `etc/${name}`),
    ...['apache2.conf', 'envvars', 'magic', 'ports.conf'].map(name => `etc/apache2/${name}`),
  ]
  const some = diskFileSystem(scratchTree(Object.fromEntries(picked.map(name => [name, '']))))
  assert.not.ok(some.covers('/etc/nginx/.htpasswd'))
  assert.not.ok(some.covers('/etc/apache2/mods-enabled'))
  const whole = [...picked, 'etc/apache2/mods-enabled/mime.load']
  const copy = diskFileSystem(scratchTree(Object.fromEntries(whole.map(name => [name, '']))))
  assert.ok(copy.covers('/etc/apache2/.htpasswd'))
})

test('what is mounted stands where it is mounted, and nothing else is there', () => {
  const repository = scratchTree({
    'deploy/nginx/nginx.conf': 'http {}\n',
    'deploy/nginx/enabled/absolute': '-> /etc/nginx/sites/a',
    'deploy/nginx/enabled/relative': '-> ../../../app/site.conf',
    'deploy/nginx/sites/a': 'server {}\n',
    'app/site.conf': 'server {}\n',
    'single.conf': 'gzip on;\n',
  })
  const mounted = diskFileSystem(
    [
      { at: '/etc/nginx', disk: join(repository, 'deploy/nginx') },
      { at: '/etc/nginx/conf.d/single.conf', disk: join(repository, 'single.conf') },
      { at: repository, disk: repository },
    ],
    { workingDirectory: repository },
  )
  assert.is(mounted.read('/etc/nginx/nginx.conf').kind, 'source')
  assert.is(mounted.realPath('/etc/nginx/enabled/absolute'), '/etc/nginx/sites/a')
  assert.is(mounted.realPath('/etc/nginx/enabled/relative'), join(repository, 'app/site.conf'))
  assert.is(mounted.display('/etc/nginx/sites/a'), 'deploy/nginx/sites/a')
  assert.equal(mounted.list('/etc/nginx/conf.d'), [{ name: 'single.conf', kind: 'file' }])
  assert.equal(
    mounted.list('/etc/nginx')?.map(({ name }) => name),
    ['conf.d', 'enabled', 'nginx.conf', 'sites'],
  )
  assert.equal(mounted.list('/etc'), [{ name: 'nginx', kind: 'directory' }])
  assert.is(mounted.kind('/etc/passwd'), null)
  assert.not.ok(mounted.covers('/etc/nginx/gone.conf'))
})

test('names files relative to the working directory below it, else absolute', () => {
  assert.is(files.display('/etc/nginx/nginx.conf'), 'web1/etc/nginx/nginx.conf')
  assert.is(diskFileSystem(root, { workingDirectory: '/nowhere' }).display('/etc/x'), join(root, 'etc/x'))
  assert.is(diskFileSystem('/', { workingDirectory: '/root' }).display('/etc/x'), '/etc/x')
})

test('a link that a checkout has made a file of its target is followed', () => {
  const directory = mkdtempSync(join(tmpdir(), 'links-'))
  for (const [path, text] of [
    ['sites-available/a', 'server { listen 80; }\n'],
    ['sites-enabled/a', '../sites-available/a'],
    ['sites-enabled/b', '/etc/nginx/sites-available/b\n'],
    ['sites-enabled/c', 'server { listen 81; }\n'],
    ['conf.d/a', '../sites-available/a'],
  ] as const) {
    mkdirSync(join(directory, path.split('/')[0]!), { recursive: true })
    writeFileSync(join(directory, path), text)
  }
  const files = diskFileSystem(directory)
  assert.is(files.realPath('/sites-enabled/a'), '/sites-available/a')
  assert.is(files.realPath('/sites-enabled/b'), null)
  assert.is(files.realPath('/sites-enabled/c'), '/sites-enabled/c')
  assert.is(files.realPath('/conf.d/a'), '/conf.d/a')
  rmSync(directory, { recursive: true })
})

test.run()
