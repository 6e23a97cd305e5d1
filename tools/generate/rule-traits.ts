import type { GeneratedFile } from '../generated-file.ts'
import { loadRules } from '../load-rules.ts'
import { traitsOf } from '../rule-traits.ts'

/** What `rules --fixable` and `--program` choose by. */
export async function generateRuleTraits(): Promise<GeneratedFile> {
  const rows = (await loadRules()).map(({ rule }) => {
    const { fixes, programs } = traitsOf(rule)
    const list = (words: readonly string[]): string => `[${words.map(word => `'${word}'`).join(', ')}]`
    return `      ['${rule.id}', { fixes: ${list(fixes)}, programs: ${list(programs)} }],`
  })
  const content = [
    '// Written by `npm run generate` from what is found in the examples of the rules.',
    "import { once } from '../parsers/collections/once.ts'",
    "import type { RuleTraits } from '../src/engine/rule-traits.ts'",
    '',
    '/** By id; `rules` alone asks. */',
    'export const ruleTraits: () => ReadonlyMap<string, RuleTraits> = once(',
    '  () =>',
    '    new Map([',
    ...rows,
    '    ]),',
    ')',
    '',
  ]
  return { path: 'rules/traits.generated.ts', content: content.join('\n') }
}
