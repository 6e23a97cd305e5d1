import { readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { loadRules } from '../../tools/load-rules.ts'

test('a rule says of each severity that its check names where its findings have it', async () => {
  const silent: string[] = []
  for (const { path, rule } of await loadRules()) {
    const text = readFileSync(path, 'utf8')
    const check = text.slice(text.indexOf('*check('))
    for (const [assigned] of check.matchAll(/\bseverity:[^,}]*/g)) {
      for (const [, severity = ''] of assigned.matchAll(/'(info|warning|error)'/g)) {
        const isSaid = severity === rule.severity || Object.hasOwn(rule.otherSeverities ?? {}, severity)
        if (!isSaid) silent.push(`${rule.id}: ${severity}`)
      }
    }
  }
  assert.equal(silent, [])
})

test('a rule has numbers of CWE exactly where it has a security severity', async () => {
  const wrong = (await loadRules())
    .map(({ rule }) => rule)
    .filter(({ securitySeverity, cwe = [] }) => (securitySeverity === undefined) !== (cwe.length === 0))
  assert.equal(
    wrong.map(({ id }) => id),
    [],
  )
})

test.run()
