import { withoutComments } from '../../parsers/python/without-comments.ts'
import { memo } from '../../parsers/collections/memo.ts'
import type { Place, Source } from '../../parsers/text/source.ts'
import type { Connection, Deployment, NginxConnection } from '../../src/deployment/model.ts'
import { frontLine } from '../../src/deployment/front-lines.ts'
import { bringsClients } from '../../src/deployment/requests/brings-clients.ts'
import { takesClients } from '../../src/deployment/outer-proxies.ts'
import { APACHE_OPTIONS } from '../../src/servers/pcre/read-pattern.ts'
import { compilePcre } from '../../src/servers/regex.ts'
import { serverBehind } from '../../src/deployment/server-behind.ts'
import { assignedValue, changesHeader, headerNamed, properName } from '../django/_behind-nginx.ts'
import { djangoBehindFronts, djangoConnections } from '../django/_connections.ts'
import { GHOST, ghostBehind } from './_ghost.ts'
import { trustedBy } from './_trusted-headers.ts'

export interface SchemeReader {
  readonly name: string
  readonly does: string
  /** Where no request is answered. */
  readonly loops?: true
  /** The line that names the header that it reads; absent for `X-Forwarded-Proto` of its own accord. */
  readonly trust?: { readonly header: string; readonly at: Place }
}

const LOOPS = { does: 'redirects https to https for ever', loops: true } as const

/** What an application does where nothing tells it that the client came by TLS; null where nothing is seen. */
export function schemeReaderBehind(
  deployment: Deployment,
  connection: Pick<Connection, 'targets'>,
): SchemeReader | null {
  const ghost = ghostBehind(deployment, connection)
  if (ghost !== null) return { ...GHOST, trust: { header: 'X-Forwarded-Proto', at: ghost } }
  for (const target of connection.targets) {
    const program = serverBehind(target)
    const settings = program?.server.program === 'node' ? program.server.settings : null
    if (settings?.get('req.secure')?.known === true) return { name: 'Express', ...LOOPS }
    if (program?.server.program === 'spring') {
      const strategy = program.server.settings.get('forward-headers-strategy')
      const isRead = strategy?.known === true && /^(?:native|framework)$/i.test(String(strategy.value))
      if (isRead && strategy.at !== null)
        return {
          name: 'Spring Boot',
          does: 'links and redirects to `http://`, as in the `redirect_uri` of OAuth',
          trust: { header: 'X-Forwarded-Proto', at: strategy.at },
        }
    }
    if (settings?.get('cookie.secure')?.known === true)
      return { name: 'Express', does: 'sets no cookie of a session for TLS alone' }
    const source = program === null ? null : (deployment.moduleOf(program)?.source ?? null)
    const name = source === null || source === 'missing' ? null : redirectsByScheme(source)
    if (name !== null) return { name, ...LOOPS }
  }
  return null
}

/**
 * Apache, or Django behind it or in an application server, that is told to take the scheme from a header which nginx
 * does not set; null too where a proxy in front of nginx may send it.
 */
export function waitingForScheme(deployment: Deployment, connection: Connection): SchemeReader | null {
  if (!('server' in connection))
    return bringsClients(deployment, connection) ? djangoWaiting(deployment, connection) : null
  if (!takesClients(deployment, connection.server)) return null
  return djangoWaiting(deployment, connection) ?? apacheWaiting(deployment, connection)
}

/** The line by which Apache or Django behind nginx takes the scheme from `X-Forwarded-Proto`; null where none does. */
export function readsForwardedProto(deployment: Deployment, connection: NginxConnection): Place | null {
  const trust = trustedBy(deployment, connection).find(({ certain }) => certain)?.trust
  if (trust?.header === 'x-forwarded-proto') return trust.at
  for (const { connection: own, settings, runner } of djangoConnections(deployment)) {
    if (own !== connection) continue
    const fact = settings.get('SECURE_PROXY_SSL_HEADER')
    if (fact?.known !== true || fact.at === null || !Array.isArray(fact.value)) continue
    const [key] = fact.value as readonly unknown[]
    if (key !== 'HTTP_X_FORWARDED_PROTO') continue
    if (runner.kind === 'mod_wsgi' && changesHeader(runner, 'x-forwarded-proto')) continue
    return assignedValue(fact.at)
  }
  return null
}

const PLAIN = 'takes every page for plain HTTP'

function apacheWaiting(deployment: Deployment, connection: NginxConnection): SchemeReader | null {
  const [first, ...others] = trustedBy(deployment, connection)
  if (first?.certain !== true || others.length > 0 || first.trust.pattern === null) return null
  const { configuration, header, at } = first.trust
  const isSetAnyway = (configuration.occurrences.get('setenv') ?? []).some(
    ({ args }) => args[0]?.value === 'HTTPS',
  )
  // What is taken for https where it is not sent waits for nothing.
  const isForNone = compilePcre(first.trust.pattern, APACHE_OPTIONS)?.test('') !== false
  if (isSetAnyway || isForNone || !/^[\w-]+$/.test(header)) return null
  return { name: 'Apache', does: PLAIN, trust: { header: properName(header), at } }
}

function djangoWaiting(deployment: Deployment, connection: Connection): SchemeReader | null {
  for (const each of 'server' in connection
    ? djangoConnections(deployment)
    : djangoBehindFronts(deployment)) {
    if (each.connection !== connection) continue
    const { settings, runner } = each
    const trust = settings.get('SECURE_PROXY_SSL_HEADER')
    const redirect = settings.get('SECURE_SSL_REDIRECT')
    if (trust?.known !== true || trust.at === null || !Array.isArray(trust.value)) continue
    const [key] = trust.value as readonly unknown[]
    // That nothing gets past the redirect is said where it is turned on.
    if (typeof key !== 'string' || !key.startsWith('HTTP_')) continue
    if (redirect !== null && !(redirect.known && redirect.value === false)) continue
    const header = headerNamed(key)
    if (runner.kind === 'mod_wsgi' && changesHeader(runner, header)) continue
    if (frontLine(connection).written.some(({ name }) => name === header)) continue
    return {
      name: 'Django',
      does: `${PLAIN}, and links to \`http://\``,
      trust: { header: properName(header), at: assignedValue(trust.at) },
    }
  }
  return null
}

/** Middleware that sends plain HTTP to https, as it sees the request. */
const redirectsByScheme = memo((source: Source): string | null => {
  const code = withoutComments(source.code)
  if (/(?:add_middleware|Middleware)\(\s*HTTPSRedirectMiddleware\b/.test(code))
    return '`HTTPSRedirectMiddleware`'
  const talisman = /^\s*(?:\w+\s*=\s*)?(Talisman|SSLify)\(([^()]*)\)/m.exec(code)
  if (talisman === null || /force_https\s*=|\bif\b[^\n]*:\s*$/m.test(talisman[2] ?? '')) return null
  return `\`${talisman[1]}\``
})
