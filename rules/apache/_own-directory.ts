import { posix } from 'node:path'
import type { FileSystem } from '../../src/files/file-system.ts'
import type { ApacheConfiguration } from '../../src/servers/apache/configuration.ts'
import { argumentPlace, namePlace } from '../../src/servers/apache/queries/places.ts'
import { linesBeside, type PlacedRule, placedRules } from '../../src/servers/apache/queries/rewriting.ts'
import { matchPattern } from '../../src/servers/apache/requests/match-pattern.ts'
import { toBytes } from '../../src/servers/regex.ts'
import { groupBy } from '../../parsers/collections/group-by.ts'

/**
 * True for `public/$1` where the directory lies beside the `.htaccess` and has none of its own, so that the rules of
 * this one are asked again. WordPress writes its own when it runs.
 */
export function leadsIntoOwnDirectory(files: FileSystem, home: string, target: string): boolean {
  const directory = directoryOf(target)
  if (directory === null) return false
  const inside = posix.join(home, directory)
  if (!(files.list(inside) ?? []).some(({ name, kind }) => kind === 'file' && !KEEPERS.test(name)))
    return false
  if (files.kind(`${inside}/wp-blog-header.php`) === 'file') return false
  const steps = directory.split('/').map((_, index, all) => all.slice(0, index + 1).join('/'))
  return steps.every(step => files.kind(posix.join(home, step, '.htaccess')) === null)
}

/** Files that only keep a directory in a repository, into which somebody puts another application. */
const KEEPERS = /^(?:\.(?:git)?keep|\.gitignore|empty|README.*)$/i

/** `public` of `/public/$1`; null for all else. */
function directoryOf(target: string): string | null {
  return /^\/?([\w-]+(?:\/[\w-]+)*)\/\$1$/.exec(target)?.[1] ?? null
}

/** Rules for one name of the host that lead into a directory, and take what they lead to again. */
export function* sitesInOwnDirectory(configuration: ApacheConfiguration, files: FileSystem) {
  const rules = placedRules(configuration, files).filter(({ directory }) => directory !== null)
  for (const inFile of groupBy(rules, ({ htaccess, directive }) => htaccess ?? directive.parent).values()) {
    for (const [index, rule] of inFile.entries()) {
      const { directive, output, directory: home, flags, conditions } = rule
      const directory = directoryOf(output)
      if (directory === null || home === null || conditions.length === 0 || !takesPath(rule)) continue
      if (!conditions.every(({ input }) => OF_HOST.test(input))) continue
      if (!flags.has('L') && index < inFile.length - 1) continue
      if (linesBeside(configuration, rule, 'rewritebase').length > 0) continue
      if (!leadsIntoOwnDirectory(files, home, output)) continue
      const before = inFile.slice(0, index).filter(other => !other.flags.has('R'))
      if (before.some(other => mayKeep(other, `${directory}/page`))) continue
      yield {
        at: namePlace(directive),
        message: `a request for \`/page\` is rewritten to \`${output}\` again and again, until Apache answers 500`,
        related: [{ at: argumentPlace(directive, 1), message: 'matched by the rule again' }],
      }
    }
  }
}

/** What is the same for what a rule made. */
const OF_HOST = /^%\{(?:HTTP_HOST|SERVER_NAME|SERVER_PORT|HTTPS|REQUEST_SCHEME)\}$/i

/** True for a rule of every path, with the whole of it as the first group, but for its conditions. */
export function takesPath({ pattern, negated, settled, flags }: PlacedRule): boolean {
  if (negated || !settled) return false
  if (['END', 'R', 'P', 'PT', 'NS', 'C', 'S', 'F', 'G'].some(flag => flags.has(flag))) return false
  return /^\^?(?:\/\?)?\(\.[*+]\)\$?$/.test(pattern)
}

/** True for a rule that may end the round for the script, or lead it elsewhere. */
export function mayKeep(
  { pattern, negated, conditions, flags, skip, settled }: PlacedRule,
  script: string,
): boolean {
  if (!settled || negated || skip > 0 || flags.has('C')) return true
  return conditions.length > 0 || matchPattern(toBytes(pattern), toBytes(script)) !== null
}
