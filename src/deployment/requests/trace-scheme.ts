import { groupBy } from '../../../parsers/collections/group-by.ts'
import { memoByKey } from '../../../parsers/collections/memo.ts'
import { receivedHeader, type ReceivedHeaders } from '../../servers/received-headers.ts'
import type { ApacheConfiguration, ApacheDirective } from '../../servers/apache/configuration.ts'
import { APACHE_OPTIONS } from '../../servers/pcre/read-pattern.ts'
import { compilePcre } from '../../servers/regex.ts'
import type { Deployment } from '../model.ts'
import { virtualHostSection } from '../../servers/apache/queries/virtual-hosts.ts'
import type { SchemeTrust } from '../model.ts'
import type { Steps } from './answer.ts'

type SeenScheme = 'http' | 'https'

/** A request as it reaches httpd. */
interface SchemeClues {
  /** True where the connection to httpd itself is TLS. */
  readonly tls: boolean
  readonly headers: ReceivedHeaders
  /** True where what is not known of the headers is what the client itself sends. */
  readonly isFromClient: boolean
}

/**
 * The scheme that the application is told, by the headers that a virtual host trusts; null where the
 * client or something unread decides.
 *
 * @param host the section of the virtual host; null for the main server
 */
export function traceScheme(
  deployment: Deployment,
  configuration: ApacheConfiguration,
  host: ApacheDirective | null,
  clues: SchemeClues,
  steps: Steps,
): SeenScheme | null {
  const { trusts: byHome, others } = schemeSetters(deployment, configuration)
  const inherited = byHome.get(null) ?? []
  const trusts = host === null ? inherited : [...inherited, ...(byHome.get(host) ?? [])]
  // A main file that is not there may set the variable for every virtual host.
  const isClear = configuration.main !== null && !others.has(null) && !others.has(host)
  let isSecure: boolean | null = isClear ? clues.tls : null
  for (const trust of trusts) {
    const verdict = judge(trust, clues, steps)
    if (verdict === null || isSecure === null) isSecure = null
    else isSecure ||= verdict
  }
  return isSecure === null ? null : isSecure ? 'https' : 'http'
}

function judge(trust: SchemeTrust, { headers, isFromClient }: SchemeClues, steps: Steps): boolean | null {
  const { directive, header, at, pattern } = trust
  const written = at.source.text.slice(at.start, at.end)
  const isPlainName = /^[\w-]+$/.test(header)
  // Inside `<Location>` and its like it holds for some paths, and mod_wsgi asks who the proxy is.
  const holdsAlways = directive.parent === null || directive.parent.name === 'VirtualHost'
  if (pattern === null || !isPlainName || !holdsAlways || !/^SetEnvIf(?:NoCase)?$/i.test(directive.name)) {
    return null
  }
  const value = receivedHeader(headers, header)
  if (!value.known) {
    const isClients = isFromClient && !headers.values.has(header.toLowerCase())
    const whose = isClients ? 'is what the client sends' : 'is not known'
    steps.doubt(`${written} ${whose}, and \`${pattern}\` makes the request https for the application`, at)
    return null
  }
  const matcher = compilePcre(pattern, { ...APACHE_OPTIONS, caseless: /NoCase$/i.test(directive.name) })
  // httpd takes a header that is not there for an empty one.
  const isSecure = matcher?.test(value.value)
  if (isSecure === undefined) return null
  const seen = value.value === '' ? `${written} is not sent` : `${written} is \`${value.value}\``
  steps.add(`${seen}, so \`wsgi.url_scheme\` is ${isSecure ? 'https' : 'http'}`, at, directive)
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

/** What sets the variable HTTPS, by the virtual host around it; null for the main server. */
interface SchemeSetters {
  readonly trusts: ReadonlyMap<ApacheDirective | null, readonly SchemeTrust[]>
  /** Where a line sets or clears it by anything but a header that is trusted for it. */
  readonly others: ReadonlySet<ApacheDirective | null>
}

const schemeSetters = memoByKey(
  ({ trusts: all }: Deployment, configuration: ApacheConfiguration): SchemeSetters => {
    const trusts = all.filter(trust => trust.configuration === configuration)
    const trusted = new Set(trusts.map(({ directive }) => directive))
    const others = SETTERS.flatMap(name => configuration.occurrences.get(name) ?? []).filter(
      directive => !trusted.has(directive) && directive.args.some(({ value }) => HTTPS.test(value)),
    )
    return {
      trusts: groupBy(trusts, ({ directive }) => virtualHostSection(directive)),
      others: new Set(others.map(virtualHostSection)),
    }
  },
)
