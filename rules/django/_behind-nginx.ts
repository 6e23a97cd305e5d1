import type { Place } from '../../parsers/text/source.ts'
import type { DjangoSettings } from '../../src/deployment/django/settings.ts'
import type { Deployment, NginxConnection, SentHeader } from '../../src/deployment/model.ts'
import { trustsProxy } from '../../src/deployment/proxy-trust.ts'
import { headersSent } from './_behind-apache.ts'
import type { DjangoConnection, ModWsgi } from './_connections.ts'

/** A setting that is a list of texts, empty where nothing assigns it; null where one part is not known. */
export function textList(settings: DjangoSettings, name: string): readonly string[] | null {
  const fact = settings.get(name)
  if (fact === null) return []
  if (!fact.known || !Array.isArray(fact.value)) return null
  const values: readonly unknown[] = fact.value
  return values.every(value => typeof value === 'string') ? (values as readonly string[]) : null
}

/** Whether a middleware of Django is in use; undefined where the list is not known. */
export function usesMiddleware(settings: DjangoSettings, name: string): boolean | undefined {
  const list = textList(settings, 'MIDDLEWARE')
  return list?.includes(name)
}

/** The header that nginx writes, if it does; the last one of a name counts. */
export function written({ headers }: NginxConnection, name: string): SentHeader | null {
  return headers.written.findLast(header => header.name === name) ?? null
}

/**
 * The scheme that Django sees of a client that came by TLS: from `SECURE_PROXY_SSL_HEADER`, else from what the
 * application server or mod_wsgi believes; undefined where nobody can tell.
 */
export function schemeSeen({ connection, runner, settings }: DjangoConnection): 'http' | 'https' | undefined {
  if (connection.pass.name !== 'proxy_pass' || connection.headers.open) return undefined
  const proxy = settings.get('SECURE_PROXY_SSL_HEADER')
  if (proxy !== null) {
    if (!proxy.known) return undefined
    if (Array.isArray(proxy.value)) {
      const [name, value] = proxy.value as readonly unknown[]
      if (typeof name !== 'string' || typeof value !== 'string') return undefined
      const header = headerNamed(name)
      // `META` has headers by no other names; without the header Django takes the scheme of the server.
      const isHeader = name.startsWith('HTTP_')
      if (isHeader && runner.kind === 'mod_wsgi' && changesHeader(runner, header)) return undefined
      if (isHeader && saysHttps(written(connection, header), value)) return 'https'
      if (isHeader && !isUnset(connection, header)) return undefined
    }
  }
  if (runner.kind === 'mod_wsgi') return runner.scheme ?? undefined
  const forwarded = written(connection, 'x-forwarded-proto')
  const others = ['x-forwarded-protocol', 'x-forwarded-ssl'].some(name => written(connection, name) !== null)
  if (others) return undefined
  if (forwarded === null) return isUnset(connection, 'x-forwarded-proto') ? 'http' : undefined
  if (!saysHttps(forwarded, 'https')) return undefined
  const trusted = trustsProxy(runner.program, connection, runner.target)
  return trusted === undefined ? undefined : trusted ? 'https' : 'http'
}

/** True where Django surely takes what comes to a server of plain HTTP for that, whatever a proxy in front of it says. */
export function isTakenForHttp(
  { trustsOf }: Deployment,
  { connection, runner, settings }: DjangoConnection,
): boolean {
  if (connection.pass.name !== 'proxy_pass' || connection.headers.open || connection.server.tls) return false
  const saysOwn = (header: string): boolean => written(connection, header)?.value === '$scheme'
  const proxy = settings.get('SECURE_PROXY_SSL_HEADER')
  if (proxy !== null && !proxy.known) return false
  if (proxy !== null && Array.isArray(proxy.value)) {
    const [name] = proxy.value as readonly unknown[]
    const header = typeof name === 'string' ? headerNamed(name) : ''
    return saysOwn(header) && !(runner.kind === 'mod_wsgi' && changesHeader(runner, header))
  }
  if (runner.kind === 'mod_wsgi')
    return runner.scheme === 'http' && trustsOf(runner.host).every(({ header }) => saysOwn(header))
  const names = ['x-forwarded-proto', 'x-forwarded-protocol', 'x-forwarded-ssl']
  const sent = names.flatMap(name => written(connection, name) ?? [])
  return (
    (sent.length > 0 && sent.every(({ value }) => value === '$scheme')) ||
    trustsProxy(runner.program, connection, runner.target) === false
  )
}

/** The request header behind a key of `META`, in lower case. */
export function headerNamed(key: string): string {
  return key
    .replace(/^HTTP_/, '')
    .replaceAll('_', '-')
    .toLowerCase()
}

/** A header as people write it: `X-Forwarded-Proto` for `x-forwarded-proto`. */
export function properName(header: string): string {
  return header.replace(/(?<=^|-)[a-z]/g, letter => letter.toUpperCase())
}

/** True where Apache may send the application another value of a header than it gets, or none. */
export function changesHeader({ host }: ModWsgi, header: string): boolean {
  const { configuration, virtualHost } = host
  return (
    configuration.occurrences.has('wsgitrustedproxyheaders') ||
    headersSent({ configuration, host: virtualHost }, name => name === header).length > 0
  )
}

function saysHttps(header: SentHeader | null, value: string): boolean {
  return header !== null && (header.value === value || (header.value === '$scheme' && value === 'https'))
}

/** True where no client that is what it says sends the header. */
function isUnset(connection: NginxConnection, name: string): boolean {
  const header = written(connection, name)
  return header === null || header.state === 'cleared'
}

/** Where the settings say which header gives the scheme. */
export function trustedHeader(
  settings: DjangoSettings,
): readonly { readonly at: Place; readonly message: string }[] {
  const proxy = settings.get('SECURE_PROXY_SSL_HEADER')
  return proxy?.known !== true || proxy.value === null || proxy.at === null
    ? []
    : [{ at: assignedValue(proxy.at), message: 'the header that Django trusts' }]
}

/** What an assignment assigns. */
export function assignedValue({ source, start, end }: Place): Place {
  const text = source.code.slice(start, end)
  const equals = /^[\w.]+\s*(?::[^=]+)?=\s*/.exec(text)?.[0].length ?? 0
  return { source, start: start + equals, end }
}
