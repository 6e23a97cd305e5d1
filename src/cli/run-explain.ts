import type { ChalkInstance } from 'chalk'
import { DOCUMENTATION } from '../engine/finding.ts'
import { isOnByDefault } from '../engine/asked-for.ts'
import type { Example, Rule } from '../engine/rule.ts'
import { InputError } from '../files/input-error.ts'
import type { Arguments } from './arguments.ts'
import { firstExamples } from './first-examples.ts'
import { assertRuleNames } from './rule-selection.ts'
import { loadChalk, type Terminal, wantsColor } from './terminal.ts'

/** Prints what a rule, or each rule of a group, is about. */
export async function runExplain(
  given: Arguments,
  rules: readonly Rule[],
  terminal: Terminal,
): Promise<number> {
  if (given.words.length === 0)
    throw new InputError('explain needs a rule, as `deploy-audit rules` lists them')
  assertRuleNames(given.words, rules)
  const chalk = await loadChalk(wantsColor(given.color, terminal))
  const asked = rules.filter(
    ({ id }) => given.words.includes(id) || given.words.includes(id.split('/')[0] ?? ''),
  )
  terminal.print(asked.map(rule => explanation(rule, chalk)).join('\n'))
  return 0
}

function explanation(rule: Rule, chalk: ChalkInstance): string {
  const facts = [`severity ${rule.severity}`, `confidence ${rule.confidence}`]
  if (rule.securitySeverity !== undefined) facts.push(`security severity ${rule.securitySeverity}`)
  facts.push(...(rule.cwe ?? []).map(number => `CWE-${number}`))
  if (!isOnByDefault(rule.id)) facts.push('off unless asked for')
  const section = (title: string, text: string): string => `${chalk.bold(title)}\n${indent(text)}\n`
  const { bad, good } = firstExamples(rule)
  return [
    `${chalk.bold(rule.id)}: ${rule.summary}\n${chalk.dim(facts.join(', '))}\n`,
    section('Why', rule.why),
    section('What to do', rule.remedy),
    ...(rule.controls === undefined ? [] : [section('Benchmarks', rule.controls.join('\n'))]),
    ...(bad === undefined
      ? []
      : [section(`Reported: ${bad.title}`, exampleText(bad, chalk, chalk.underline))]),
    ...(good === undefined ? [] : [section(`Not reported: ${good.title}`, exampleText(good, chalk))]),
    section('References', [...rule.references, `${DOCUMENTATION}/${rule.id}.md`].join('\n')),
  ].join('\n')
}

function exampleText({ files }: Example, chalk: ChalkInstance, mark = (word: string) => word): string {
  return Object.entries(files)
    .map(([path, text]) => {
      const marked = text.replace(/«([\s\S]*?)»/g, (_, word: string) => mark(word))
      return `${chalk.dim(`# ${path}`)}\n${marked.trimEnd()}`
    })
    .join('\n')
}

function indent(text: string): string {
  return text.replace(/^(?=.)/gm, '  ')
}
