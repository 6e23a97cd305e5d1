import { Chalk } from 'chalk'
import { diffLines } from 'diff'
import { isOnByDefault } from '../src/engine/asked-for.ts'
import type { Example, Rule } from '../src/engine/rule.ts'
import { SEVERITIES } from '../src/engine/severity.ts'
import { reportText } from '../src/report/text.ts'
import { auditFiles } from '../test/rules/audit-files.ts'
import { unmark } from '../test/rules/marks.ts'
import { traitsOf } from './rule-traits.ts'

/** Columns of the reports on the pages: what fits beside GitHub's own. */
const WIDTH = 100

/** The page of a rule: what its definition says, its examples, and what the program prints for the bad ones. */
export function rulePage(rule: Rule): string {
  const good = rule.good.map(each => ({ ...each, files: unmark(each.files).files }))
  const sections = [
    `# ${rule.id}`,
    rule.summary,
    facts(rule).join(' · '),
    '## Why',
    rule.why,
    '## What to do',
    rule.remedy,
    ...(rule.controls === undefined
      ? []
      : ['## Benchmarks', rule.controls.map(control => `- ${control}`).join('\n')]),
    '## Reported',
    'What is reported stands between « and ».',
    ...rule.bad.flatMap((bad, index) => [...example(bad, rule.bad.slice(0, index)), printed(rule, bad)]),
    '## Not reported',
    ...good.flatMap((each, index) => example(each, [...rule.bad, ...good.slice(0, index)])),
    ...(rule.unproven === undefined ? [] : ['## Not shown on a running server', rule.unproven]),
    '## References',
    rule.references.map(reference => `- <${reference}>`).join('\n'),
    ...switching(rule),
  ]
  return `${sections.filter(Boolean).join('\n\n')}\n`
}

/** How it gets the other way round. */
function switching({ id }: Rule): readonly string[] {
  const setting = (value: string, name = id): string => `\`\`\`yaml\nrules:\n  ${name}: ${value}\n\`\`\``
  if (isOnByDefault(id)) return ['## Switching it off', `In \`.auditrc\`:\n\n${setting('off')}`]
  const group = id.slice(0, id.indexOf('/'))
  return [
    '## Switching it on',
    `It is off unless it is asked for: \`--only ${group}\`, or in \`.auditrc\`, for this rule or the whole group:\n\n${setting('on', group)}`,
  ]
}

function facts(rule: Rule): readonly string[] {
  const others = SEVERITIES.toReversed().flatMap(severity => {
    const where = rule.otherSeverities?.[severity]
    return where === undefined ? [] : [`, ${severity} ${where}`]
  })
  const { fixes } = traitsOf(rule)
  return [
    `severity ${rule.severity}${others.join('')}`,
    `confidence ${rule.confidence}`,
    ...(rule.securitySeverity === undefined ? [] : [`security severity ${rule.securitySeverity}`]),
    ...(rule.cwe ?? []).map(
      number => `[CWE-${number}](https://cwe.mitre.org/data/definitions/${number}.html)`,
    ),
    ...(fixes.length === 0 ? [] : [`fix ${fixes.join(' or ')}`]),
    ...(isOnByDefault(rule.id) ? [] : ['off unless asked for']),
    `since ${rule.since}`,
  ]
}

/** An example; of files that stand in an earlier one too, only what differs. */
function example({ title, files, modes = {} }: Example, shown: readonly Example[]): readonly string[] {
  const known = new Map<string, string[]>()
  const blocks = Object.entries(files).flatMap(([path, text]) => {
    const same = shown.find(each => unmarked(each.files[path] ?? '\0') === unmarked(text))
    if (same !== undefined) {
      known.set(same.title, [...(known.get(same.title) ?? []), `\`${path}\``])
      return []
    }
    const before = shown.find(each => each.files[path] !== undefined)?.files[path]
    const body = before === undefined ? text : collapse(before, text)
    return [`\`${path}\`\n\n${text === '' ? '(empty)' : fenced(body.trimEnd(), language(path))}`]
  })
  const repeated = [...known].map(([of, paths]) => `As in “${capitalised(of)}”: ${paths.join(', ')}`)
  const bits = Object.entries(modes).map(([path, mode]) => `\`${path}\` ${mode.toString(8).padStart(4, '0')}`)
  return [
    `### ${capitalised(title)}`,
    ...blocks,
    ...repeated,
    ...(bits.length === 0 ? [] : [`Permissions: ${bits.join(', ')}`]),
  ]
}

function capitalised(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`
}

function printed(rule: Rule, { files, modes }: Example): string {
  const report = auditFiles(unmark(files).files, [rule], undefined, modes)
  const [text = ''] = reportText(report, { chalk: plain, width: WIDTH, summary: false, allNotices: false })
  return `deploy-audit prints:\n\n${fenced(text.trimEnd(), 'text')}`
}

const plain = new Chalk({ level: 0 })

function unmarked(text: string): string {
  return text.replace(/[«»]/g, '')
}

/** Lines around a change that are shown, and as many unchanged ones that are not worth leaving out. */
const CONTEXT = 3
const FEW = 4

/** A text with a comment in place of the long stretches that stand in another one too. */
function collapse(before: string, after: string): string {
  const changes = diffLines(unmarked(before), unmarked(after)).filter(({ removed }) => !removed)
  const lines = after.split('\n')
  const shown: string[] = []
  let next = 0
  for (const [index, { value, added }] of changes.entries()) {
    const count = value.split('\n').length - 1
    const part = lines.slice(next, next + count)
    next += count
    const head = index === 0 ? 0 : CONTEXT
    const tail = index === changes.length - 1 ? 0 : CONTEXT
    const left = part.length - head - tail
    const isMarked = part.some(line => /[«»]/.test(line))
    if (added || isMarked || left < FEW) shown.push(...part)
    else {
      const indentation = /^\s*/.exec(part[head] ?? '')?.[0] ?? ''
      shown.push(
        ...part.slice(0, head),
        `${indentation}# … ${left} lines as above`,
        ...part.slice(part.length - tail),
      )
    }
  }
  return shown.join('\n')
}

function fenced(text: string, kind: string): string {
  const fence = text.includes('```') ? '````' : '```'
  return `${fence}${kind}\n${text}\n${fence}`
}

function language(path: string): string {
  for (const [pattern, language] of LANGUAGES) if (pattern.test(path)) return language
  return 'apache'
}

/** How the pages colour a file, by its name; what is left is most often Apache's. */
const LANGUAGES: readonly (readonly [RegExp, string])[] = [
  [/\.ya?ml(?:\.j2)?$|(?:^|\/)\.auditrc$/, 'yaml'],
  [/\.py$|\.wsgi$/, 'python'],
  [/(?:^|\/)Dockerfile/, 'dockerfile'],
  [/\.(?:service|socket|timer|ini|toml)$|supervisor|fpm|\.env/, 'ini'],
  [/\.sh$|envvars$/, 'sh'],
  [/\.php$/, 'php'],
  [/\.html?$/, 'html'],
  [/\.json$/, 'json'],
  [/\.[cm]?[jt]sx?$/, 'js'],
  [/nginx/, 'nginx'],
]
