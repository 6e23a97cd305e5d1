import { mainServerLines } from './main-server-lines.ts'
import { memoByKey } from '../../../../parsers/collections/memo.ts'
import type { Place } from '../../../../parsers/text/source.ts'
import { type Fact, known, unknown } from '../../fact.ts'
import { APACHE_OPTIONS } from '../../pcre/read-pattern.ts'
import { compilePcre, toBytes } from '../../regex.ts'
import type { ApacheConfiguration, ApacheDirective } from '../configuration.ts'
import { directivesIn } from './directives-in.ts'
import { Options } from './name-value-options.ts'
import { argumentPlace, isSettled } from './places.ts'
import { type VirtualHost, virtualHosts } from './virtual-hosts.ts'

/** One `WSGIScriptAlias` or `WSGIScriptAliasMatch` as one virtual host sees it. */
export interface WsgiScriptAlias {
  readonly directive: ApacheDirective
  /** True for the regular expression of `WSGIScriptAliasMatch`. */
  readonly regex: boolean
  /** The URL prefix, or the expression. */
  readonly path: Fact<string>
  readonly pathAt: Place
  /** The script, or the directory of scripts where it ends in a slash. */
  readonly script: Fact<string>
  readonly scriptAt: Place
  /** `process-group`, `application-group`, `callable-object`, `pass-authorization`. */
  readonly options: Options
}

/**
 * The script aliases of a virtual host (null: the main server), in the order in which mod_wsgi tries
 * them: the host's own, then the main server's; the first that matches answers.
 */
export function wsgiScriptAliases(
  configuration: ApacheConfiguration,
  host: VirtualHost | null,
): readonly WsgiScriptAlias[] {
  if (host === null) return scriptAliasesIn(configuration, null)
  const own = scriptAliasesIn(configuration, host.directive)
  const server = scriptAliasesIn(configuration, null)
  return server.length === 0 ? own : [...own, ...server]
}

/** Those of the main server and of all virtual hosts, each once. */
export function scriptAliases(configuration: ApacheConfiguration): readonly WsgiScriptAlias[] {
  const hosts = virtualHosts(configuration).map(({ directive }) => directive)
  return [null, ...hosts].flatMap(host => scriptAliasesIn(configuration, host))
}

/** Those that stand in a virtual host itself (null: in the main server), in reading order. */
export const scriptAliasesIn = memoByKey(
  (configuration: ApacheConfiguration, parent: ApacheDirective | null): readonly WsgiScriptAlias[] => {
    const plain = directivesIn(configuration, parent, 'wsgiscriptalias')
    const matches = directivesIn(configuration, parent, 'wsgiscriptaliasmatch')
    return inReadingOrder(configuration, parent, plain, matches).map(toAlias)
  },
)

function inReadingOrder(
  configuration: ApacheConfiguration,
  parent: ApacheDirective | null,
  a: readonly ApacheDirective[],
  b: readonly ApacheDirective[],
): readonly ApacheDirective[] {
  if (b.length === 0) return a
  const wanted = new Set([...a, ...b])
  return (parent === null ? mainServerLines(configuration) : parent.children).filter(child =>
    wanted.has(child),
  )
}

function toAlias(directive: ApacheDirective): WsgiScriptAlias {
  return {
    directive,
    regex: directive.name.toLowerCase() === 'wsgiscriptaliasmatch',
    path: argument(directive, 0),
    pathAt: argumentPlace(directive, 0),
    script: argument(directive, 1),
    scriptAt: argumentPlace(directive, 1),
    options: new Options(directive, 2),
  }
}

function argument(directive: ApacheDirective, index: number): Fact<string> {
  const at = argumentPlace(directive, index)
  const value = directive.args[index]?.value
  return value !== undefined && isSettled(value) ? known(value, at) : unknown('it is filled in elsewhere', at)
}

/** The alias that answers a decoded URL path; null where none does, undefined where that is not known. */
export function wsgiScriptAliasFor(
  configuration: ApacheConfiguration,
  host: VirtualHost | null,
  uri: string,
): WsgiScriptAlias | null | undefined {
  for (const alias of wsgiScriptAliases(configuration, host)) {
    const matches = aliasMatches(alias, uri)
    if (matches === undefined) return undefined
    if (matches) return alias
  }
  return null
}

export function aliasMatches(alias: WsgiScriptAlias, uri: string): boolean | undefined {
  if (!alias.path.known) return undefined
  const path = alias.path.value
  if (alias.regex) {
    const expression = compilePcre(path, APACHE_OPTIONS)
    return expression?.test(toBytes(uri))
  }
  return isPrefixOf(path, uri)
}

/** A prefix as mod_alias and mod_wsgi compare it: whole parts, several slashes as good as one. */
export function isPrefixOf(prefix: string, uri: string): boolean {
  let at = 0
  for (let index = 0; index < prefix.length; ) {
    if (prefix[index] === '/') {
      if (uri[at] !== '/') return false
      while (prefix[index] === '/') index++
      while (uri[at] === '/') at++
    } else if (prefix[index++] !== uri[at++]) return false
  }
  return prefix.endsWith('/') || at === uri.length || uri[at] === '/'
}

/** The file that answers at the alias itself; null where it hangs on the rest of the URL. */
export function scriptFile(alias: WsgiScriptAlias): string | null {
  if (!alias.script.known || alias.regex) return null
  return alias.script.value.endsWith('/') ? null : alias.script.value
}
