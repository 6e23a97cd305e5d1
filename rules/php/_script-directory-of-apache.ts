import { cleanPath } from '../../parsers/text/clean-path.ts'
import { isBelow } from '../../parsers/text/is-below.ts'
import type { Place } from '../../parsers/text/source.ts'
import type { ApacheConnection } from '../../src/deployment/model.ts'
import type { ApacheConfiguration, ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { argumentPlace } from '../../src/servers/apache/queries/places.ts'
import { directivesByHost, virtualHostOf } from '../../src/servers/apache/queries/virtual-hosts.ts'

/** What Apache makes the path of a script of, where it sends one to PHP-FPM. */
export interface ScriptsOfApache {
  /** What stands before the name of the script, without its last slash. */
  readonly directory: string
  /** The word that names PHP-FPM. */
  readonly at: Place
  /** The word with another directory in it; null where the line names none, and the document root counts. */
  written(directory: string): string | null
  /** Where Apache has the files that are meant. */
  readonly source: string
}

/**
 * The directory of the scripts that a line sends to PHP-FPM; null where it is not known, or where the line is not for
 * scripts: the pages of FPM itself are no files.
 *
 * https://httpd.apache.org/docs/2.4/mod/mod_proxy_fcgi.html#examples
 */
export function scriptsOfApache({ from, pass, protocol }: ApacheConnection): ScriptsOfApache | null {
  const { configuration } = from
  if (!protocol.known || protocol.value !== 'fastcgi') return null
  // It may send any `SCRIPT_FILENAME`.
  if (configuration.occurrences.has('proxyfcgisetenvif')) return null
  const root = documentRootAround(configuration, pass)
  const index = pass.args.findIndex(({ value }) => /fcgi:\/\//i.test(value))
  const match = /^((?:proxy:)?(?:unix:[^|]*\|)?fcgi:\/\/[^/]*)(.*)$/is.exec(pass.args[index]?.value ?? '')
  if (match === null) return null
  const [, server = '', path = ''] = match
  const at = argumentPlace(pass, index)
  if (/^(?:set|add)handler$/i.test(pass.name)) {
    const directory = /^\/?$/.test(path) && isForScripts(pass) ? handledDirectory(pass, root) : null
    return directory === null ? null : { directory, at, source: directory, written: () => null }
  }
  const pattern = patternOf(pass)
  const parts = /^((?:\/[^/$%]+)+?)(?:(\/?)(\$\d)|\/?)$/.exec(path)
  if (parts === null || !/\.php|^\/$/i.test(pattern)) return null
  const [, directory = '', slash, group] = parts
  if (/\.php$/i.test(directory)) return null
  // Without a reference to a group the path of the request follows by itself, save in a RewriteRule.
  if (group === undefined && /^rewriterule$/i.test(pass.name)) return null
  if (slash === '' && !/\(\^?\//.test(pattern)) return null
  const end = group === undefined ? '/' : `${slash}${group}`
  const source = root !== null && AT_ROOT.test(pattern) ? root : cleanPath(directory)
  return { directory: cleanPath(directory), at, source, written: other => server + other + end }
}

/** Every path, so that what follows is below the document root. */
const AT_ROOT = /^(?:\^?\/?\??\(?\/?\.[*+]|\^?\/$|\\\.php)/i

/** The path or expression of the requests that a line sends on, of the section around it where the line has none. */
function patternOf({ name, args, parent }: ApacheDirective): string {
  const own = /^rewriterule$/i.test(name) || !/^fcgi:|^unix:/i.test(args[0]?.value ?? '')
  return (own ? args[0]?.value : parent?.args.at(-1)?.value) ?? ''
}

/** True of a handler for the files of a name that ends in `.php`. */
function isForScripts({ name, args, parent }: ApacheDirective): boolean {
  if (/^addhandler$/i.test(name)) return args.slice(1).some(({ value }) => /^\.?php$/i.test(value))
  const section = parent !== null && isForExisting(parent) ? parent.parent : parent
  return (
    section !== null &&
    /^files(?:match)?$/i.test(section.name) &&
    section.args.some(({ value }) => /\.ph(?:p|ar|\()/i.test(value))
  )
}

/** `<If "-f %{REQUEST_FILENAME}">`, which lets every script through that Apache has. */
function isForExisting({ name, args }: ApacheDirective): boolean {
  return /^if$/i.test(name) && /^\s*-[fs]\b/.test(args[0]?.value ?? '')
}

/** Where the files lie that a handler is for; null where sections hide it. */
function handledDirectory({ parent }: ApacheDirective, root: string | null): string | null {
  for (let each = parent; each !== null; each = each.parent) {
    if (/^directory$/i.test(each.name)) {
      const own = each.args.length === 1 ? plainPath(each.args[0]?.value) : null
      return own !== null && root !== null && isBelow(root, own) ? root : own
    }
    if (!isForExisting(each) && !TRANSPARENT.test(each.name)) return null
  }
  return root
}

/** Sections that take in every directory. */
const TRANSPARENT = /^(?:virtualhost|files|filesmatch|ifmodule|ifdefine|ifversion)$/i

/** The one document root of the requests that meet a line; null where there are several, or none is known. */
function documentRootAround(configuration: ApacheConfiguration, line: ApacheDirective): string | null {
  if (configuration.occurrences.has('virtualdocumentroot')) return null
  const byHost = directivesByHost(configuration, 'documentroot')
  const own = byHost.get(virtualHostOf(configuration, line)?.directive ?? null)?.at(-1)
  const isOfMain = virtualHostOf(configuration, line) === null
  // What stands in the main server holds in every virtual host.
  const others = isOfMain
    ? [...byHost].flatMap(([host, lines]) => (host === null ? [] : lines.slice(-1)))
    : []
  const roots = others.length > 0 ? others : [own ?? byHost.get(null)?.at(-1)]
  const paths = new Set(roots.map(each => plainPath(each?.args[0]?.value)))
  const [path = null] = paths
  return paths.size === 1 ? path : null
}

function plainPath(value: string | undefined): string | null {
  return value !== undefined && /^\/[^$%*?[{}\uFFFC-\uFFFF\uE000]*$/.test(value) ? cleanPath(value) : null
}
