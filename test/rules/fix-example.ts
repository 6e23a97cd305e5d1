import { rules } from '../../rules/index.generated.ts'
import { isOnByDefault } from '../../src/engine/asked-for.ts'
import { type AuditedState, type Fixed, fixInPasses } from '../../src/cli/fix/fix-passes.ts'
import type { Example, Rule } from '../../src/engine/rule.ts'
import { toSource } from '../../src/files/to-source.ts'
import { auditFiles } from './audit-files.ts'
import { unmark } from './marks.ts'

export interface FixedExample extends Fixed {
  readonly files: Readonly<Record<string, string>>
}

/** A bad example with all fixes of its rule applied, the unsafe ones too; null where no finding of it has one. */
export async function fixExample(rule: Rule, example: Example): Promise<FixedExample | null> {
  const { files } = unmark(example.files)
  const own = auditFiles(files, [rule], undefined, example.modes)
  if (own.findings.every(({ fix }) => fix === null)) return null
  const fixed = await fixInPasses(stateOf(rule, files, example), true, async texts =>
    stateOf(rule, { ...files, ...Object.fromEntries(texts) }, example),
  )
  return { ...fixed, files: { ...files, ...Object.fromEntries(fixed.texts) } }
}

/** What every rule says of some files, of which those of one rule are to be fixed. */
function stateOf(rule: Rule, files: Readonly<Record<string, string>>, { modes }: Example): AuditedState {
  const beside = rules.filter(({ id }) => id === rule.id || isOnByDefault(id))
  const whole = auditFiles(files, beside, undefined, modes)
  return {
    whole,
    report: { ...whole, findings: whole.findings.filter(finding => finding.rule === rule.id) },
    readable: file => {
      const text = files[file]
      return text === undefined ? undefined : toSource(`/${file}`, text)
    },
  }
}
