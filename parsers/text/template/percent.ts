import { always, close, loop, NOTHING, openBranch, PRINT, type Step, turn } from './tag.ts'

/** `<%- name %>` prints in EJS; in ERB a dash only eats blanks, and what follows is a statement's keyword. */
const EJS_VALUE = /^-\s*[\w.$[\]'"()]+\s*$/
const ERB_KEYWORD = /^-\s*(?:else|end|begin|ensure)\b/

/**
 * What stands between `<%` and `%>` as steps: ERB (Chef, Puppet), EPP, EJS and their like, whose statements
 * are Ruby's, Puppet's or JavaScript's.
 */
export function percentSteps(inner: string): readonly Step[] {
  if (/^-?=/.test(inner)) return PRINT
  if (inner.startsWith('#')) return NOTHING
  if (EJS_VALUE.test(inner) && !ERB_KEYWORD.test(inner)) return PRINT
  return codeSteps(inner.replace(/^[-_|!]/, '').replace(/[-_]$/, ''))
}

/** The steps of a few lines of code. */
export function codeSteps(code: string): readonly Step[] {
  const steps: Step[] = []
  for (const statement of code.split(/[;\n]/)) steps.push(...statementSteps(statement.trim()))
  return steps
}

function statementSteps(code: string): readonly Step[] {
  const turned = /^\}?\s*(?:else\s*if|elsif|elseif|elif|when)\b(.*?)(?:\bthen|[{:])?$/s.exec(code)
  if (turned !== null) return [turn(turned[1] ?? null)]
  if (/^\}?\s*else\b\s*[{:]?$/.test(code)) return [turn(null)]
  if (/^(?:end(?:if|for|foreach|while|unless|case)?|\}[\s)\]]*)$/.test(code)) return [close(null)]
  const branch = /^(if|unless)\b(.*?)(?:\bthen|[{:])?$/s.exec(code)
  if (branch !== null) {
    // The whole statement stands in this one tag.
    if (/\bend$|\}$/.test(code)) return NOTHING
    return [openBranch(null, branch[2] ?? '', branch[1] === 'unless')]
  }
  if (/\bend$/.test(code)) return NOTHING
  if (/^(?:for|foreach|while|until)\b/.test(code) || /\bdo\s*(?:\|[^|]*\|)?$/.test(code)) return [loop(null)]
  if (/\{\s*(?:\|[^|]*\|)?$/.test(code))
    return [/^(?:case|switch|begin|try)\b/.test(code) ? always(null) : loop(null)]
  if (/^(?:case|begin)\b/.test(code)) return [always(null)]
  const assigned = /^([$@]?\w+)\s*[|+]{0,2}=(?![=~>])/.exec(code)
  return assigned === null ? NOTHING : [{ does: 'assign', name: assigned[1] ?? '' }]
}
