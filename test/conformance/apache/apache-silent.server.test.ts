/**
 * What the rules on silent lines claim, seen on the real server: it accepts each of these with `Syntax OK`
 * and makes of it what the rule says.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { askApache, inPrivateRoot } from './real-apache.ts'

const MODULES = ['mpm_event', 'authz_core', 'headers', 'env', 'dir', 'info']

/** The tree that httpd dumps for what comes behind the modules; the modules' own lines are left out. */
function dump(main: string, files: Readonly<Record<string, string>> = {}): string {
  return inPrivateRoot(root => {
    const answer = ask(root, main, files)
    assert.ok(answer.accepts, answer.stderr)
    return answer.stdout.replaceAll(root, '$ROOT')
  })
}

function refusal(main: string): string {
  return inPrivateRoot(root => {
    const answer = ask(root, main, {})
    assert.not.ok(answer.accepts)
    return answer.stderr
  })
}

function ask(root: string, main: string, files: Readonly<Record<string, string>>) {
  const lines = [
    'ServerName localhost',
    `PidFile ${root}/p`,
    `DefaultRuntimeDir ${root}`,
    'ErrorLog /dev/null',
    `Mutex default:${root}`,
    'Listen 127.0.0.1:18080',
    ...MODULES.map(name => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`),
  ]
  for (const [name, text] of Object.entries({ ...files, 'main.conf': `${lines.join('\n')}\n${main}` })) {
    mkdirSync(dirname(join(root, name)), { recursive: true })
    writeFileSync(join(root, name), text)
  }
  return askApache(['-d', root, '-f', join(root, 'main.conf'), '-D', 'DUMP_CONFIG'])
}

test('text behind the bracket of a section is gone', () => {
  const tree = dump('<Directory /srv>Require all denied\nOptions None\n</Directory>\n')
  assert.not.match(tree, /^\s+Require/m)
  assert.match(tree, /^\s+Options None$/m)
})

test('a comment swallows the line below its backslash', () => {
  assert.not.match(dump('# C:\\www\\\nSetEnv A b\n'), 'SetEnv')
  assert.match(dump('# C:\\www\nSetEnv A b\n'), 'SetEnv A b')
})

test('an open quote takes the rest of the line', () => {
  assert.match(dump('UnsetEnv "A B C\n'), 'UnsetEnv "A B C')
  // To SetEnv, which takes two, the rest is one argument: closed and with one more it is refused.
  assert.match(dump('SetEnv A "b c\n'), 'SetEnv A "b c')
  assert.match(refusal('SetEnv A "b" c\n'), 'takes 1-2 arguments')
})

test('a comment behind a directive becomes arguments', () => {
  assert.match(dump('<VirtualHost *:1>\nServerName a\nServerAlias b # and c\n</VirtualHost>\n'), 'b # and c')
  assert.match(refusal('ServerAdmin a@b # and c\n'), 'takes one argument')
})

test('a conditional may end with its file until its condition fails', () => {
  assert.match(dump('<IfModule mod_env.c>\nSetEnv A b\n'), 'SetEnv A b')
  assert.match(refusal('<IfModule mod_rewrite.c>\nRewriteEngine on\n'), 'before end of configuration')
})

test('a module has two names and no third', () => {
  const names = ['mod_env', 'MOD_ENV.C', 'mod_env.so', 'env_module.c', 'mpm_event.c', 'mod_mpm_event.c']
  for (const name of names) {
    assert.not.match(dump(`<IfModule ${name}>\nSetEnv A b\n</IfModule>\n`), 'SetEnv', name)
    assert.match(dump(`<IfModule !${name}>\nSetEnv A b\n</IfModule>\n`), 'SetEnv', name)
  }
  for (const name of ['mod_env.c', 'env_module', 'event.c', 'mpm_event_module']) {
    assert.match(dump(`<IfModule ${name}>\nSetEnv A b\n</IfModule>\n`), 'SetEnv', name)
  }
})

test('a version without an operator is compared to its last number', () => {
  for (const version of ['2.4', '= 2.4', '2']) {
    assert.not.match(dump(`<IfVersion ${version}>\nSetEnv A b\n</IfVersion>\n`), 'SetEnv')
  }
  assert.match(dump('<IfVersion >= 2.4>\nSetEnv A b\n</IfVersion>\n'), 'SetEnv')
})

test('a definition leaves the section it stands in', () => {
  const tree = dump('<VirtualHost *:1>\nDefine A 1\nServerName a\n</VirtualHost>\nSetEnv B ${A}\n')
  assert.match(tree, 'SetEnv B 1')
})

test('a directory and an open pattern bring copies in, an empty IncludeOptional nothing', () => {
  const files = { 'd/a.conf~': 'SetEnv A b\n', 'd/.b.swp': 'SetEnv C d\n' }
  assert.match(dump('Include d\n', files), 'd/.b.swp')
  assert.match(dump('Include d/*\n', files), 'd/a.conf~')
  assert.not.match(dump('Include d/*\n', files), 'd/.b.swp')
  assert.not.match(dump('IncludeOptional d/*.conf\nIncludeOptional none/x\n', files), 'SetEnv')
})

test.run()
