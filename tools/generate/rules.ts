import { readFileSync } from 'node:fs'
import type { Example, Rule } from '../../src/engine/rule.ts'
import type { GeneratedFile } from '../generated-file.ts'
import { type LoadedRule, loadRules } from '../load-rules.ts'

/** What follows from the rules' own files: the index, a page each, and the README's table. */
export async function generateRules(): Promise<readonly GeneratedFile[]> {
  const loaded = await loadRules()
  const rules = loaded.map(({ rule }) => rule)
  return [ruleIndex(loaded), ...rules.map(rulePage), readme(rules)]
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

function rulePage(rule: Rule): GeneratedFile {
  const facts = [
    `severity ${rule.severity}`,
    `confidence ${rule.confidence}`,
    ...(rule.securitySeverity === undefined ? [] : [`security severity ${rule.securitySeverity}`]),
    `since ${rule.since}`,
  ]
  const sections = [
    `# ${rule.id}`,
    rule.summary,
    facts.join(' · '),
    '## Why',
    rule.why,
    '## What to do',
    rule.remedy,
    '## Reported',
    ...rule.bad.flatMap(example),
    '## Not reported',
    ...rule.good.flatMap(example),
    ...(rule.unproven === undefined ? [] : ['## Not shown on a running server', rule.unproven]),
    '## References',
    rule.references.map(reference => `- <${reference}>`).join('\n'),
    '## Switching it off',
    `In \`.auditrc\`:\n\n\`\`\`yaml\nrules:\n  ${rule.id}: off\n\`\`\``,
  ]
  return { path: `docs/rules/${rule.id}.md`, content: `${sections.filter(Boolean).join('\n\n')}\n` }
}

function example({ title, files, modes = {} }: Example): string[] {
  const blocks = Object.entries(files).map(([path, text]) => {
    const fence = text.includes('```') ? '````' : '```'
    return `\`${path}\`\n\n${fence}${language(path)}\n${text.replace(/[«»]/g, '').trimEnd()}\n${fence}`
  })
  const bits = Object.entries(modes).map(([path, mode]) => `\`${path}\` ${mode.toString(8).padStart(4, '0')}`)
  const permissions = bits.length === 0 ? [] : [`Permissions: ${bits.join(', ')}`]
  return [`### ${title.charAt(0).toUpperCase()}${title.slice(1)}`, ...blocks, ...permissions]
}

function language(path: string): string {
  if (path.endsWith('.py') || path.endsWith('.wsgi')) return 'python'
  if (path.endsWith('.auditrc')) return 'yaml'
  return /nginx/.test(path) ? 'nginx' : 'apache'
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
