import { type ApacheConfiguration, type ApacheDirective, readsEveryInclude } from '../configuration.ts'
import { directivesIn } from './directives-in.ts'
import { mergeOf } from './merge-kinds.ts'
import type { Level } from './sections-for.ts'
import type { VirtualHost } from './virtual-hosts.ts'

/** The lines of one directive that hold in a scope, as httpd's own merge leaves them. */
export interface Effective {
  /**
   * In the order in which httpd applies them. Where a later value replaces an earlier one there is one
   * line at most; none means that the default holds.
   */
  readonly directives: readonly ApacheDirective[]
  /** Null where that is all; otherwise why there may be more, or another. */
  readonly open: string | null
}

const OUTER = 'the main file is not part of the audit'
const MAY_APPLY = 'a section that may apply sets it'

/** The directives of this name in one level, in reading order. */
export function directivesAt(
  configuration: ApacheConfiguration,
  level: Level,
  name: string,
): readonly ApacheDirective[] {
  if (level.htaccess !== null) {
    const lower = name.toLowerCase()
    return level.htaccess.filter(directive => directive.name.toLowerCase() === lower)
  }
  return directivesIn(configuration, level.section, name)
}

/**
 * What holds of a directive after the levels are merged. Each module merges in its own way: most replace
 * a value that an inner level sets, some append, some keep the last for each key.
 */
export function effective(
  configuration: ApacheConfiguration,
  levels: readonly Level[],
  name: string,
): Effective {
  const merge = mergeOf(name)
  const outer = mayStandOutside(configuration, name) ? OUTER : null
  switch (merge.kind) {
    case 'replace':
      return replaced(configuration, levels, name, merge.synonym, outer)
    case 'replace-list':
      return replacedList(configuration, levels, name, outer)
    case 'append':
      return appended(configuration, levels, name, outer)
    case 'inner-first': {
      const { directives, open } = appended(configuration, [...levels].reverse(), name, outer)
      return { directives, open }
    }
    case 'by-key':
      return keyed(appended(configuration, levels, name, outer))
  }
}

/**
 * True where a main file outside of the audit may have such a line. That of no distribution has an `AllowOverrideList`, a
 * `SSLProxyEngine`, an `SSLEngine` for all virtual hosts, or one of mod_wsgi: all in Debian's `wsgi.conf` are comments, and Red Hat's loads the module alone.
 */
function mayStandOutside(configuration: ApacheConfiguration, name: string): boolean {
  return configuration.main === null && !(OF_NO_MAIN_FILE.test(name) && readsEveryInclude(configuration))
}

const OF_NO_MAIN_FILE = /^(?:wsgi|(?:allowoverridelist|sslproxyengine|sslengine)$)/i

/** The one line that holds; null where the default does, undefined where nobody can tell. */
export function effectiveDirective(
  configuration: ApacheConfiguration,
  levels: readonly Level[],
  name: string,
): ApacheDirective | null | undefined {
  const { directives, open } = effective(configuration, levels, name)
  if (open !== null) return undefined
  return directives.at(-1) ?? null
}

const SERVER: Level = { kind: 'server', section: null, htaccess: null, applies: true }
const SERVER_ALONE: readonly Level[] = [SERVER]

/** The levels of the main server and one virtual host alone, where no path is asked about. */
export function serverLevels(host: VirtualHost | null): readonly Level[] {
  return host === null
    ? SERVER_ALONE
    : [SERVER, { kind: 'virtual-host', section: host.directive, htaccess: null, applies: true }]
}

function replaced(
  configuration: ApacheConfiguration,
  levels: readonly Level[],
  name: string,
  synonym: string | null,
  outer: string | null,
): Effective {
  let open = outer
  let last: ApacheDirective | null = null
  for (const level of levels) {
    const written = directivesAt(configuration, level, name).at(-1)
    const other = synonym === null ? undefined : directivesAt(configuration, level, synonym).at(-1)
    const found =
      written === undefined || (other !== undefined && written.start < other.start) ? other : written
    if (found === undefined) continue
    if (level.applies === undefined) open = MAY_APPLY
    else {
      last = found
      open = null
    }
  }
  return last === null && open === null ? NOTHING : { directives: last === null ? [] : [last], open }
}

/** Nothing is written, and the default holds. */
const NOTHING: Effective = { directives: [], open: null }

function replacedList(
  configuration: ApacheConfiguration,
  levels: readonly Level[],
  name: string,
  outer: string | null,
): Effective {
  let open = outer
  let list: readonly ApacheDirective[] = []
  for (const level of levels) {
    const found = directivesAt(configuration, level, name)
    if (found.length === 0) continue
    if (level.applies === undefined) open = MAY_APPLY
    else {
      list = found
      open = null
    }
  }
  return { directives: list, open }
}

function appended(
  configuration: ApacheConfiguration,
  levels: readonly Level[],
  name: string,
  outer: string | null,
): Effective {
  let open = outer
  const directives: ApacheDirective[] = []
  for (const level of levels) {
    const found = directivesAt(configuration, level, name)
    if (found.length === 0) continue
    if (level.applies === undefined) open = MAY_APPLY
    else for (const directive of found) directives.push(directive)
  }
  return { directives, open }
}

/** Of each first argument, the last line. */
function keyed({ directives, open }: Effective): Effective {
  const last = new Map<string, ApacheDirective>()
  for (const directive of directives) last.set(directive.args[0]?.value.toLowerCase() ?? '', directive)
  return { directives: [...last.values()], open }
}
