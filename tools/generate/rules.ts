import { readFileSync } from 'node:fs'
import type { Rule } from '../../src/engine/rule.ts'
import type { GeneratedFile } from '../generated-file.ts'
import { betweenMarks } from '../between-marks.ts'
import { loadRules } from '../load-rules.ts'
import { rulePage } from '../rule-page.ts'

/** A page for each rule, and the README's table. */
export async function generateRules(): Promise<readonly GeneratedFile[]> {
  const rules = (await loadRules()).map(({ rule }) => rule)
  return [
    ...rules.map(rule => ({ path: `docs/rules/${rule.id}.md`, content: rulePage(rule) })),
    readme(rules),
  ]
}

const PROOF = `Every rule that warns is shown live: the tests start the servers with the rule's own bad and good example and
see the difference in an answer. Where no loopback can show the harm, the page of the rule says why.`

function readme(rules: readonly Rule[]): GeneratedFile {
  const table = [
    '| rule | severity | what it finds |',
    '| --- | --- | --- |',
    ...rules.map(
      rule => `| [${rule.id}](docs/rules/${rule.id}.md) | ${rule.severity} | ${cell(rule.summary)} |`,
    ),
  ]
  const written = [PROOF, '', ...table]
  const content = betweenMarks(readFileSync('README.md', 'utf8'), 'README.md', 'rules', written)
  return { path: 'README.md', content }
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|')
}
