import { groupBy } from '../../parsers/collections/group-by.ts'
import { isOnByDefault } from '../../src/engine/asked-for.ts'
import type { Rule } from '../../src/engine/rule.ts'
import type { GeneratedFile } from '../generated-file.ts'
import { loadRules } from '../load-rules.ts'
import { rulePage } from '../rule-page.ts'
import { traitsOf } from '../rule-traits.ts'
import { symptomsOf } from '../rule-symptoms.ts'

/** A page for each rule, and one that lists them. */
export async function generateRules(): Promise<readonly GeneratedFile[]> {
  const rules = (await loadRules()).map(({ rule }) => rule)
  return [
    ...rules.map(rule => ({ path: `docs/rules/${rule.id}.md`, content: rulePage(rule) })),
    { path: 'docs/rules/README.md', content: listOfRules(rules) },
  ]
}

const PROOF = `Every rule that warns is shown live: the tests start the servers with the rule's own bad and good example and
see the difference in an answer. Where no loopback can show the harm, the page of the rule says why.`

const MEANINGS = `An **error** breaks a site or opens it to others, a **warning** does so under a condition that is met, or costs
something; an **info** is advice. **Confidence** says how sure it is, and is lower where the other half of a finding is
not among the files. The **security severity** (0.1 to 10, as code scanning reads it) is there where an attacker gains
something, and with it the numbers of the weakness in the [CWE](https://cwe.mitre.org). All mean the same in every
format. A **fix** is safe where the servers answer as before (\`--fix\` applies it), else unsafe (\`--fix-unsafe\` does).`

const OFF =
  'Off unless it is asked for: `--only hardening`, or `rules: {hardening: on}`. [benchmarks.md](../benchmarks.md) leads from each control to its rule.'

function listOfRules(rules: readonly Rule[]): string {
  const groups = [...groupBy(rules, ({ id }) => id.slice(0, id.indexOf('/')))]
  const bySymptom = symptomsOf(rules).map(
    ([symptom, ids]) => `| ${symptom} | ${ids.map(id => `[${id}](${id}.md)`).join(', ')} |`,
  )
  const sections = [
    '# Rules',
    PROOF,
    MEANINGS,
    '## By what is seen',
    ['| what is seen | rules |', '| --- | --- |', ...bySymptom].join('\n'),
    '## By group',
    'A whole group may be named wherever a rule may: `--only tls`, `rules: {tls: off}`.',
    ...groups.flatMap(([group, inGroup]) => [
      `### ${group}`,
      ...(isOnByDefault(group) ? [] : [OFF]),
      [
        '| rule | severity | fix | what it finds |',
        '| --- | --- | --- | --- |',
        ...inGroup.map(
          rule =>
            `| [${rule.id}](${rule.id}.md) | ${rule.severity} | ${fixOf(rule)} | ${cell(rule.summary)} |`,
        ),
      ].join('\n'),
    ]),
  ]
  return `<!-- Written by \`npm run generate\`. -->\n\n${sections.join('\n\n')}\n`
}

/** Where one of its fixes is safe, `--fix` does something. */
function fixOf(rule: Rule): string {
  return traitsOf(rule).fixes[0] ?? ''
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|')
}
