import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { discover, type Machine } from '../../src/files/discover.ts'
import { InputError } from '../../src/files/input-error.ts'
import { scratchTree } from './scratch-tree.ts'

const NGINX = 'events {}\nhttp {\n  include /etc/nginx/sites-enabled/*;\n}\n'
const SERVER = 'server {\n  listen 80;\n}\n'
const APACHE = 'ServerRoot /etc/apache2\nInclude ports.conf\n'
const VHOST = '<VirtualHost *:80>\n  ServerName a\n</VirtualHost>\n'

function shape({ root, nginxMains, apacheMains, fragments }: Machine) {
  const { nginx: nginxFragments, apache: apacheFragments } = fragments(new Set())
  return { root, nginxMains, apacheMains, nginxFragments, apacheFragments }
}
const NOTHING = { nginxMains: [], apacheMains: [], nginxFragments: [], apacheFragments: [] }

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
}

test('a machine: main files by their places, the rest as fragments of whoever reaches none', () => {
  const folder = scratchTree(web)
  const [machine, ...others] = discover(['.'], { workingDirectory: folder })
  assert.equal(others, [])
  assert.equal(machine && shape(machine), {
    root: '.',
    nginxMains: ['/etc/nginx/nginx.conf'],
    apacheMains: ['/etc/apache2/apache2.conf'],
    nginxFragments: ['/etc/nginx/extra/lost.conf'],
    apacheFragments: ['/etc/apache2/ports.conf', '/etc/apache2/sites-enabled/b.conf'],
  })
  assert.equal(machine?.htaccess, ['/var/www/html/.htaccess'])
})

test('etc, a folder in it and a file in it all have the machine as their root', () => {
  const folder = scratchTree({ 'web1/etc/nginx/nginx.conf': NGINX, 'web1/etc/nginx/conf.d/a.conf': SERVER })
  const of = (path: string) => discover([path], { workingDirectory: folder }).map(shape)
  const whole = [
    {
      ...NOTHING,
      root: 'web1',
      nginxMains: ['/etc/nginx/nginx.conf'],
      nginxFragments: ['/etc/nginx/conf.d/a.conf'],
    },
  ]
  assert.equal(of('web1'), whole)
  assert.equal(of('web1/etc'), whole)
  assert.equal(of('web1/etc/nginx'), whole)
  assert.equal(of('web1/etc/nginx/nginx.conf'), [{ ...whole[0], nginxFragments: [] }])
  assert.equal(of('web1/etc/nginx/conf.d'), [{ ...whole[0], nginxMains: [] }])
  assert.equal(of('web1/etc/nginx/conf.d/a.conf'), [{ ...whole[0], nginxMains: [] }])
})

test('a repository of two machines is two machines, and its own files a third', () => {
  const folder = scratchTree({
    'web1/etc/nginx/nginx.conf': NGINX,
    'web2/usr/local/etc/apache24/httpd.conf': APACHE,
    'web3/usr/local/nginx/conf/nginx.conf': NGINX,
    'docker/default.conf.template': SERVER,
  })
  const machines = discover(['.'], { workingDirectory: folder })
  assert.equal(machines.map(shape), [
    { ...NOTHING, root: '.', nginxFragments: [join(folder, 'docker/default.conf.template')] },
    { ...NOTHING, root: 'web1', nginxMains: ['/etc/nginx/nginx.conf'] },
    { ...NOTHING, root: 'web2', apacheMains: ['/usr/local/etc/apache24/httpd.conf'] },
    { ...NOTHING, root: 'web3', nginxMains: ['/usr/local/nginx/conf/nginx.conf'] },
  ])
  assert.is(machines[2]?.fileName('/usr/local/etc/x'), 'web2/usr/local/etc/x')
})

test('a folder that is no machine has the paths of this one, and says nothing of what lies beside it', () => {
  const folder = scratchTree({ 'conf/a.conf': SERVER, 'other/b.conf': SERVER })
  const [machine] = discover(['conf'], { workingDirectory: folder })
  assert.is(machine?.files.read(join(folder, 'conf/a.conf')).kind, 'source')
  assert.is(machine?.files.read(join(folder, 'other/b.conf')).kind, 'missing')
  assert.ok(machine?.files.covers(join(folder, 'conf/c.conf')))
  assert.not.ok(machine?.files.covers('/etc/nginx/mime.types'))
  assert.is(machine?.files.kind('/etc'), null)
})

test('a repository without a main file is read as fragments, available ones too', () => {
  const folder = scratchTree({
    'nginx.conf': 'upstream a {\n  server 127.0.0.1:9000;\n}\n',
    'apache.conf': VHOST,
    'sites-available/example.org': SERVER,
    'django.wsgi': 'import os\n',
    'README.md': SERVER,
    'node_modules/x/nginx.conf': NGINX,
    'venv/pyvenv.cfg': '',
    'venv/share/nginx.conf': NGINX,
  })
  assert.equal(discover([folder], { workingDirectory: '/' }).map(shape), [
    {
      ...NOTHING,
      root: folder.slice(1),
      nginxFragments: ['nginx.conf', 'sites-available/example.org'].map(path => join(folder, path)),
      apacheFragments: [join(folder, 'apache.conf')],
    },
  ])
})

test('a file called nginx.conf is a main file even where nobody can read it', () => {
  const folder = scratchTree({ 'conf/nginx.conf': '}\n' })
  for (const path of ['conf', 'conf/nginx.conf']) {
    const [machine] = discover([path], { workingDirectory: folder })
    assert.equal(machine?.nginxMains, [join(folder, 'conf/nginx.conf')], path)
  }
})

test('the file that includes a whole server is the main one', () => {
  const folder = scratchTree({
    'conf/site.conf': `Include ./base.conf\nHeader set X-A b\n`,
    'conf/base.conf': APACHE.replace('Include ports.conf\n', 'Listen 80\nLoadModule a_module a.so\n'),
  })
  for (const path of ['conf', 'conf/site.conf']) {
    const [machine] = discover([path], { workingDirectory: folder })
    assert.equal(machine?.apacheMains, [join(folder, 'conf/site.conf')], path)
  }
})

test('a file that includes the main file of a known place does not take its place', () => {
  const folder = scratchTree({
    'etc/apache2/apache2.conf': APACHE,
    'etc/apache2/try.conf': 'Include apache2.conf\nServerName try\n',
  })
  const [machine] = discover(['.'], { workingDirectory: folder })
  assert.equal(machine?.apacheMains, ['/etc/apache2/apache2.conf'])
})

test('main files are told by content where no known place has one', () => {
  const folder = scratchTree({ 'deploy/front.conf': NGINX, 'deploy/back/httpd.conf': APACHE })
  assert.equal(discover(['deploy'], { workingDirectory: folder }).map(shape), [
    {
      ...NOTHING,
      root: 'deploy',
      nginxMains: [join(folder, 'deploy/front.conf')],
      apacheMains: [join(folder, 'deploy/back/httpd.conf')],
    },
  ])
})

test('--root is the root of every path, and gives absolute ones their meaning', () => {
  const folder = scratchTree(web)
  const options = { root: folder, workingDirectory: '/' }
  assert.is(discover(['/etc'], options)[0]?.nginxMains[0], '/etc/nginx/nginx.conf')
  assert.is(discover([join(folder, 'etc/nginx')], options)[0]?.apacheMains.length, 0)
  assert.is(
    discover(['..'], { root: folder, workingDirectory: join(folder, 'etc') })[0]?.apacheMains.length,
    1,
  )
  assert.is(discover(['/'], options)[0]?.apacheMains.length, 1)
  assert.throws(() => discover(['/usr'], options), /outside the root/)
})

test('what is ignored is not there', () => {
  const folder = scratchTree(web)
  const ignores = (path: string) => path.includes('/apache2/') || path.endsWith('lost.conf')
  const [machine] = discover(['.'], { workingDirectory: folder, ignores })
  assert.equal(machine?.apacheMains, [])
  assert.equal(machine?.fragments(new Set()).apache, [])
  assert.equal(machine?.fragments(new Set()).nginx, [])
})

test('a dump is a machine of its own, of which nothing else is known', () => {
  const folder = scratchTree({ 'dump.txt': '# configuration file /etc/nginx/nginx.conf:\nevents {}\n' })
  const splitDump = () => [{ path: '/etc/nginx/nginx.conf', text: 'events {}\n' }]
  const standardInput = { text: '# configuration file /etc/nginx/nginx.conf:\n', name: null }
  for (const path of ['dump.txt', '-']) {
    const [machine] = discover([path], { workingDirectory: folder, splitDump, standardInput })
    assert.equal(machine?.nginxMains, ['/etc/nginx/nginx.conf'], path)
    assert.not.ok(machine?.files.covers('/etc/nginx/mime.types'))
  }
})

test('standard input stands for the file it is named after, with the disk around it', () => {
  const folder = scratchTree(web)
  const [machine] = discover(['-'], {
    workingDirectory: folder,
    standardInput: { text: 'events {}\nhttp {}\n', name: 'etc/nginx/nginx.conf' },
  })
  assert.equal(machine?.nginxMains, ['/etc/nginx/nginx.conf'])
  const read = machine?.files.read('/etc/nginx/nginx.conf')
  assert.ok(read?.kind === 'source' && read.source.text === 'events {}\nhttp {}\n')
  assert.is(machine?.files.read('/etc/nginx/mime.types').kind, 'source')
  assert.is(machine?.fileName('/etc/nginx/nginx.conf'), 'etc/nginx/nginx.conf')
  const [unnamed] = discover(['-'], { workingDirectory: folder, standardInput: { text: SERVER, name: null } })
  assert.equal(unnamed?.fragments(new Set()).nginx, ['/stdin'])
})

test('says in one line what cannot be audited', () => {
  const folder = scratchTree({ 'a.txt': 'hello\n', 'empty/x': 'hello\n' })
  const fails = (path: string, message: RegExp) =>
    assert.throws(
      () => discover([path], { workingDirectory: folder, standardInput: { text: '', name: null } }),
      (error: unknown) => error instanceof InputError && message.test(error.message),
    )
  fails('nowhere', /^nowhere: no such file or directory$/)
  fails('empty', /^nothing to audit: no nginx or Apache configuration in empty$/)
  fails('a.txt', /^a\.txt: no configuration of nginx or Apache$/)
  fails('-', /^standard input: no configuration of nginx or Apache$/)
  fails('/dev/null', /neither a file nor a directory/)
})

test('a fifo among the files neither hangs nor counts', () => {
  const folder = scratchTree(web)
  if (spawnSync('mkfifo', [join(folder, 'etc/nginx/pipe.conf')]).status !== 0) return
  const [machine] = discover(['.'], { workingDirectory: folder })
  assert.equal(machine?.fragments(new Set()).nginx, ['/etc/nginx/extra/lost.conf'])
})

test.run()
