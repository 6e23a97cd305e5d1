import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { rules } from '../../rules/index.generated.ts'
import { EMPTY_AUDITRC } from '../../src/cli/auditrc/auditrc.ts'
import { findAuditrc } from '../../src/cli/auditrc/find-auditrc.ts'
import { parseAuditrc } from '../../src/cli/auditrc/parse-auditrc.ts'
import { ruleNames } from '../../src/cli/rule-selection.ts'
import { STARTER } from '../../src/cli/run-init.ts'
import { InputError } from '../../src/files/input-error.ts'
import { scratchTree } from '../files/scratch-tree.ts'

const names = ruleNames(rules)

function fails(text: string, message: string): void {
  assert.throws(
    () => parseAuditrc(text, '.auditrc', names),
    (error: unknown) => {
      assert.is((error as Error).message, message)
      return error instanceof InputError
    },
  )
}

test('the example is complete and loads', () => {
  const text = readFileSync('.auditrc.example', 'utf8')
  const auditrc = parseAuditrc(text, '.auditrc.example', names)
  assert.is(auditrc.root, 'web1')
  assert.equal(auditrc.versions, { nginx: '1.22.1', apache: '2.4.62' })
  assert.equal(auditrc.includeMap, [{ from: '/etc/nginx/snippets', to: 'web1/shared/nginx-snippets' }])
  assert.equal(auditrc.defines, ['SSL'])
  assert.is(auditrc.rules.get('sizing'), 'off')
  assert.is(auditrc.rules.get('tls/weak-protocol'), 'error')
  assert.is(auditrc.facts.threadSafe, true)
  assert.is(auditrc.facts.memory, 4 * 1024 ** 3)
  const schema = JSON.parse(readFileSync('docs/auditrc.schema.json', 'utf8'))
  const keys = Object.keys(schema.properties)
  for (const key of keys) assert.match(text, new RegExp(`^${key}:`, 'm'), key)
  for (const fact of Object.keys(schema.properties.facts.properties))
    assert.ok(text.includes(`  ${fact}:`), fact)
})

test('what init writes loads, as it stands and with its comments taken away', () => {
  assert.equal(parseAuditrc(STARTER, '.auditrc', names), EMPTY_AUDITRC)
  const used = STARTER.replace(/^# (?=\s*[\w/-]+:(?!\/)|\s+-)/gm, '')
  assert.is(parseAuditrc(used, '.auditrc', names).rules.get('sizing'), 'off')
})

test('JSON is read too, and nothing at all is nothing', () => {
  assert.equal(parseAuditrc('rules:\n', '.auditrc', names), EMPTY_AUDITRC)
  assert.is(parseAuditrc('{"facts": {"threadSafe": false}}', '.auditrc', names).facts.threadSafe, false)
  assert.equal(parseAuditrc('# nothing\n', '.auditrc', names), EMPTY_AUDITRC)
})

test('a version or a port is the text that was written, not the number that YAML makes of it', () => {
  const { versions, facts } = parseAuditrc(
    'versions:\n  nginx: 1.30\n  apache: 2.40\nfacts:\n  publicListeners: [9000]\n',
    '.auditrc',
    names,
  )
  assert.equal(versions, { nginx: '1.30', apache: '2.40' })
  assert.equal(facts.publicListeners, ['9000'])
  assert.is(parseAuditrc('{"versions": {"nginx": 1.10}}', '.auditrc', names).versions.nginx, '1.10')
  fails(
    'versions:\n  nginx: 1e3\n',
    '.auditrc:2:10: `versions.nginx`: expected a version such as 1.24.0, not "1e3"',
  )
})

test('mistakes are named at their place', () => {
  fails('ignroe: []\n', '.auditrc:1:1: unknown key "ignroe": did you mean "ignore"?')
  fails(
    'rules:\n  tls/weak-protcol: off\n',
    '.auditrc:2:3: unknown rule "tls/weak-protcol": did you mean "tls/weak-protocol"?',
  )
  fails(
    'rules:\n  timeouts/inverted: off\n',
    '.auditrc:2:3: the rule "timeouts/inverted" was renamed to "timeouts/nginx-below-apache"',
  )
  fails(
    'rules:\n  tls: high\n',
    '.auditrc:2:8: `rules.tls`: expected off, on, info, warning or error, not "high"',
  )
  fails('facts:\n  threadsafe: true\n', '.auditrc:2:3: unknown key "threadsafe": did you mean "threadSafe"?')
  fails('facts:\n  threadSafe: maybe\n', '.auditrc:2:15: `facts.threadSafe`: expected boolean, not "maybe"')
  fails('ignore:\n  - 1\n', '.auditrc:2:5: `ignore.0`: expected string, not 1')
  fails(
    'versions:\n  nginx: new\n',
    '.auditrc:2:10: `versions.nginx`: expected a version such as 1.24.0, not "new"',
  )
  fails('facts: {memory: much}\n', '.auditrc:1:17: `facts.memory`: expected a size such as 4 GB, not "much"')
  fails(
    'facts:\n  outerProxies:\n    - 10.0.0.0/8\n    - 300.1.1.1\n',
    '.auditrc:4:7: `facts.outerProxies.1`: expected an address or a network such as 192.0.2.0/24, not "300.1.1.1"',
  )
  fails('- a\n', '.auditrc:1:1: expected keys such as `rules:`')
  fails('root: a\nroot: b\n', '.auditrc:2:1: Map keys must be unique')
  fails('root: a\n---\nroot: b\n', '.auditrc:2:1: a second document begins, and one is read')
  fails(
    'rules: {\n',
    '.auditrc:2:1: Flow map in block collection must be sufficiently indented and end with a }',
  )
})

test('the nearest file counts, up to the top of the repository', () => {
  const directory = scratchTree({
    '.auditrc': '',
    'a/.auditrc': '',
    'a/b/site.conf': '',
    'repository/.git/HEAD': '',
    'repository/c/x': '',
  })
  assert.is(findAuditrc(join(directory, 'a/b/site.conf')), join(directory, 'a/.auditrc'))
  assert.is(findAuditrc(join(directory, 'a')), join(directory, 'a/.auditrc'))
  assert.is(findAuditrc(join(directory, 'z/gone')), join(directory, '.auditrc'))
  assert.is(findAuditrc(join(directory, 'repository/c')), null)
})

test.run()
