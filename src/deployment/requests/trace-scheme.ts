import type { ApacheConfiguration, ApacheDirective } from '../../servers/apache/configuration.ts'
import { compilePcre } from '../../servers/regex.ts'
import type { Deployment } from '../model.ts'
import { virtualHostSection } from '../../servers/apache/queries/virtual-hosts.ts'
import type { SchemeTrust } from '../model.ts'
import type { Steps } from './trace.ts'

/** What one request header holds when it reaches httpd. */
export type ArrivingHeader =
  /** The values that arrive; none where the header is not there. */
  | { readonly kind: 'values'; readonly values: readonly string[] }
  /** Whatever the client chooses to send. */
  | { readonly kind: 'client' }
  | { readonly kind: 'unknown' }

type SeenScheme = 'http' | 'https'

interface SchemeClues {
  /** True where the connection to httpd itself is TLS. */
  readonly tls: boolean
  /** What arrives under the lower-case name of a header. */
  readonly header: (name: string) => ArrivingHeader
}

/**
 * The scheme that the application is told, by the headers that a virtual host trusts; null where the
 * client or something unread decides.
 *
 * @param host the section of the virtual host; null for the main server
 */
export function traceScheme(
  { trusts: all }: Deployment,
  configuration: ApacheConfiguration,
  host: ApacheDirective | null,
  { tls, header: arriving }: SchemeClues,
  steps: Steps,
): SeenScheme | null {
  const isHere = (directive: ApacheDirective): boolean => {
    const home = virtualHostSection(directive)
    return home === null || home === host
  }
  const trusts = all.filter(trust => trust.configuration === configuration && isHere(trust.directive))
  const trusted = new Set(trusts.map(({ directive }) => directive))
  // A main file that is not there may set the variable for every virtual host.
  const isClear = configuration.main !== null && !othersThatSetHttps(configuration, trusted).some(isHere)
  let isSecure: boolean | null = isClear ? tls : null
  for (const trust of trusts) {
    const verdict = judge(trust, arriving, steps)
    if (verdict === null || isSecure === null) isSecure = null
    else isSecure ||= verdict
  }
  return isSecure === null ? null : isSecure ? 'https' : 'http'
}

function judge(trust: SchemeTrust, arriving: (name: string) => ArrivingHeader, steps: Steps): boolean | null {
  const { directive, header, at, pattern } = trust
  const written = at.source.text.slice(at.start, at.end)
  const isPlainName = /^[\w-]+$/.test(header)
  // Inside `<Location>` and its like it holds for some paths, and mod_wsgi asks who the proxy is.
  const holdsAlways = directive.parent === null || directive.parent.name === 'VirtualHost'
  if (pattern === null || !isPlainName || !holdsAlways || !/^SetEnvIf(?:NoCase)?$/i.test(directive.name)) {
    return null
  }
  const value = arriving(header)
  if (value.kind !== 'values') {
    const whose = value.kind === 'client' ? 'is what the client says' : 'is not known'
    steps.doubt(`${written} ${whose}, and \`${pattern}\` tells the application https`, at)
    return null
  }
  const matcher = compilePcre(pattern, { caseless: /NoCase$/i.test(directive.name) })
  // httpd joins values of one name, and takes a header that is not there for an empty one.
  const joined = value.values.join(', ')
  const isSecure = matcher?.test(joined)
  if (isSecure === undefined) return null
  const seen = value.values.length === 0 ? `${written} does not arrive` : `${written} is \`${joined}\``
  steps.add(`${seen}, so the application is told ${isSecure ? 'https' : 'http'}`, at)
  return isSecure
}

const HTTPS = /(?:^|[!=,[])HTTPS(?:[=:,\]]|$)/
const SETTERS = [
  'setenv',
  'unsetenv',
  'passenv',
  'setenvif',
  'setenvifnocase',
  'setenvifexpr',
  'browsermatch',
  'browsermatchnocase',
  'rewriterule',
]

/** Lines that set or clear the variable HTTPS by anything but a header that is trusted for it. */
function othersThatSetHttps(
  { occurrences }: ApacheConfiguration,
  trusted: ReadonlySet<ApacheDirective>,
): readonly ApacheDirective[] {
  return SETTERS.flatMap(name => occurrences.get(name) ?? []).filter(
    directive => !trusted.has(directive) && directive.args.some(({ value }) => HTTPS.test(value)),
  )
}
