import type { FileSystem } from '../../src/files/file-system.ts'
import type { ApacheConfiguration, ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { everywhere } from '../../src/servers/apache/queries/htaccess.ts'
import { type PlacedRule, placedRules } from '../../src/servers/apache/queries/rewriting.ts'
import { sectionPattern } from '../../src/servers/apache/queries/section-matches.ts'
import { matchPattern } from '../../src/servers/apache/requests/match-pattern.ts'
import { toBytes } from '../../src/servers/regex.ts'
import { keepsOut, patternIndex } from '../_apache-sections.ts'

/** A regular expression whose matches are answered with 403 and its like. */
export interface DenyingPattern {
  readonly pattern: string
  readonly caseless: boolean
  readonly directive: ApacheDirective
  /** Of the argument that is the pattern. */
  readonly index: number
}

/** Those of sections of files, of `RedirectMatch` and of rewriting rules, which ask nothing else of a request. */
export function* denyingPatterns(
  configuration: ApacheConfiguration,
  files: FileSystem,
): Generator<DenyingPattern> {
  for (const name of ['files', 'filesmatch']) {
    for (const section of everywhere(configuration, files, name)) {
      const { kind, text } = sectionPattern(section)
      if (kind === 'regex' && keepsOut(section))
        yield { pattern: text, caseless: false, directive: section, index: patternIndex(section) }
    }
  }
  for (const line of everywhere(configuration, files, 'redirectmatch')) {
    const [status = '', pattern = ''] = line.args.map(({ value }) => value)
    if (/^4\d\d$/.test(status)) yield { pattern, caseless: false, directive: line, index: 1 }
  }
  for (const rule of placedRules(configuration, files)) {
    const denied = rule.isRefusal && rule.settled && !rule.negated ? ofRule(rule) : null
    if (denied !== null) yield denied
  }
}

function ofRule({ pattern, conditions, directive, flags }: PlacedRule): DenyingPattern | null {
  const [condition, ...others] = conditions
  if (condition === undefined) return { pattern, caseless: flags.has('NC'), directive, index: 0 }
  const isWhole =
    others.length === 0 &&
    condition.test === 'regex' &&
    !condition.negated &&
    PATHS.test(condition.input) &&
    EVERYTHING.has(pattern)
  return isWhole
    ? { pattern: condition.pattern, caseless: condition.caseless, directive: condition.directive, index: 1 }
    : null
}

const PATHS = /^%\{(?:REQUEST_URI|REQUEST_FILENAME|SCRIPT_FILENAME)\}$/i
const EVERYTHING: ReadonlySet<string> = new Set(['.*', '^', '(.*)', '^.*$', '^(.*)$', '^.*', '.'])

/** Sections of files that keep out a name which is nearly one of a file that they do not match: `.env.*` of `.env`. */
export function denialsOfNearNames(
  configuration: ApacheConfiguration,
  files: FileSystem,
  name: string,
): readonly ApacheDirective[] {
  const letters = lettersOf(name)
  return ['files', 'filesmatch']
    .flatMap(each => everywhere(configuration, files, each))
    .filter(section => {
      const named = lettersOf(sectionPattern(section).text)
      return named.length > 2 && (letters.startsWith(named) || named.startsWith(letters)) && keepsOut(section)
    })
}

const lettersOf = (text: string): string => text.replace(/[^\w-]/g, '').toLowerCase()

/** True where it is sure that the expression finds something in a name. */
export function isDeniedName(
  { pattern, caseless }: Omit<DenyingPattern, 'directive' | 'index'>,
  name: string,
): boolean {
  return matchPattern(toBytes(pattern), name, caseless) != null
}
