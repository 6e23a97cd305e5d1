import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  linkSync,
  lstatSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { textSource } from '../../parsers/text/source.ts'
import { writeFixed } from '../../src/cli/fix/write-fixed.ts'
import { scratchTree } from '../files/scratch-tree.ts'
import { runIn } from './harness.ts'

const site = (lines: string): string =>
  `server {\n  listen 443 ssl;\n  ssl_certificate /a;\n  ssl_certificate_key /b;\n${lines}}\n`
const OLD = site('  ssl_protocols TLSv1 TLSv1.2;\n')
const IGNORED = site(
  '  # deploy-audit-ignore tls/weak-protocl, tls/weak-protocol -- old terminals\n  ssl_protocols TLSv1;\n',
)
const ONLY = ['--only', 'tls/weak-protocol,suppression', '--fail-on', 'info']

test('--fix applies what is safe, --fix-unsafe all, and what is left is reported', async () => {
  const directory = scratchTree({ 'a.conf': OLD, 'b.conf': IGNORED })
  const safe = await runIn(directory, ['-f', 'concise', '--fix', ...ONLY, '.'])
  assert.equal([safe.code, safe.errors], [1, ['1 fix applied in 1 file']])
  assert.match(safe.out, /^a\.conf:5:17: note: .*\[tls\/weak-protocol\][^\n]*\n$/)
  assert.is(readFileSync(join(directory, 'a.conf'), 'utf8'), OLD)
  assert.match(
    readFileSync(join(directory, 'b.conf'), 'utf8'),
    /# deploy-audit-ignore tls\/weak-protocol, tls\/weak-protocol --/,
  )
  const unsafe = await runIn(directory, ['-f', 'concise', '--fix-unsafe', ...ONLY, '.'])
  assert.equal([unsafe.code, unsafe.out], [0, ''])
  assert.match(
    readFileSync(join(directory, 'a.conf'), 'utf8'),
    /ssl_protocols TLSv1\.2 TLSv1\.3;|ssl_protocols TLSv1\.2;/,
  )
  assert.equal(readdirSync(directory).sort(), ['a.conf', 'b.conf'])
})

test('--diff prints what would change, as patch reads it, and changes nothing', async () => {
  const directory = scratchTree({ 'sub/a.conf': OLD })
  const { code, out } = await runIn(directory, ['--diff', '--fix-unsafe', ...ONLY, '.'])
  assert.is(code, 1)
  assert.match(out, /^--- a\/sub\/a\.conf\n\+\+\+ b\/sub\/a\.conf\n@@ /m)
  assert.is(readFileSync(join(directory, 'sub/a.conf'), 'utf8'), OLD)
  const patched = spawnSync('patch', ['-p1', '--dry-run'], { cwd: directory, input: out, encoding: 'utf8' })
  if (patched.error === undefined) assert.is(patched.status, 0, patched.stdout + patched.stderr)
  const nothing = await runIn(directory, ['--diff', ...ONLY, '.'])
  assert.equal([nothing.code, nothing.out], [0, ''])
})

test('a diff shows no secret of the lines around a change', async () => {
  const directory = scratchTree({ 'a.conf': site('  set $password hunter2zz;\n  ssl_protocols TLSv1;\n') })
  const { out } = await runIn(directory, ['--diff', '--fix-unsafe', ...ONLY, '.'])
  assert.match(out, /^\+ {2}ssl_protocols/m)
  assert.not.match(out, /hunter2zz/)
  await runIn(directory, ['--fix-unsafe', ...ONLY, '.'])
  assert.match(readFileSync(join(directory, 'a.conf'), 'utf8'), /set \$password hunter2zz;/)
})

test('a file keeps its mode, its owner, its encoding and its line ends, and a link what it leads to', async () => {
  const directory = scratchTree({
    'sites-available/a.conf': OLD,
    'sites-enabled/a.conf': '-> ../sites-available/a.conf',
  })
  const file = join(directory, 'sites-available/a.conf')
  const bytes = Buffer.from(`# caf\u00e9\n${OLD}`.replaceAll('\n', '\r\n'), 'latin1')
  writeFileSync(file, bytes)
  chmodSync(file, 0o640)
  const isRoot = process.getuid?.() === 0
  if (isRoot) chownSync(file, 33, 34)
  const { errors } = await runIn(directory, ['-q', '--fix-unsafe', ...ONLY, '.'])
  assert.match(errors.join('\n'), /^1 fix applied/)
  const now = readFileSync(file)
  assert.ok(now.includes(Buffer.from('caf\u00e9', 'latin1')))
  assert.not.match(now.toString('latin1'), /TLSv1 |[^\r]\n/)
  const { mode, uid, gid } = statSync(file)
  assert.is(mode & 0o7777, 0o640)
  if (isRoot) assert.equal([uid, gid], [33, 34])
  assert.ok(lstatSync(join(directory, 'sites-enabled/a.conf')).isSymbolicLink())
})

test('no file is written that lies elsewhere, has changed, has other names, or is none', () => {
  const directory = scratchTree({
    'root/a.conf': 'a\n',
    'outside/b.conf': 'b\n',
    'root/link.conf': '-> ../outside/b.conf',
  })
  linkSync(join(directory, 'outside/b.conf'), join(directory, 'root/hard.conf'))
  symlinkSync('/dev/null', join(directory, 'root/device.conf'))
  const cases: readonly (readonly [string, string, RegExp])[] = [
    ['root/link.conf', 'b\n', /outside of the root/],
    ['root/hard.conf', 'b\n', /several hard links/],
    ['root/device.conf', '', /outside of the root/],
    ['root/gone.conf', '', /no such file/],
    ['root/a.conf', 'another\n', /has changed since it was read/],
  ]
  for (const [name, read, message] of cases) {
    const path = join(directory, name)
    const good = {
      name: 'root/a.conf',
      path: join(directory, 'root/a.conf'),
      source: textSource('/a.conf', 'a\n'),
      text: 'A\n',
      within: [join(directory, 'root')],
    }
    const bad = {
      name,
      path,
      source: textSource('/x', read),
      text: 'changed\n',
      within: [join(directory, 'root')],
    }
    assert.throws(() => writeFixed([good, bad]), message)
    // All or nothing: neither the other file nor anything beside it.
    assert.is(readFileSync(join(directory, 'root/a.conf'), 'utf8'), 'a\n', name)
    assert.is(readFileSync(join(directory, 'outside/b.conf'), 'utf8'), 'b\n', name)
    assert.equal(readdirSync(join(directory, 'root')).sort(), [
      'a.conf',
      'device.conf',
      'hard.conf',
      'link.conf',
    ])
  }
})

test('several passes: fixes that conflict wait, and fixing again changes nothing', async () => {
  const comment = '# deploy-audit-ignore tls/weak-protocol, suppression/unused -- old\n'
  const directory = scratchTree({ 'a.conf': site(`  ${comment}  ssl_protocols TLSv1.2;\n`) })
  const { code, errors } = await runIn(directory, ['--fix', '--fail-on', 'info', ...ONLY, '.'])
  assert.is(code, 0, errors.join('\n'))
  const text = readFileSync(join(directory, 'a.conf'), 'utf8')
  assert.is(text, site('  ssl_protocols TLSv1.2;\n'))
  const again = await runIn(directory, ['--fix', ...ONLY, '.'])
  assert.equal([again.code, again.errors], [0, ['0 fixes applied in 0 files']])
})

test('what is suppressed, ignored or in a baseline is not fixed', async () => {
  const comment = '  # deploy-audit-ignore tls/weak-protocol -- old\n  ssl_protocols TLSv1 TLSv1.2;\n'
  const directory = scratchTree({
    'a.conf': site(comment),
    'b.conf': OLD,
    'c.conf': OLD,
    '.auditrc': 'ignore: [b.conf]\n',
  })
  await runIn(directory, ['--write-baseline', 'base.json', ...ONLY, '.'])
  const { out } = await runIn(directory, ['--diff', '--fix-unsafe', '--baseline', 'base.json', ...ONLY, '.'])
  assert.is(out, '')
})

test('standard input is not fixed', async () => {
  const { code, errors } = await runIn(scratchTree({}), ['--fix', '-'], { input: OLD })
  assert.equal([code, errors], [2, ['deploy-audit: what is read from standard input cannot be fixed']])
})

test.run()
