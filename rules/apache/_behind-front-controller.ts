import type { FileSystem } from '../../src/files/file-system.ts'
import { argumentPlace, namePlace } from '../../src/servers/apache/queries/places.ts'
import type { PlacedRule } from '../../src/servers/apache/queries/rewriting.ts'
import { isAnchoredAtStart, literalPrefix, matchesEveryPath } from '../../src/servers/pcre/pattern-facts.ts'
import { readPattern } from '../../src/servers/pcre/read-pattern.ts'

/** True for a pattern that takes every path. */
export function isEveryPath(pattern: string): boolean {
  if (/^(?:\^|\.?|\^?\.\*\$?|\^?\(\.\*\)\$?|\^?\/?\?\(\.\*\)\$?)$/.test(pattern)) return pattern !== '.'
  const tree = readPattern(pattern)
  return tree !== null && tree.problem === null && matchesEveryPath(tree) && !/^\^?\/[^?]/.test(pattern)
}

/** The rule that sends what is no file to a script. */
export function isFrontController(rule: PlacedRule): boolean {
  const { directory, conditions, flags, settled, output, negated, pattern } = rule
  if (directory === null || negated || !settled || !(flags.has('L') || flags.has('END'))) return false
  const asksFilesAlone =
    conditions.length > 0 &&
    conditions.every(
      condition =>
        condition.negated &&
        /^-[fdl]$/.test(condition.test) &&
        /^%\{REQUEST_FILENAME\}$/i.test(condition.input),
    )
  return asksFilesAlone && /\w/.test(output) && (pattern === '.' || isEveryPath(pattern))
}

/** True where the script lies in the directory of its rule. */
export function isThere({ directory, output }: PlacedRule, files: FileSystem): boolean {
  const script = output.replace(/[?].*$/s, '').replace(/^\//, '')
  return directory !== null && files.kind(directory + script) === 'file'
}

/** True where a rule in front keeps the script as it is, as that of WordPress does: `RewriteRule ^index\.php$ - [L]`. */
export function isKept(before: readonly PlacedRule[], front: PlacedRule): boolean {
  const script = scriptOf(front)
  return before.some(
    ({ pattern, negated, keepsUri, conditions, flags }) =>
      keepsUri &&
      !negated &&
      conditions.length === 0 &&
      flags.has('L') &&
      pattern.includes(script.replaceAll('.', '\\.')),
  )
}

function scriptOf({ output }: PlacedRule): string {
  return output.replace(/[?].*$/s, '').replace(/^.*\//s, '')
}

/** True for a redirect of every path, by name or scheme. */
export function isForAll({
  directory,
  flags,
  pattern,
  negated,
  keepsUri,
  conditions,
  settled,
}: PlacedRule): boolean {
  if (directory === null || negated || keepsUri || !settled || !flags.has('R')) return false
  return (
    conditions.length > 0 &&
    isEveryPath(pattern) &&
    conditions.every(({ input }) =>
      /^%\{(?:HTTPS|HTTP_HOST|SERVER_(?:PORT|NAME)|REQUEST_SCHEME|HTTP:X-Forwarded-\w+)\}$/i.test(input),
    )
  )
}

/** What pages become is asked again by the same rules: one in front may keep it, and else it is redirected. */
export function behindPages(rules: readonly PlacedRule[], front: number, { directive }: PlacedRule) {
  const by = rules[front]
  const script = by === undefined ? '' : scriptOf(by)
  return {
    at: argumentPlace(directive, 0),
    message:
      by !== undefined && isKept(rules.slice(0, front), by)
        ? `an earlier rule has made \`${script}\` of every page, so the start page and files alone are redirected`
        : `an earlier rule has made \`${script}\` of every page, so every page is redirected to \`${script}\``,
    related: by === undefined ? [] : [{ at: namePlace(by.directive), message: 'takes every page' }],
  }
}

/** True for a redirect of a path of which the directory has nothing. */
export function isForMissing(rule: PlacedRule, files: FileSystem): boolean {
  const { directory, flags, pattern, negated, keepsUri, conditions, settled } = rule
  if (directory === null || negated || keepsUri || !settled || conditions.length > 0 || !flags.has('R'))
    return false
  const tree = readPattern(pattern)
  if (tree === null || tree.problem !== null || !isAnchoredAtStart(tree)) return false
  const [name = ''] = literalPrefix(tree).split('/')
  if (!/^[\w-]{2,}$/.test(name)) return false
  const there = files.list(directory.replace(/(?<=.)\/$/, ''))
  return there?.some(each => each.name.startsWith(name)) === false
}
