import { groupBy } from '../../../../parsers/collections/group-by.ts'
import { memoByKey } from '../../../../parsers/collections/memo.ts'
import type { FileSystem } from '../../../files/file-system.ts'
import type { ApacheConfiguration, ApacheDirective } from '../configuration.ts'
import { type RewriteRule, rewriteRules } from '../requests/rewrite/rules.ts'
import { type Htaccess, htaccessFiles } from './htaccess.ts'

/** A `RewriteRule` where it stands. */
export interface PlacedRule extends RewriteRule {
  /**
   * What its pattern is compared with: in a `server` the path of the URL, in a `directory` (and in `.htaccess`) what
   * follows the directory, without a slash in front. `other` for `<Location>` and what nobody can tell.
   */
  readonly context: 'server' | 'directory' | 'other'
  /** The file that it stands in; null for the server's own. */
  readonly htaccess: Htaccess | null
}

/** Every rule of a server and of the `.htaccess` files that it reads, in reading order. */
export const placedRules = memoByKey(
  (configuration: ApacheConfiguration, files: FileSystem): readonly PlacedRule[] => {
    const placed: PlacedRule[] = []
    const written = configuration.occurrences.get('rewriterule') ?? []
    // It stands in directories alone: a file that has one at its top is included into one.
    const inDirectory = new Set(
      (configuration.occurrences.get('rewritebase') ?? [])
        .filter(({ parent }) => parent === null)
        .map(({ source }) => source),
    )
    for (const section of groupBy(written, ({ parent }) => parent).keys()) {
      const context = contextOf(section, 'server')
      for (const rule of rewriteRules(section?.children ?? configuration.top)) {
        const isIncluded = section === null && inDirectory.has(rule.directive.source)
        placed.push({ ...rule, context: isIncluded ? 'directory' : context, htaccess: null })
      }
    }
    for (const htaccess of htaccessFiles(configuration, files)) {
      if (!htaccess.overrides.known || !htaccess.overrides.value.reads) continue
      const { children, occurrences } = htaccess.file
      for (const section of groupBy(occurrences.get('rewriterule') ?? [], ({ parent }) => parent).keys()) {
        const context = contextOf(section, 'directory')
        for (const rule of rewriteRules(section?.children ?? children))
          placed.push({ ...rule, context, htaccess })
      }
    }
    return placed
  },
)

/** The rule that a line writes; undefined for a line that writes none. */
export function placedRule(
  configuration: ApacheConfiguration,
  files: FileSystem,
  directive: ApacheDirective,
): PlacedRule | undefined {
  return rulesByLine(configuration, files).get(directive)
}

const rulesByLine = memoByKey(
  (configuration: ApacheConfiguration, files: FileSystem): ReadonlyMap<ApacheDirective, PlacedRule> =>
    new Map(placedRules(configuration, files).map(rule => [rule.directive, rule])),
)

function contextOf(section: ApacheDirective | null, outside: 'server' | 'directory'): PlacedRule['context'] {
  switch (section?.name) {
    case undefined:
      return outside
    case 'VirtualHost':
      return 'server'
    case 'Directory':
      return 'directory'
    case 'Files':
    case 'FilesMatch':
    case 'If':
    case 'ElseIf':
    case 'Else': {
      const around = contextOf(section.parent, outside)
      return around === 'server' ? 'other' : around
    }
    default:
      return 'other'
  }
}
