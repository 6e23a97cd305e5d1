import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { textSource } from '../../parsers/text/source.ts'
import { judgePaths, lookInto } from '../../src/files/look.ts'
import type { SkipReason } from '../../src/files/machine.ts'
import { memoryFileSystem } from '../../src/files/memory-file-system.ts'
import { otherProgram } from '../../src/files/other-program.ts'
import { skippedNotices } from '../../src/files/skipped-notices.ts'

test('a file at which looking fails costs itself alone', () => {
  const files = {
    ...memoryFileSystem({ '/etc/nginx/sites-enabled/a.conf': 'server { listen 80; }' }),
    realPath: (): string => {
      throw new RangeError('too deep')
    },
  }
  const [judged] = judgePaths(['/etc/nginx/sites-enabled/a.conf'], '/')
  if (judged === undefined) throw new RangeError('one path')
  const looked = lookInto(files, judged, {})
  assert.equal(looked, {
    kind: 'skipped',
    path: '/etc/nginx/sites-enabled/a.conf',
    reason: 'failed',
    text: 'too deep',
  })
  const [notice] = skippedNotices(looked?.kind === 'skipped' ? [looked] : [], true)
  assert.is(notice?.incomplete, true)
  assert.match(
    notice?.text ?? '',
    /telling what the file is failed, which is a defect of deploy-audit: too deep/,
  )
})

test('what is called a .htaccess and holds lines of nginx is a file of nginx', () => {
  const lookAt = (name: string, text: string) => {
    const path = `/srv/www/${name}`
    const [judged] = judgePaths([path], '/srv')
    if (judged === undefined) return null
    const looked = lookInto(memoryFileSystem({ [path]: text }), judged, {})
    return looked?.kind === 'candidate' ? looked.program : (looked?.kind ?? null)
  }
  const nginx =
    'location / {\n  if (!-e $request_filename) {\n    rewrite ^(.*)$ /index.php?s=$1 last;\n  }\n}\n'
  const apache = 'RewriteEngine On\nRewriteCond %{REQUEST_FILENAME} !-f\nRewriteRule ^ index.php [L]\n'
  assert.is(lookAt('nginx.htaccess', nginx), 'nginx')
  assert.is(lookAt('htaccess-nginx.txt', nginx), 'nginx')
  assert.is(lookAt('htaccess.txt', apache), 'htaccess')
  assert.is(lookAt('site.htaccess', apache), 'htaccess')
  assert.is(lookAt('site_htaccess.erb', apache), 'htaccess')
  // Apache reads it, whatever it was written for.
  assert.is(lookAt('.htaccess', nginx), 'htaccess')
})

test('each file that was left out has a notice, and those of one directory that nothing enables have one', () => {
  const left = (path: string, reason: SkipReason, text = 'why') => ({ path, reason, text })
  const notices = skippedNotices(
    [
      left('apache2/mods-available/a.load', 'stock'),
      left('apache2/mods-available/b.load', 'stock'),
      left('junk.conf', 'not-recognised'),
      left('TODO_LIST', 'not-recognised'),
      left('redis.conf', 'other-program', 'a file of another program: Redis'),
      left('views/page.hbs', 'other-program'),
      left('a.conf.bak', 'backup'),
    ],
    true,
  )
  assert.equal(
    notices.map(({ code, path, text }) => `${code} ${path}: ${text}`),
    [
      'stock apache2/mods-available: 2 files of packages in it not enabled, and not read',
      'not-recognised junk.conf: not read: why',
      'other-program redis.conf: not read: a file of another program: Redis',
      'backup a.conf.bak: not read: why',
      'other-program null: 1 file belongs to other programs, and not read',
    ],
  )
})

test('files of other programs have the names of these', () => {
  const programOf = (text: string) => otherProgram(textSource('/x.conf', text))
  assert.is(programOf('docRoot $VH_ROOT/html/\nindex  {\n  useServer 0\n}\n'), 'OpenLiteSpeed')
  const source = 'source s_nginx {\n  file("/var/log/nginx/access.log");\n};\n'
  assert.is(programOf(source), 'syslog-ng')
  assert.is(programOf('define host {\n  use generic-host\n  address 192.0.2.1\n}\n'), 'Nagios')
  assert.is(programOf('define servicegroup{\n  alias a\n}\n'), 'Nagios')
  assert.is(programOf('define site($port) {\n  include ::nginx\n}\n'), 'Puppet')
  assert.is(programOf('#!/usr/sbin/nft -f\nadd table inet a\n'), 'nftables')
  assert.is(programOf('table inet filter {\n  chain input {\n    policy drop;\n  }\n}\n'), 'nftables')
  assert.is(programOf('http_port 3128\ncache_peer a parent 80 0\n'), 'Squid')
  assert.is(programOf('[server]\nhttp_port = 3000\n'), 'an INI file')
  assert.is(programOf('server:\n    interface: 0.0.0.0\n    access-control: 10.0.0.0/8 allow\n'), 'Unbound')
  assert.is(programOf('server:\n  image: nginx\n'), 'a YAML file')
  assert.is(programOf('source a\n{\n  type = mysql\n}\nsearchd\n{\n  listen = 9312\n}\n'), 'Sphinx')
  const h2o = 'listen:\n  port: 80\nhosts:\n  "a":\n    paths:\n      "/":\n        file.dir: /srv\n'
  assert.is(programOf(h2o), 'h2o')
  assert.is(programOf('frontend web\n  bind *:80\n'), 'HAProxy')
  assert.is(programOf('global\n  daemon\n'), 'HAProxy')
  assert.is(programOf('{{ ansible_managed }}\n{{ lines }}\n'), null)
  assert.is(programOf('{\n  "a": 1\n}\n'), 'JSON')
  assert.is(programOf('[\n  {"a": 1}\n]\n'), 'JSON')
})

test.run()
