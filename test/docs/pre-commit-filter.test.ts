import glob from 'fast-glob'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { discover } from '../../src/files/discover.ts'
import { splitNginxDump } from '../../src/servers/nginx/dump.ts'
import { runsHook } from '../rules/runs-hook.ts'

test('every file that is read of the trees that the tests keep makes pre-commit run the hook', async () => {
  const directories = await glob('test/corpus/{ok,ten}/*', { onlyDirectories: true })
  const missed = new Set<string>()
  let count = 0
  for (const directory of directories) {
    const machines = discover([directory], {
      workingDirectory: process.cwd(),
      splitDump: splitNginxDump,
      ignores: () => false,
      as: null,
    })
    for (const { files, fileName } of machines)
      for (const { path } of files.sources()) {
        count++
        const name = fileName(path).slice(directory.length + 1)
        if (!runsHook(name)) missed.add(`${directory}: ${name}`)
      }
  }
  assert.ok(count > 100, String(count))
  assert.equal([...missed], [])
})

test('what no server and no application reads does not run it', () => {
  for (const path of [
    'README.md',
    'docs/nginx.md',
    'tsconfig.json',
    'src/view.ts',
    'web/shop.php',
    'web/app.css',
    'templates/base.html',
    'mkdocs.yml',
    '.github/workflows/ci.yml',
    'data/hosts.csv',
  ])
    assert.not.ok(runsHook(path), path)
})

test.run()
