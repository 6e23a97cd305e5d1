import { groupBy } from '../../../../parsers/collections/group-by.ts'
import { memoByKey } from '../../../../parsers/collections/memo.ts'
import type { Source } from '../../../../parsers/text/source.ts'
import type { FileSystem } from '../../../files/file-system.ts'
import type { ApacheConfiguration, ApacheDirective } from '../configuration.ts'
import { type RewriteRule, rewriteRules } from '../requests/rewrite/rules.ts'
import { type Htaccess, htaccessFiles } from './htaccess.ts'
import { directivesIn } from './directives-in.ts'
import { plainDirectory } from './directory-sections.ts'
import { replacedRewriting } from './replaced-rewriting.ts'
import { matchesNoPath } from './variable-values.ts'
import { type VirtualHost, virtualHostOf, virtualHosts } from './virtual-hosts.ts'

/** A `RewriteRule` where it stands. */
export interface PlacedRule extends RewriteRule {
  /**
   * What its pattern is compared with: in a `server` the path of the URL, in a `directory` (and in `.htaccess`) what
   * follows the directory, without a slash in front. `other` for `<Location>` and what nobody can tell.
   */
  readonly context: 'server' | 'directory' | 'other'
  /** The file that it stands in; null for the server's own. */
  readonly htaccess: Htaccess | null
  /** The directory that it is written for, its last slash included: that of the file, or of `<Directory>`. */
  readonly directory: string | null
}

/** Every rule of a server and of the `.htaccess` files that it reads, in reading order, but for those that never run. */
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
    const ofNobody = configuration.main === null ? writtenForDirectories(configuration.top) : null
    const replaced = replacedRewriting(configuration)
    for (const section of groupBy(written, ({ parent }) => parent).keys()) {
      if (section !== null && replaced.has(section)) continue
      const context = contextOf(section, 'server')
      const directory = plainDirectory(section)
      for (const rule of rewriteRules(section?.children ?? configuration.top)) {
        const { source } = rule.directive
        const isIncluded = section === null && inDirectory.has(source)
        const isOpen = section === null && ofNobody?.has(source) === true
        placed.push({
          ...rule,
          context: isIncluded ? 'directory' : isOpen ? 'other' : context,
          htaccess: null,
          directory,
        })
      }
    }
    for (const htaccess of htaccessFiles(configuration, files)) {
      if (!htaccess.overrides.known || !htaccess.overrides.value.reads) continue
      const { children, occurrences } = htaccess.file
      for (const section of groupBy(occurrences.get('rewriterule') ?? [], ({ parent }) => parent).keys()) {
        const context = contextOf(section, 'directory')
        for (const rule of rewriteRules(section?.children ?? children))
          placed.push({ ...rule, context, htaccess, directory: htaccess.directory })
      }
    }
    return placed
  },
)

/**
 * The files that nothing includes, and whose rules at the top take no path that begins with a slash: somebody may
 * include them into a directory.
 */
function writtenForDirectories(top: readonly ApacheDirective[]): ReadonlySet<Source> {
  const found = new Set<Source>()
  const others = new Set<Source>()
  for (const { source, name, args } of top) {
    if (name !== 'RewriteRule') continue
    const pattern = args[0]?.value ?? ''
    if (matchesNoPath(pattern)) found.add(source)
    else if (/^!?\^\(?\//.test(pattern)) others.add(source)
  }
  for (const source of others) found.delete(source)
  return found
}

/** The lines of a name beside a rule: of its file, or of the section around it. */
export function linesBeside(
  configuration: ApacheConfiguration,
  { htaccess, directive }: PlacedRule,
  name: string,
): readonly ApacheDirective[] {
  return htaccess === null
    ? directivesIn(configuration, directive.parent, name)
    : (htaccess.file.occurrences.get(name) ?? [])
}

/** True for a rule that stands in no section of its `.htaccess`, or in nothing but its `<Directory>`. */
export function isOfWholeDirectory({ htaccess, directory, directive: { parent } }: PlacedRule): boolean {
  return directory !== null && (htaccess === null ? parent?.name === 'Directory' : parent === null)
}

/** The virtual host whose document root a rule of a directory is compared with; null for the main server. */
export function hostOfRule(
  configuration: ApacheConfiguration,
  { htaccess, directive }: PlacedRule,
): VirtualHost | null {
  if (htaccess !== null) return htaccess.virtualHost
  const own = virtualHostOf(configuration, directive)
  if (own !== null) return own
  const [only = null, ...others] = virtualHosts(configuration)
  return others.length === 0 ? only : null
}

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
