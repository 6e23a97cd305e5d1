import { enterNamespace } from '../live/enter-namespace.ts'

enterNamespace(import.meta.url)

const { mkdirSync, symlinkSync, writeFileSync } = await import('node:fs')
const { dirname, join, resolve } = await import('node:path')
const { pathToFileURL } = await import('node:url')
const { test } = await import('uvu')
const assert: typeof import('uvu/assert') = await import('uvu/assert')
const { auditFiles } = await import('../rules/audit-files.ts')
const { unmark } = await import('../rules/marks.ts')
const { scratchTree } = await import('../files/scratch-tree.ts')
const { newRule } = await import('../../tools/new-rule.ts')
const { proveRule } = await import('../live/prove.ts')

type Rule = import('../../src/engine/rule.ts').Rule
type LiveCase = import('../live/live-case.ts').LiveCase

const ID = 'fresh/anything-new'
const directory = scratchTree({ 'package.json': '{"type":"module"}\n' })
for (const name of ['src', 'parsers', 'node_modules']) symlinkSync(resolve(name), join(directory, name))
for (const [path, text] of newRule(ID, '0.1.0', () => null)) {
  mkdirSync(join(directory, dirname(path)), { recursive: true })
  writeFileSync(join(directory, path), text)
}
const load = async <T>(path: string): Promise<T> => import(pathToFileURL(join(directory, path)).href)
const { default: definition } = await load<{ default: Omit<Rule, 'id'> }>(`rules/${ID}.ts`)
const { cases } = await load<{ cases: readonly LiveCase[] }>('test/live/cases/fresh.ts')
const rule: Rule = { id: ID, ...definition }

test('the examples of a new rule run', () => {
  for (const { files } of rule.bad) {
    const { files: plain, marks } = unmark(files)
    const { findings } = auditFiles(plain, [rule])
    assert.equal(
      findings.map(({ at }) => `${at.file}:${at.start}-${at.end}`),
      marks,
    )
  }
  for (const { files } of rule.good) assert.equal(auditFiles(unmark(files).files, [rule]).findings, [])
})

test('its live case runs', async () => {
  assert.is(cases.length, 1)
  for (const live of cases) await proveRule(rule, live)
})

test.run()
