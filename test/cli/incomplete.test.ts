import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { asNobody, scratchTree } from '../files/scratch-tree.ts'
import { runIn } from './harness.ts'

/** Runs as a user whom the system refuses the files. */
async function auditWithout(locked: readonly string[], words: readonly string[]) {
  const directory = scratchTree({
    'etc/nginx/nginx.conf': 'events {}\nhttp {\n    include /etc/nginx/sites-enabled/*;\n}\n',
    'etc/nginx/sites-enabled/a': 'server {\n    listen 80;\n    server_name a;\n    return 204;\n}\n',
    'etc/apache2/apache2.conf':
      'ServerRoot /etc/apache2\nErrorLog /dev/null\nInclude ports.conf\nInclude sites/*.conf\n',
    'etc/apache2/ports.conf': 'Listen 8080\n',
    'etc/apache2/sites/a.conf': '<VirtualHost *:8080>\n    ServerName a\n</VirtualHost>\n',
  })
  // Everything is loaded that the command needs, while its files may be read.
  await runIn(directory, ['.', ...words])
  for (const path of locked) chmodSync(join(directory, path), 0)
  return asNobody(directory, () => runIn(directory, ['.', '--fail-on', 'never', ...words]))
}

test('a file that a server reads and the system refuses makes the audit incomplete', async () => {
  for (const path of ['etc/apache2/ports.conf', 'etc/nginx/sites-enabled/a', 'etc/nginx/sites-enabled']) {
    const { code, out, errors } = await auditWithout([path], [])
    assert.is(code, 4, path)
    assert.equal(errors, [`deploy-audit: incomplete: ${path}: permission denied`])
    assert.match(out, 'incomplete: a server reads what the audit could not\n')
  }
})

test('--allow-incomplete takes what could be read, and the report says so all the same', async () => {
  const words = ['--allow-incomplete', '-f', 'json']
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
  const { code, errors } = await auditWithout([], [])
  assert.is(code, 0)
  assert.equal(errors, [])
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
