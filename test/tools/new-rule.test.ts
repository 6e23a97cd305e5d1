import { existsSync, readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { newRule } from '../../tools/new-rule.ts'

const read = (path: string): string | null => (existsSync(path) ? readFileSync(path, 'utf8') : null)
const none = (): null => null

test('a new rule of a known group, beside the live cases that it has', () => {
  const files = newRule('tls/anything-new', '0.1.0', read)
  assert.equal([...files.keys()], ['rules/tls/anything-new.ts', 'test/live/cases/tls.ts'])
  const cases = files.get('test/live/cases/tls.ts') ?? ''
  const added = /^ {2}\{\n {4}rule: 'tls\/anything-new',\n[\s\S]*?^ {2}\},\n(?=\])/m.exec(cases)?.[0] ?? ''
  assert.is.not(added, '')
  assert.is(cases.replace(added, ''), read('test/live/cases/tls.ts'))
})

test('a new group gets the test that runs its cases', () => {
  const files = newRule('grpc/anything-new', '0.1.0', none)
  assert.match(files.get('test/live/rules-grpc.server.test.ts') ?? '', /import\('\.\/cases\/grpc\.ts'\)/)
  assert.match(files.get('test/live/cases/grpc.ts') ?? '', /^import type[\s\S]*\[\n {2}\{\n {4}rule: 'grpc\//)
})

test('an id that no rule may have, or that one has, is refused', () => {
  for (const id of ['', 'tls', 'TLS/x', 'tls/', 'tls/a/b', '../tls/x', 'tls/a--b', 'tls/weak-protocol'])
    assert.throws(
      () => newRule(id, '0.1.0', read),
      (error: Error) => error instanceof RangeError,
      id,
    )
})

test.run()
