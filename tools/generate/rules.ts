import { readFileSync } from 'node:fs'
import type { Rule } from '../../src/engine/rule.ts'
import type { GeneratedFile } from '../generated-file.ts'
import { type LoadedRule, loadRules } from '../load-rules.ts'
import { rulePage } from '../rule-page.ts'

/** What follows from the rules' own files: the index, a page each, and the README's table. */
export async function generateRules(): Promise<readonly GeneratedFile[]> {
  const loaded = await loadRules()
  const rules = loaded.map(({ rule }) => rule)
  return [
    ruleIndex(loaded),
    ...rules.map(rule => ({ path: `docs/rules/${rule.id}.md`, content: rulePage(rule) })),
    readme(rules),
  ]
}

function ruleIndex(loaded: readonly LoadedRule[]): GeneratedFile {
  const name = ({ rule }: LoadedRule): string =>
    rule.id.replace(/[/-]+(.)/g, (_, letter: string) => letter.toUpperCase())
  const content = [
    '// Written by `npm run generate` from the files of this folder.',
    "import type { Rule } from '../src/engine/rule.ts'",
    ...loaded.map(entry => `import ${name(entry)} from './${entry.path.slice('rules/'.length)}'`),
    '',
    '/** Every rule, sorted by id; the id is the path. */',
    'export const rules: readonly Rule[] = [',
    ...loaded.map(entry => `  { id: '${entry.rule.id}', ...${name(entry)} },`),
    ']',
    '',
  ]
  return { path: 'rules/index.generated.ts', content: content.join('\n') }
}

const OPEN = '<!-- rules: written by `npm run generate` -->'
const CLOSE = '<!-- /rules -->'

const PROOF = `Every rule that warns is shown live: the tests start the servers with the rule's own bad and good example and
see the difference in an answer. Where no loopback can show the harm, the page of the rule says why.`

function readme(rules: readonly Rule[]): GeneratedFile {
  const text = readFileSync('README.md', 'utf8')
  const start = text.indexOf(OPEN)
  const end = text.indexOf(CLOSE)
  if (start === -1 || end === -1) throw new Error(`README.md: the marks ${OPEN} and ${CLOSE} are missing`)
  const table = [
    '| rule | severity | what it finds |',
    '| --- | --- | --- |',
    ...rules.map(
      rule => `| [${rule.id}](docs/rules/${rule.id}.md) | ${rule.severity} | ${cell(rule.summary)} |`,
    ),
  ]
  const written = [PROOF, '', ...table]
  const content = `${text.slice(0, start)}${OPEN}\n\n${written.join('\n')}\n\n${text.slice(end)}`
  return { path: 'README.md', content }
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|')
}
