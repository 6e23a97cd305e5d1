import { toJsonSchema } from '@valibot/to-json-schema'
import { auditrcSchema } from '../../src/cli/auditrc/schema.ts'
import { ruleNames } from '../../src/cli/rule-selection.ts'
import type { GeneratedFile } from '../generated-file.ts'
import { loadRules } from '../load-rules.ts'

/** The JSON schema with which editors check and complete `.auditrc`. */
export async function generateAuditrcSchema(): Promise<readonly GeneratedFile[]> {
  // What is written is described, not what it becomes: versions may be numbers.
  const schema = toJsonSchema(auditrcSchema, { typeMode: 'input', errorMode: 'ignore' })
  const names = ruleNames((await loadRules()).map(({ rule }) => rule))
  const content = JSON.stringify(
    { title: '.auditrc of deploy-audit', ...schema },
    (key, value) => (key === 'rules' ? { ...value, propertyNames: { enum: names } } : value),
    2,
  )
  return [{ path: 'docs/auditrc.schema.json', content: `${shortLists(content)}\n` }]
}

/** Lists of words on one line where they fit, as the formatter writes them. */
function shortLists(json: string): string {
  return json.replace(
    /^(.*)\[\s*((?:"[^"]*",?\s*)+)\](,?)$/gm,
    (whole, before: string, words: string, after: string) => {
      const line = `${before}[${words.trim().replace(/,\s+/g, ', ')}]${after}`
      return line.length <= 110 ? line : whole
    },
  )
}
