import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { scratchTree } from '../files/scratch-tree.ts'
import { runIn } from './harness.ts'

const OLD_TLS =
  'server {\n  listen 443 ssl;\n  ssl_certificate /a;\n  ssl_certificate_key /b;\n  ssl_protocols TLSv1;\n}\n'
const MAIN = `events {}\nhttp {\n${OLD_TLS}}\n`
const RULE = 'tls/weak-protocol'

/** `file severity` of each finding of the rule, which the arguments do not name: naming it would run it. */
async function found(files: Readonly<Record<string, string>>, words: readonly string[] = ['.'], id = RULE) {
  const { out, errors } = await runIn(scratchTree(files), ['-f', 'concise', ...words])
  const lines = [...out.matchAll(/^(\S+?):\d+:\d+: (\w+): .*\[(\S+)\]$/gm)].filter(line => line[3] === id)
  return { found: lines.map(([, file, severity]) => `${file} ${severity}`), errors }
}

test('overrides change or switch off a rule in some files, the last that matches', async () => {
  const files = { 'a/nginx.conf': OLD_TLS, 'b/nginx.conf': OLD_TLS, 'b/new/nginx.conf': OLD_TLS }
  const overrides =
    'overrides:\n  - files: [b/**]\n    rules: {tls: info}\n  - files: [b/new]\n    rules: {tls/weak-protocol: off}\n'
  assert.equal((await found({ ...files, '.auditrc': overrides })).found, [
    'a/nginx.conf warning',
    'b/nginx.conf note',
  ])
  const only = await found({ ...files, '.auditrc': overrides }, ['--only', RULE, '.'])
  assert.is(only.found.length, 3)
})

test('overrides switch a rule on in some files alone', async () => {
  const auditrc = `rules: {${RULE}: off}\noverrides:\n  - files: [b]\n    rules: {${RULE}: error}\n`
  const { found: lines } = await found({
    '.auditrc': auditrc,
    'a/nginx.conf': OLD_TLS,
    'b/nginx.conf': OLD_TLS,
  })
  assert.equal(lines, ['b/nginx.conf error'])
})

test('what is off by itself runs where it is asked for, in files or for all', async () => {
  const id = 'hardening/keepalive'
  const slow = 'events {}\nhttp {\n  keepalive_timeout 60;\n  server {\n    listen 80;\n  }\n}\n'
  const files = { 'a/nginx.conf': slow, 'b/nginx.conf': slow }
  const ofRule = async (auditrc: string, words: readonly string[] = []) =>
    (await found({ ...files, '.auditrc': auditrc }, [...words, '.'], id)).found
  const both = ['a/nginx.conf note', 'b/nginx.conf note']
  assert.equal(await ofRule(''), [])
  assert.equal(await ofRule('', ['--skip', 'tls']), [])
  assert.equal(await ofRule('', ['--only', 'hardening']), both)
  assert.equal(await ofRule('', ['--only', 'tls', '--only', id]), both)
  assert.equal(await ofRule('rules: {hardening: on}\n'), both)
  assert.equal(await ofRule(`rules: {hardening: on, ${id}: off}\n`), [])
  assert.equal(await ofRule(`rules: {${id}: on, hardening: error}\n`), both)
  assert.equal(await ofRule('overrides:\n  - files: [b]\n    rules: {hardening: on}\n'), both.slice(1))
  assert.equal(await ofRule(`rules: {${id}: warning}\n`), ['a/nginx.conf warning', 'b/nginx.conf warning'])
})

test('a file extends others: what it says itself wins, then the last of them, paths stay relative to their own file', async () => {
  const files = {
    'a/nginx.conf': OLD_TLS,
    'rules/a.auditrc': `rules: {${RULE}: info}\n`,
    'rules/b.auditrc': `extends: a.auditrc\nrules: {${RULE}: error}\nignore: [old]\n`,
    'rules/old/nginx.conf': OLD_TLS,
  }
  assert.equal((await found({ ...files, '.auditrc': 'extends: rules/a.auditrc\n' })).found, [
    'a/nginx.conf note',
    'rules/old/nginx.conf note',
  ])
  assert.equal(
    (await found({ ...files, '.auditrc': 'extends: [rules/a.auditrc, rules/b.auditrc]\n' })).found,
    ['a/nginx.conf error'],
  )
  const own = `extends: [rules/b.auditrc]\nrules: {tls: warning}\n`
  assert.equal((await found({ ...files, '.auditrc': own })).found, ['a/nginx.conf warning'])
})

test('what cannot be extended is one line: a loop, a file that is not there, one above the directory', async () => {
  const tree = { 'repository/nginx.conf': OLD_TLS, 'outside.auditrc': 'secret-word: 1\n' }
  const cases: readonly (readonly [Readonly<Record<string, string>>, RegExp])[] = [
    [{ 'repository/.auditrc': 'extends: .auditrc\n' }, /`extends`: \.auditrc extends this file in turn$/],
    [
      { 'repository/.auditrc': 'extends: b\n', 'repository/b': 'extends: .auditrc\n' },
      /b: `extends`: \.auditrc extends this file in turn$/,
    ],
    [{ 'repository/.auditrc': 'extends: gone\n' }, /`extends`: gone: no such file or directory$/],
    [
      { 'repository/.auditrc': 'extends: ../outside.auditrc\n' },
      /`extends`: \.\.\/outside\.auditrc leads out of the directory of this file/,
    ],
    [
      { 'repository/.auditrc': 'extends: b/c\n', 'repository/b/c': 'extends: ../d\n', 'repository/d': '' },
      /c: `extends`: \.\.\/d leads out of the directory/,
    ],
    [
      { 'repository/.auditrc': 'extends: b\n', 'repository/b': 'rulez: 1\n' },
      /repository\/b:1:1: unknown key "rulez"/,
    ],
  ]
  for (const [files, message] of cases) {
    const { code, out, errors } = await runIn(scratchTree({ ...tree, ...files }), ['repository'])
    assert.equal([code, out, errors.length], [2, '', 1], errors.join('\n'))
    assert.match(errors[0] ?? '', message)
    assert.not.match(errors[0] ?? '', /secret-word/)
  }
  const named = {
    ...tree,
    'x.auditrc': 'extends: repository/up.auditrc\n',
    'repository/up.auditrc': `rules: {${RULE}: error}\n`,
  }
  assert.equal((await found(named, ['--config', 'x.auditrc', 'repository'])).found, [
    'repository/nginx.conf error',
  ])
})

test('of several machines each may have a file of its own, which wins for it', async () => {
  const files = {
    '.auditrc': `rules: {${RULE}: info}\n`,
    'web1/etc/nginx/nginx.conf': MAIN,
    'web2/etc/nginx/nginx.conf': MAIN,
    'web2/etc/nginx/old/nginx.conf': MAIN,
    'web2/.auditrc': `rules: {${RULE}: error}\nversions: {nginx: 1.18.0}\nignore: [etc/nginx/old]\n`,
  }
  assert.equal((await found(files)).found, [
    'web1/etc/nginx/nginx.conf note',
    'web2/etc/nginx/nginx.conf error',
  ])
  const { errors } = await found(files, ['-v', '.'])
  assert.ok(
    errors.some(line => line.startsWith('nginx 1.18.0 (as .auditrc says): web2/')),
    errors.join('\n'),
  )
  assert.ok(
    errors.some(line => line.startsWith('nginx 1.2') && line.includes('web1/')),
    errors.join('\n'),
  )
  assert.equal((await found(files, ['--no-config', '.'])).found.length, 2)
  const rooted = { ...files, 'web2/.auditrc': 'root: etc\n' }
  assert.match(
    (await found(rooted)).errors.join(),
    /web2\/\.auditrc: `root`: this file lies in the root of its machine already$/,
  )
})

test('mistakes in overrides are named at their place', async () => {
  const mistakes = [
    'overrides:\n  - files: [a]\n    rules: {tls/weak: off}\n',
    'overrides:\n  - file: [a]\n',
    'overrides:\n  - files: ["!a"]\n    rules: {tls: off}\n',
  ]
  const messages = [
    /:3:13: unknown rule "tls\/weak"/,
    /:2:5: unknown key "file": did you mean "files"\?/,
    /`overrides`: `!a`: what matches cannot be taken back/,
  ]
  for (const [index, auditrc] of mistakes.entries()) {
    const { errors } = await found({ '.auditrc': auditrc, 'nginx.conf': OLD_TLS })
    assert.match(errors.join(), messages[index] ?? /$^/)
  }
})

test.run()
