import type { DjangoSettings } from '../../src/deployment/django/settings.ts'
import type { LoadedModule } from '../../src/deployment/django/loaded-module.ts'
import type {
  AppServerProgram,
  Deployment,
  NginxConnection,
  SentHeader,
  Target,
} from '../../src/deployment/model.ts'
import type { Place } from '../../parsers/text/source.ts'
import { trustsProxy } from '../../src/deployment/proxy-trust.ts'
import { serverBehind } from '../../src/deployment/server-behind.ts'

/** A connection of nginx that leads to a project of Django in an application server. */
export interface DjangoConnection {
  readonly connection: NginxConnection
  readonly target: Target
  readonly program: AppServerProgram
  readonly loaded: LoadedModule
  readonly settings: DjangoSettings
}

export function* djangoConnections(deployment: Deployment): Iterable<DjangoConnection> {
  if (deployment.programs.every(({ kind }) => kind !== 'app-server')) return
  for (const connection of deployment.connections.nginx) {
    for (const target of connection.targets) {
      const program = serverBehind(target)
      const loaded = program === null ? null : deployment.moduleOf(program)
      if (program !== null && loaded?.settings != null)
        yield { connection, target, program, loaded, settings: loaded.settings }
    }
  }
}

/**
 * True where the project lies at its place on the machine, so that its paths and names are those of the deployment. A
 * repository whose start nobody sees has samples of them.
 */
export function isPlaced({ isSeen, directory }: AppServerProgram): boolean {
  return isSeen || directory?.known === true
}

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

/** Where the settings of a project begin, for what they lack. */
export function settingsPlace({ settingsSource }: LoadedModule): Place | null {
  if (settingsSource === null) return null
  const end = settingsSource.text.indexOf('\n')
  return { source: settingsSource, start: 0, end: end === -1 ? settingsSource.text.length : end }
}

/** The header that nginx writes, if it does; the last one of a name counts. */
export function written({ headers }: NginxConnection, name: string): SentHeader | null {
  return headers.written.findLast(header => header.name === name) ?? null
}

/**
 * The scheme that Django sees of a client that came by TLS: from `SECURE_PROXY_SSL_HEADER`, else from what the
 * application server believes; undefined where nobody can tell.
 */
export function schemeSeen({
  connection,
  target,
  program,
  settings,
}: DjangoConnection): 'http' | 'https' | undefined {
  if (connection.pass.name !== 'proxy_pass' || connection.headers.open) return undefined
  const proxy = settings.get('SECURE_PROXY_SSL_HEADER')
  if (proxy !== null) {
    if (!proxy.known) return undefined
    if (Array.isArray(proxy.value)) {
      const [name, value] = proxy.value as readonly unknown[]
      if (typeof name !== 'string' || typeof value !== 'string') return undefined
      // `META` has headers by no other names.
      if (!name.startsWith('HTTP_')) return 'http'
      const header = name
        .replace(/^HTTP_/, '')
        .replaceAll('_', '-')
        .toLowerCase()
      return saysHttps(written(connection, header), value)
        ? 'https'
        : isUnset(connection, header)
          ? 'http'
          : undefined
    }
  }
  const forwarded = written(connection, 'x-forwarded-proto')
  const others = ['x-forwarded-protocol', 'x-forwarded-ssl'].some(name => written(connection, name) !== null)
  if (others) return undefined
  if (forwarded === null) return isUnset(connection, 'x-forwarded-proto') ? 'http' : undefined
  if (!saysHttps(forwarded, 'https')) return undefined
  const trusted = trustsProxy(program, connection, target)
  return trusted === undefined ? undefined : trusted ? 'https' : 'http'
}

/** True where Django surely takes what comes to a server of plain HTTP for that, whatever a proxy in front of it says. */
export function isTakenForHttp({ connection, target, program, settings }: DjangoConnection): boolean {
  if (connection.pass.name !== 'proxy_pass' || connection.headers.open || connection.server.tls) return false
  const proxy = settings.get('SECURE_PROXY_SSL_HEADER')
  if (proxy !== null && !proxy.known) return false
  if (proxy !== null && Array.isArray(proxy.value)) {
    const [name] = proxy.value as readonly unknown[]
    const header =
      typeof name === 'string'
        ? name
            .replace(/^HTTP_/, '')
            .replaceAll('_', '-')
            .toLowerCase()
        : ''
    return written(connection, header)?.value === '$scheme'
  }
  const names = ['x-forwarded-proto', 'x-forwarded-protocol', 'x-forwarded-ssl']
  const sent = names.flatMap(name => written(connection, name) ?? [])
  return (
    (sent.length > 0 && sent.every(({ value }) => value === '$scheme')) ||
    trustsProxy(program, connection, target) === false
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
