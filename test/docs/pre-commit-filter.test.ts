import { readFileSync } from 'node:fs'
import glob from 'fast-glob'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parse } from 'yaml'
import { rules } from '../../rules/index.generated.ts'
import { discover } from '../../src/files/discover.ts'
import { splitNginxDump } from '../../src/servers/nginx/dump.ts'
import { auditFiles } from '../rules/audit-files.ts'
import { unmark } from '../rules/marks.ts'

const [hook]: readonly { readonly files: string }[] = parse(readFileSync('.pre-commit-hooks.yaml', 'utf8'))
// Python's verbose expressions: white space means nothing, and none stands in a class here.
const filter = new RegExp((hook?.files ?? '').replace(/^\(\?x\)/, '').replace(/\s+/g, ''))

/** Of this the audit asks alone whether it is there, which router, platform or filter it names, or whether it names static files. */
const NOT_READ = /\.(?:sql|jsx|java)$|(?:^|\/)README\.md$|(?:^|\/)templates\/.+\.html$/

test('every file that an audit of an example reads makes pre-commit run it', () => {
  const missed = new Set<string>()
  let count = 0
  for (const rule of rules)
    for (const { files, modes } of [...rule.bad, ...rule.good]) {
      for (const listed of auditFiles(unmark(files).files, [rule], undefined, modes).fileList) {
        if (!('as' in listed) || NOT_READ.test(listed.path)) continue
        count++
        if (!filter.test(listed.path)) missed.add(`${rule.id}: ${listed.path}`)
      }
    }
  assert.ok(count > 2000, String(count))
  assert.equal([...missed], [])
})

test('so does every file that is read of the trees that the tests keep', async () => {
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
        if (!filter.test(name)) missed.add(`${directory}: ${name}`)
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
    assert.not.ok(filter.test(path), path)
})

test.run()
