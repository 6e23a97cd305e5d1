import type { Rule } from '../../src/engine/rule.ts'
import { CONTROLS, type Control } from '../benchmarks.ts'
import type { GeneratedFile } from '../generated-file.ts'
import { loadRules } from '../load-rules.ts'

const INTRODUCTION = `# Benchmarks

What the benchmarks of CIS, dev-sec and Lynis ask of nginx and Apache, and the rule that tells where it is not so. The rules
of the group \`hardening\` report what breaks nothing and opens nothing by itself, and are off unless they are asked for:

\`\`\`sh
deploy-audit --only hardening web1/etc
\`\`\`

or beside the others, in \`.auditrc\`:

\`\`\`yaml
rules:
  hardening: on
\`\`\`

The numbers of CIS are those of the editions 1.0 and 2.0 (nginx) and 2.0 (Apache 2.4); where later editions number anew, a
control has its title alone. Rules ask what holds, not what is written: a value that a server or location replaces is
reported there, and what a missing or unread file may set is not reported.`

/** The page that leads from each control of a benchmark to its rules, or says why it has none. */
export async function generateBenchmarks(): Promise<GeneratedFile> {
  const rules = (await loadRules()).map(({ rule }) => rule)
  const tables = CONTROLS.map(([benchmark, controls]) =>
    [
      `## ${benchmark}\n`,
      '| control | about | rules |',
      '| --- | --- | --- |',
      ...controls.map(control => `| ${control.id} | ${control.about} | ${answerOf(control, rules)} |`),
    ].join('\n'),
  )
  const content = ['<!-- Written by `npm run generate`. -->', INTRODUCTION, ...tables].join('\n\n')
  return { path: 'docs/benchmarks.md', content: `${content}\n` }
}

function answerOf({ id, rules: others = [], why }: Control, rules: readonly Rule[]): string {
  const own = rules.filter(({ controls = [] }) => controls.includes(id)).map(rule => rule.id)
  const known = new Set(rules.map(rule => rule.id))
  const links = [...own, ...others.filter(other => known.has(other))].map(
    rule => `[${rule}](rules/${rule}.md)`,
  )
  return [links.join(', '), why ?? ''].filter(Boolean).join('; ')
}
