import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { scratchTree } from '../files/scratch-tree.ts'
import { runIn } from './harness.ts'

const OLD_TLS =
  'server {\n  listen 443 ssl;\n  ssl_certificate /a;\n  ssl_certificate_key /b;\n  ssl_protocols TLSv1;\n}\n'

async function audit(directory: string, words: readonly string[]) {
  const { code, out, errors } = await runIn(directory, [
    '-f',
    'json',
    '--only',
    'tls/weak-protocol',
    ...words,
  ])
  return { code, errors, ...(out === '' ? {} : JSON.parse(out)) }
}

test('what a baseline lists is accepted, wherever its line has moved to; what is new fails', async () => {
  const directory = scratchTree({ 'a.conf': OLD_TLS })
  const written = await audit(directory, ['.', '--write-baseline', 'base.json'])
  assert.equal([written.code, written.findings.length, written.errors], [0, 1, ['base.json lists 1 finding']])
  const inText = await runIn(directory, ['.', '--write-baseline', 'other.json'])
  assert.equal([inText.code, inText.out], [0, ''])
  writeFileSync(join(directory, 'a.conf'), `# moved\n\n\n${OLD_TLS}`)
  const known = await audit(directory, ['.', '--baseline', 'base.json'])
  assert.equal([known.code, known.findings, known.summary.warning, known.errors], [0, [], 0, []])
  assert.equal(known.suppressed[0].suppression, {
    kind: 'external',
    reason: 'it is in the baseline',
    file: 'base.json',
    line: 1,
  })
  writeFileSync(join(directory, 'b.conf'), OLD_TLS)
  const fresh = await audit(directory, ['.', '--baseline', 'base.json'])
  assert.equal([fresh.code, fresh.findings.length, fresh.findings[0].file], [1, 1, 'b.conf'])
})

test('entries that are found no more are said, and taken out on request', async () => {
  const directory = scratchTree({ 'a.conf': OLD_TLS, 'sub/b.conf': OLD_TLS })
  await audit(directory, ['.', '--write-baseline', 'base.json'])
  writeFileSync(join(directory, 'a.conf'), OLD_TLS.replace('TLSv1', 'TLSv1.3'))
  const { code, errors } = await audit(directory, ['.', '--baseline', 'base.json'])
  assert.is(code, 0)
  assert.match(
    errors.join('\n'),
    /^base\.json: 1 of 2 entries are found no more: --prune-baseline removes them\n {2}a\.conf: tls\/weak-protocol: /,
  )
  // Where only a part is audited, or the rule does not run, nothing is told.
  assert.equal((await audit(directory, ['sub', '--baseline', 'base.json'])).errors, [])
  assert.is((await audit(directory, ['sub', '--baseline', 'base.json'])).suppressed.length, 1)
  const other = await runIn(directory, ['--only', 'wsgi', '--baseline', 'base.json', '.'])
  assert.equal(other.errors, [])
  await audit(directory, ['.', '--baseline', 'base.json', '--prune-baseline'])
  const files = JSON.parse(readFileSync(join(directory, 'base.json'), 'utf8')).findings.map(
    ({ file }: { file: string }) => file,
  )
  assert.equal(files, ['sub/b.conf'])
})

test('what is no baseline, or asked of none, is one line', async () => {
  const directory = scratchTree({ 'a.conf': OLD_TLS, 'x.json': '{"version": 2}', 'y.json': 'x' })
  for (const [words, message] of [
    [['--baseline', 'gone.json'], /gone\.json: cannot be read: no such file/],
    [['--baseline', 'x.json'], /x\.json: no baseline of deploy-audit/],
    [['--baseline', 'y.json'], /y\.json: no baseline of deploy-audit/],
    [['--prune-baseline'], /--prune-baseline needs --baseline/],
    [['--baseline', 'x', '--write-baseline', 'x'], /exclude each other/],
  ] as const) {
    const { code, errors } = await audit(directory, ['.', ...words])
    assert.is(code, 2)
    assert.match(errors.join('\n'), message)
  }
})

test.run()
