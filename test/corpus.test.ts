import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { isOnByDefault } from '../src/engine/asked-for.ts'
import type { Report } from '../src/engine/report.ts'
import { severityAtLeast } from '../src/engine/severity.ts'
import { loadRules } from '../tools/load-rules.ts'
import { scratchTree } from './files/scratch-tree.ts'
import { auditDirectory } from './rules/audit-directory.ts'
import { TEN, tenDeployments } from './ten-deployments.ts'

const CORPUS = resolve('test/corpus')
const rules = (await loadRules()).map(({ rule }) => rule).filter(({ id }) => isOnByDefault(id))

function lines({ findings }: Report): readonly string[] {
  return findings.map(
    ({ at, severity, rule, message }) =>
      `${at.file}:${at.line}:${at.column}: ${severity}[${rule}] ${message}`,
  )
}

for (const name of readdirSync(CORPUS).sort()) {
  const directory = join(CORPUS, name)
  const expected = join(directory, 'expected.txt')
  if (!existsSync(expected)) continue
  test(`${name}: exactly what is expected`, async () => {
    const report = await auditDirectory(directory, rules)
    assert.equal(report.crashes, [])
    assert.is(`${lines(report).join('\n')}\n`, readFileSync(expected, 'utf8'))
  })
}

/** Only what is loud: information about a deployment of a few lines tells nothing of its fault. */
function loudLines(report: Report): string {
  const loud = report.findings.filter(({ severity }) => severityAtLeast(severity, 'warning'))
  return lines({ ...report, findings: loud })
    .map(line => `${line}\n`)
    .join('')
}

for (const { name, broken, repaired } of tenDeployments()) {
  test(`ten/${name}: the fault is found, and gone where it is repaired`, async () => {
    for (const [kind, files] of Object.entries({ broken, repaired })) {
      const report = await auditDirectory(scratchTree(files), rules)
      assert.equal(report.crashes, [])
      assert.ok(report.programs.every(({ accepted }) => accepted))
      assert.is(loudLines(report), readFileSync(join(TEN, name, kind, 'expected.txt'), 'utf8'), kind)
    }
  })
}

for (const name of readdirSync(join(CORPUS, 'ok')).sort()) {
  test(`ok/${name}: no warning and no error`, async () => {
    const report = await auditDirectory(join(CORPUS, 'ok', name), rules)
    assert.equal(report.crashes, [])
    const loud = report.findings.filter(({ severity }) => severityAtLeast(severity, 'warning'))
    assert.equal(lines({ ...report, findings: loud }), [])
    assert.ok(report.programs.every(({ accepted }) => accepted))
  })
}

test.run()
