import { isUnknownWord } from '../../../../../parsers/text/source.ts'
import { toBytes } from '../../../regex.ts'
import type { ApacheDirective } from '../../configuration.ts'
import { rewriteWords } from '../../rewrite-words.ts'

/** How a `RewriteCond` looks at its test string. */
export type ConditionTest =
  | 'regex'
  | 'expression'
  | '-f'
  | '-s'
  | '-d'
  | '-x'
  | '-l'
  | '-U'
  | '-F'
  | '<'
  | '<='
  | '='
  | '>'
  | '>='
  | '-lt'
  | '-le'
  | '-eq'
  | '-gt'
  | '-ge'

export interface RewriteCondition {
  readonly directive: ApacheDirective
  readonly input: string
  readonly test: ConditionTest
  /** Without its operator. */
  readonly pattern: string
  readonly negated: boolean
  readonly caseless: boolean
  readonly orNext: boolean
}

/** A `RewriteRule` with the conditions written before it. */
export interface RewriteRule {
  readonly directive: ApacheDirective
  readonly pattern: string
  readonly negated: boolean
  readonly output: string
  readonly conditions: readonly RewriteCondition[]
  /** Upper-case short names: `L`, `END`, `NC`, `QSA`… */
  readonly flags: ReadonlySet<string>
  /** True for `-`, and with a status that is no redirect. */
  readonly keepsUri: boolean
  /** Of `[R]`, `[F]` and `[G]`. */
  readonly status: number
  /** True where the answer is that status, and no redirect. */
  readonly isRefusal: boolean
  readonly skip: number
  readonly rounds: number
  /** `VAR:value`, in order. */
  readonly environment: readonly string[]
  readonly type: string | null
  readonly handler: string | null
  /** Of `[B=…]`; null for every character that is no letter or digit. */
  readonly escapes: string | null
  readonly unescaped: string | null
  /** False where a template or a variable outside the audit stands in the rule or its conditions. */
  readonly settled: boolean
}

/** The rules among the directives of one section, each with its conditions. */
export function rewriteRules(directives: readonly ApacheDirective[]): readonly RewriteRule[] {
  const rules: RewriteRule[] = []
  let conditions: RewriteCondition[] = []
  let settled = true
  for (const directive of directives) {
    const { name, text } = directive
    if (name !== 'RewriteRule' && name !== 'RewriteCond') continue
    const words = rewriteWords(text)
    if (words === null) continue
    settled &&= isSettledText(text)
    if (name === 'RewriteCond') {
      conditions.push(readCondition(directive, words.first, words.second, words.flags))
      continue
    }
    rules.push({ ...readRule(directive, words.first, words.second, words.flags), conditions, settled })
    conditions = []
    settled = true
  }
  return rules
}

/** `${map:key}` asks a map; `${NAME}` is a variable that nobody here knows. */
function isSettledText(text: string): boolean {
  return !isUnknownWord(text) && !/\$\{[^}:]*\}/.test(text)
}

function readCondition(
  directive: ApacheDirective,
  input: string,
  written: string,
  flagText: string | null,
): RewriteCondition {
  const flags = readFlags(flagText).map(({ name }) => name)
  const caseless = flags.includes('NC') || flags.includes('NOCASE')
  let negated = written.startsWith('!')
  const pattern = negated ? written.slice(1) : written
  let { test, rest } = readTest(input, pattern)
  if (test === '-ne') {
    negated = !negated
    test = '-eq'
  }
  return {
    directive,
    input: toBytes(input),
    test,
    pattern: toBytes(rest),
    negated,
    caseless: caseless && (test === 'regex' || /^[<>=]/.test(test)),
    orNext: flags.includes('OR') || flags.includes('ORNEXT'),
  }
}

function readTest(input: string, pattern: string): { test: ConditionTest | '-ne'; rest: string } {
  if (input.toLowerCase() === 'expr') return { test: 'expression', rest: pattern }
  if (pattern.length < 2) return { test: 'regex', rest: pattern }
  if (/^-[fsdxhLlUF]$/.test(pattern)) {
    const test = /[hL]/.test(pattern) ? '-l' : (pattern as ConditionTest)
    return { test, rest: '' }
  }
  const number = /^-(?:lt|le|gt|ge|eq|ne)(?=.)/s.exec(pattern)?.[0]
  if (number !== undefined) return { test: number as ConditionTest, rest: pattern.slice(3) }
  const compared = /^(?:>=?|<=?|=)/.exec(pattern)?.[0]
  if (compared === undefined) return { test: 'regex', rest: pattern }
  const rest = pattern.slice(compared.length)
  return { test: compared as ConditionTest, rest: compared === '=' && rest === '""' ? '' : rest }
}

interface Flag {
  /** Upper case. */
  readonly name: string
  readonly value: string
}

function readFlags(text: string | null): readonly Flag[] {
  if (text === null || !text.startsWith('[') || !text.endsWith(']')) return []
  return text
    .slice(1, -1)
    .split(',')
    .map(flag => flag.trim())
    .map(flag => {
      const equals = flag.indexOf('=')
      const name = equals === -1 ? flag : flag.slice(0, equals)
      return { name: name.toUpperCase(), value: equals === -1 ? '' : flag.slice(equals + 1) }
    })
}

const SHORT: Readonly<Record<string, string>> = {
  BACKREFESCAPING: 'B',
  BACKREFERNOPLUS: 'BNP',
  CHAIN: 'C',
  COOKIE: 'CO',
  DISCARDPATH: 'DPI',
  ENV: 'E',
  FORBIDDEN: 'F',
  GONE: 'G',
  HANDLER: 'H',
  LAST: 'L',
  NEXT: 'N',
  NOCASE: 'NC',
  NOESCAPE: 'NE',
  NOSUBREQ: 'NS',
  PROXY: 'P',
  PASSTHROUGH: 'PT',
  QSAPPEND: 'QSA',
  QSDISCARD: 'QSD',
  QSLAST: 'QSL',
  REDIRECT: 'R',
  SKIP: 'S',
  TYPE: 'T',
}

/** The flags of a `RewriteRule`, by their short names in upper case. */
export function flagsOfRule({ text }: ApacheDirective): ReadonlySet<string> {
  return new Set(readFlags(rewriteWords(text)?.flags ?? null).map(({ name }) => SHORT[name] ?? name))
}

const REDIRECTS: Readonly<Record<string, number>> = { permanent: 301, temp: 302, seeother: 303 }

function readRule(
  directive: ApacheDirective,
  written: string,
  target: string,
  flagText: string | null,
): Omit<RewriteRule, 'conditions' | 'settled'> {
  const list = readFlags(flagText).map(({ name, value }) => ({ name: SHORT[name] ?? name, value }))
  const flags = new Set(list.map(({ name }) => name))
  const last = (name: string) => list.findLast(flag => flag.name === name && flag.value !== '')?.value
  const { status, isRefusal } = readStatus(list)
  if (flags.has('BCTLS')) flags.add('B')
  let output = target
  if (output.endsWith('?')) {
    if (flags.has('QSA')) flags.add('QSL')
    else {
      // The `?` only says that there is no query.
      flags.add('QSNONE')
      output = output.slice(0, -1)
    }
  } else if (flags.has('QSD') && !output.includes('?')) flags.add('QSNONE')
  return {
    directive,
    pattern: written.startsWith('!') ? written.slice(1) : written,
    negated: written.startsWith('!'),
    output: toBytes(output),
    flags,
    keepsUri: target === '-' || isRefusal,
    status,
    isRefusal,
    skip: Number.parseInt(last('S') ?? '', 10) || 0,
    rounds: Number.parseInt(last('N') ?? '', 10) || 32000,
    environment: list.filter(({ name }) => name === 'E').map(({ value }) => toBytes(value)),
    type: last('T') ?? null,
    handler: last('H') ?? null,
    escapes: last('B') ?? null,
    unescaped: last('BNE') ?? null,
  }
}

/** The last flag that names a status counts. */
function readStatus(list: readonly Flag[]): { readonly status: number; readonly isRefusal: boolean } {
  let status = 302
  let isRefusal = false
  for (const { name, value } of list) {
    if (name === 'F' || name === 'G') {
      status = name === 'F' ? 403 : 410
      isRefusal = true
    } else if (name === 'R' && value !== '') {
      const written =
        REDIRECTS[value.toLowerCase()] ?? (/^[0-9]/.test(value) ? Number.parseInt(value, 10) : 0)
      status = written
      if (/^[0-9]/.test(value) && (status < 300 || status > 399)) isRefusal = true
    }
  }
  return { status, isRefusal }
}
