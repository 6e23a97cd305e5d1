import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { bundle, bundleScript, inAscii, writeCache } from '../../tools/bundle.ts'

mkdirSync('node_modules/.cache', { recursive: true })
const directory = mkdtempSync(resolve('node_modules/.cache/deploy-audit-'))
process.on('exit', () => rmSync(directory, { recursive: true, force: true }))
await bundle(directory)
await writeCache(directory)
await bundleScript('src/load-program.ts', join(directory, 'load-program.cjs'))

function node(...words: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, [...words], { encoding: 'utf8' })
  assert.ok(status === 0 || status === 1, stderr)
  return stdout
}

const isCached = (): string =>
  node(
    '-p',
    'require(process.argv[1]).loadProgram(process.argv[2]).isCached',
    join(directory, 'load-program.cjs'),
    directory,
  )
const audit = (): string =>
  node(join(directory, 'deploy-audit.js'), '--no-config', '--format', 'json', 'examples/broken')

test('the program starts from the code that V8 made during the build', () => {
  assert.is(isCached(), 'true\n')
})

test('it says the same without that code, and with code that is not its own', () => {
  const said = audit()
  assert.match(said, /"rule": "/)
  const path = join(directory, 'program.cache')
  const cache = readFileSync(path)
  for (const other of [cache.subarray(0, cache.length >> 1), Buffer.from('V8'), Buffer.alloc(0)]) {
    writeFileSync(path, other)
    assert.is(isCached(), 'false\n')
    assert.is(audit(), said)
  }
  rmSync(path)
  assert.is(isCached(), 'false\n')
  assert.is(audit(), said)
  writeFileSync(path, cache)
})

test('a character beyond ASCII means the same in the bundle, also in a regular expression', () => {
  assert.not.match(readFileSync(join(directory, 'program.cjs'), 'latin1'), /[^\0-\x7f]/)
  assert.not.match(node(join(directory, 'deploy-audit.js'), 'explain', 'topology/resolver-missing'), /[«»]/)
  assert.is(inAscii('/[uµ]s|[你您]|😀/u'), String.raw`/[u\u00b5]s|[\u4f60\u60a8]|\ud83d\ude00/u`)
})

test('the library is what the sources export', async () => {
  const url = pathToFileURL(join(directory, 'index.js')).href
  const { run: _, ...library } = await import('../../src/program.ts')
  const built = node('--input-type=module', '-e', `console.log(Object.keys(await import('${url}')).join())`)
  // A module has all that a script exports as its default, too.
  assert.equal(built.trim().split(','), [...Object.keys(library), 'default'].sort())
})

test.run()
