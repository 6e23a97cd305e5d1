import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'

test('a rule that was renamed takes its page and its index with it', () => {
  const copy = mkdtempSync(join(tmpdir(), 'deploy-audit-generate-'))
  try {
    for (const name of ['parsers', 'src', 'rules', 'tools', 'docs', 'test/rules', 'examples/broken'])
      cpSync(name, join(copy, name), { recursive: true })
    // Enough of the rules to see it, and those of the picture.
    for (const name of ['apache', 'sizing', 'static-files', 'timeouts', 'wsgi'])
      rmSync(join(copy, 'rules', name), { recursive: true })
    for (const name of ['README.md', 'package.json', 'tsconfig.json']) cpSync(name, join(copy, name))
    symlinkSync(resolve('node_modules'), join(copy, 'node_modules'))
    const generate = (...words: readonly string[]) =>
      spawnSync(process.execPath, ['--import', 'tsx', 'tools/generate.ts', ...words], {
        cwd: copy,
        encoding: 'utf8',
      })
    renameSync(join(copy, 'rules/tls/weak-protocol.ts'), join(copy, 'rules/tls/old-protocol.ts'))
    const check = generate('--check')

    assert.is(check.status, 1)
    assert.match(check.stderr, /^rules\/index\.generated\.ts: not fresh\n[\s\S]*run `npm run generate`\n$/)
    const written = generate()
    assert.is(written.status, 0, written.stderr)
    assert.not.ok(existsSync(join(copy, 'docs/rules/tls/weak-protocol.md')))
    assert.match(readFileSync(join(copy, 'docs/rules/tls/old-protocol.md'), 'utf8'), /^# tls\/old-protocol\n/)
    assert.match(readFileSync(join(copy, 'rules/index.generated.ts'), 'utf8'), /'\.\/tls\/old-protocol\.ts'/)
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
})

test.run()
