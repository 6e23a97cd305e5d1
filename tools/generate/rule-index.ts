import type { GeneratedFile } from '../generated-file.ts'
import { type LoadedRule, loadRules } from '../load-rules.ts'

/** The module that imports every rule under its id. */
export async function generateRuleIndex(): Promise<GeneratedFile> {
  const loaded = await loadRules()
  const name = ({ rule }: LoadedRule): string =>
    rule.id.replace(/[/-]+(.)/g, (_, letter: string) => letter.toUpperCase())
  const content = [
    '// Written by `npm run generate` from the files of this directory.',
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
