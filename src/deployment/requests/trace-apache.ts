import type { FileSystem } from '../../files/file-system.ts'
import { posix } from 'node:path'
import type { Place } from '../../../parsers/text/source.ts'
import type { Address } from '../../servers/address.ts'
import type { ApacheConfiguration, ApacheDirective } from '../../servers/apache/configuration.ts'
import { effective, effectiveDirective, serverLevels } from '../../servers/apache/queries/effective.ts'
import { effectiveAccess } from '../../servers/apache/queries/effective-access.ts'
import { type Level, sectionsFor } from '../../servers/apache/queries/sections-for.ts'
import { selectVirtualHost } from '../../servers/apache/queries/select-virtual-host.ts'
import { effectiveHandler, sslEngine } from '../../servers/apache/queries/server-settings.ts'
import { hostName, type VirtualHost, virtualHostSection } from '../../servers/apache/queries/virtual-hosts.ts'
import { isDaemonVisible, wsgiDaemonNamed } from '../../servers/apache/queries/wsgi-daemons.ts'
import { effectiveApplicationGroup, effectiveProcessGroup } from '../../servers/apache/queries/wsgi-groups.ts'
import {
  isPrefixOf,
  scriptFile,
  type WsgiScriptAlias,
  wsgiScriptAliasFor,
} from '../../servers/apache/queries/wsgi-script-aliases.ts'
import type { Deployment } from '../model.ts'
import { argumentPlace, namePlace } from '../places.ts'
import { Steps, type TraceEnd, type TraceLeg } from './trace.ts'
import { followApache } from './trace-connection.ts'
import { type ArrivingHeader, traceScheme } from './trace-scheme.ts'
import { unreadLine } from './unread-lines.ts'

/** A request as it reaches httpd. */
export interface ApacheArrival {
  readonly address: Address
  readonly port: number
  /** The `Host` header; null where there is none, undefined where it is not known. */
  readonly host: string | null | undefined
  readonly tls: boolean
  /** Path and query, escaped. */
  readonly target: string
  readonly method: string
  /** The client's end of the connection. */
  readonly client?: string
  /** What arrives under the lower-case name of a header. */
  readonly header: (name: string) => ArrivingHeader
}

/** Follows a request through httpd: virtual host, aliases, sections and access, script and process group. */
export function traceApache(
  deployment: Deployment,
  configuration: ApacheConfiguration,
  arrival: ApacheArrival,
): TraceLeg {
  const files = deployment.filesOf(configuration)
  const steps = new Steps('apache')
  if (arrival.host === undefined)
    return steps.end({ kind: 'unknown', reason: 'the Host that Apache is asked for is not known' })
  const selection = selectVirtualHost(configuration, {
    address: arrival.address,
    port: arrival.port,
    host: arrival.host,
  })
  if (selection.kind === 'unknown') {
    steps.doubt(selection.reason, null)
    return steps.end({ kind: 'unknown', reason: selection.reason })
  }
  const host = selection.kind === 'virtual-host' ? selection.virtualHost : null
  if (selection.kind === 'virtual-host') {
    const name = hostName(configuration, selection.virtualHost)
    const why =
      selection.reason === 'first' ? 'the first of its address, for no name matches' : WHY[selection.reason]
    steps.add(
      `virtual host ${name.known ? name.value.host : '(name unknown)'}: ${why}`,
      namePlace(selection.virtualHost.directive),
    )
  } else {
    steps.add('the main server: no virtual host has this address', null)
  }

  const engine = sslEngine(configuration, host)
  if (!engine.known) steps.doubt(engine.reason, engine.at)
  else if (engine.value !== arrival.tls) {
    const reason = engine.value
      ? 'plain HTTP comes to a virtual host that speaks TLS'
      : 'TLS comes to a virtual host that speaks plain HTTP'
    steps.add(reason, engine.at)
    if (engine.value) return steps.end({ kind: 'status', by: 'apache', status: 400, reason })
    return steps.end({ kind: 'refused', reason })
  }

  const uri = decodePath(arrival.target)
  if (uri === null)
    return steps.end({
      kind: 'status',
      by: 'apache',
      status: 404,
      reason: 'the path holds an escaped slash or NUL',
    })
  const early = unreadLine(configuration, host, uri)
  if (early !== null) {
    const connection = deployment.connections
      .ofHost(configuration, virtualHostSection(early))
      .find(({ pass, path }) => pass === early && path !== null)
    if (connection !== undefined) {
      steps.add(`\`${early.name}\` proxies ${connection.path}`, namePlace(early))
      return steps.end(followApache(connection, steps.list))
    }
    steps.doubt(`\`${early.name}\` may send the request elsewhere`, namePlace(early))
    return steps.end({ kind: 'unknown', reason: `\`${early.name}\` may send the request elsewhere` })
  }
  const redirect = redirectFor(configuration, host, uri)
  if (redirect !== null) {
    steps.add(`\`${redirect.directive.name}\` of ${redirect.prefix}`, namePlace(redirect.directive))
    return steps.end(redirect.end)
  }
  const alias = pathAlias(configuration, host, uri)
  if (alias !== null) {
    steps.add(`\`${alias.directive.name}\` maps it to ${alias.path}`, namePlace(alias.directive))
    return serveFile(deployment, configuration, host, { uri, path: alias.path, arrival, files }, steps)
  }
  const script = wsgiScriptAliasFor(configuration, host, uri)
  if (script === undefined) {
    steps.doubt('a script alias whose path is not known may match', null)
    return steps.end({ kind: 'unknown', reason: 'a script alias whose path is not known may match' })
  }
  if (script !== null) {
    const scheme = traceScheme(deployment, configuration, host?.directive ?? null, arrival, steps)
    const leg = runScript(configuration, host, script, { uri, arrival, files }, steps)
    return leg.end.kind === 'application' ? steps.end({ ...leg.end, scheme }) : leg
  }

  const root = effectiveDirective(configuration, serverLevels(host), 'DocumentRoot')
  if (root === undefined) return steps.end({ kind: 'unknown', reason: 'the DocumentRoot is not known' })
  const folder = root?.args[0]?.value
  if (root === null || folder === undefined)
    return steps.end({ kind: 'unknown', reason: 'no DocumentRoot is written' })
  steps.add(`DocumentRoot ${folder}`, argumentPlace(root, 0))
  return serveFile(
    deployment,
    configuration,
    host,
    { uri, path: posix.join(folder, uri), arrival, files },
    steps,
  )
}

const WHY = {
  name: 'its ServerName is asked for',
  alias: 'a ServerAlias of it is asked for',
  'wild-alias': 'a ServerAlias pattern of it matches',
  address: 'the only one at this address',
} as const

interface Asked {
  readonly uri: string
  readonly arrival: ApacheArrival
  readonly files: FileSystem
}

function runScript(
  configuration: ApacheConfiguration,
  host: VirtualHost | null,
  alias: WsgiScriptAlias,
  { uri, arrival, files }: Asked,
  steps: Steps,
): TraceLeg {
  const path = scriptFile(alias)
  steps.add(
    `\`${alias.directive.name}\` answers with ${path ?? 'a script of its folder'}`,
    namePlace(alias.directive),
  )
  const levels = sectionsFor(configuration, host, { uri, file: path })
  const refused = decideAccess(configuration, levels, arrival, steps)
  if (refused !== null) return steps.end(refused)
  const handler = effectiveHandler(configuration, levels, path)
  if (handler.known && handler.value !== null && handler.value !== 'wsgi-script') {
    steps.add(`\`SetHandler ${handler.value}\` answers before the script`, handler.at)
    return steps.end({ kind: 'handler', by: 'apache', name: handler.value })
  }
  if (path !== null && files.covers(path) && files.kind(path) === null) {
    steps.add(`${path} is not there`, alias.scriptAt, 'mod_wsgi')
    return steps.end({ kind: 'status', by: 'apache', status: 404, reason: 'the script is not there' })
  }

  const group = effectiveProcessGroup(configuration, host, alias)
  const name = path ?? ''
  if (!group.known) {
    steps.doubt(group.reason, group.at, 'mod_wsgi')
    return steps.end({ kind: 'application', script: name, processGroup: null, scheme: null })
  }
  if (group.value.kind === 'embedded') {
    const restricted = effectiveDirective(configuration, serverLevels(null), 'WSGIRestrictEmbedded')
    if (restricted?.args[0]?.value.toLowerCase() === 'on') {
      steps.add('no process group, and embedded mode is forbidden', namePlace(restricted), 'mod_wsgi')
      return steps.end({ kind: 'status', by: 'mod_wsgi', status: 500, reason: '`WSGIRestrictEmbedded On`' })
    }
    steps.add('no process group: the script runs in Apache’s own processes', group.at, 'mod_wsgi')
    return steps.end({ kind: 'application', script: name, processGroup: '', scheme: null })
  }
  const daemon = wsgiDaemonNamed(configuration, group.value.name)
  if (daemon === undefined) {
    if (configuration.main === null) {
      steps.doubt(`process group ${group.value.name}, declared outside the audit`, group.at, 'mod_wsgi')
      return steps.end({ kind: 'application', script: name, processGroup: group.value.name, scheme: null })
    }
    steps.add(`process group ${group.value.name}, which nothing declares`, group.at, 'mod_wsgi')
    return steps.end({ kind: 'status', by: 'mod_wsgi', status: 500, reason: 'no such process group' })
  }
  if (isDaemonVisible(configuration, daemon, host) === false) {
    steps.add(
      `process group ${group.value.name} belongs to a virtual host of another name`,
      daemon.at,
      'mod_wsgi',
    )
    return steps.end({
      kind: 'status',
      by: 'mod_wsgi',
      status: 500,
      reason: 'the process group is out of reach',
    })
  }
  steps.add(`process group ${group.value.name}`, daemon.at, 'mod_wsgi')
  const interpreter = effectiveApplicationGroup(configuration, host, alias)
  if (interpreter.known && interpreter.value.kind === 'main-interpreter') {
    steps.add('in the main interpreter', interpreter.at, 'mod_wsgi')
  }
  return steps.end({ kind: 'application', script: name, processGroup: group.value.name, scheme: null })
}

function contains({ start, end }: ApacheDirective, at: Place): boolean {
  return start <= at.start && at.end <= end
}

function serveFile(
  deployment: Deployment,
  configuration: ApacheConfiguration,
  host: VirtualHost | null,
  { uri, path, arrival, files }: Asked & { readonly path: string },
  steps: Steps,
): TraceLeg {
  const kind = files.kind(path)
  const levels = sectionsFor(configuration, host, { uri, file: path, folder: kind === 'directory' })
  const refused = decideAccess(configuration, levels, arrival, steps)
  if (refused !== null) return steps.end(refused)
  const handler = effectiveHandler(configuration, levels, posix.basename(path))
  if (handler.known && handler.value !== null) {
    if (/^proxy:/i.test(handler.value)) {
      const connection = deployment.connections.apache.find(
        ({ pass }) => handler.at !== null && pass.source === handler.at.source && contains(pass, handler.at),
      )
      steps.add(`\`SetHandler ${handler.value}\` proxies it`, handler.at)
      if (connection !== undefined) return steps.end(followApache(connection, steps.list))
      return steps.end({ kind: 'unknown', reason: 'where the handler proxies to is not known' })
    }
    steps.add(`\`SetHandler ${handler.value}\` answers`, handler.at)
    return steps.end({ kind: 'handler', by: 'apache', name: handler.value })
  }
  if (kind === 'file') return steps.end({ kind: 'file', by: 'apache', path, exists: true })
  if (kind === null && files.covers(path)) {
    return steps.end({ kind: 'status', by: 'apache', status: 404, reason: `${path} is not there` })
  }
  if (kind === 'directory')
    return steps.end({ kind: 'unknown', reason: `${path} is a folder, and its index decides` })
  return steps.end({ kind: 'file', by: 'apache', path, exists: null })
}

/** Names the sections that apply, and returns the end where they turn the client away. */
function decideAccess(
  configuration: ApacheConfiguration,
  levels: readonly Level[],
  arrival: ApacheArrival,
  steps: Steps,
): TraceEnd | null {
  for (const { section, kind, applies } of levels) {
    if (section === null || kind === 'virtual-host') continue
    const text = `<${section.name} ${section.args.map(({ value }) => value).join(' ')}>`
    if (applies) steps.add(`${text} applies`, namePlace(section))
    else steps.doubt(`${text} may apply`, namePlace(section))
  }
  const access = effectiveAccess(configuration, levels, {
    method: arrival.method,
    authenticated: false,
    ...(arrival.client !== undefined && { address: arrival.client, server: arrival.client }),
  })
  if (access.allowed === true) {
    steps.add('access is granted', access.at)
    return null
  }
  if (access.allowed === undefined) {
    steps.doubt(
      access.open === 'client' ? 'access hangs on the client' : 'access hangs on what is not in the audit',
      access.at,
    )
    return null
  }
  steps.add('access is denied', access.at)
  const needsUser = asksForUser(configuration, levels)
  return needsUser
    ? { kind: 'status', by: 'apache', status: 401, reason: 'a user is asked for' }
    : { kind: 'status', by: 'apache', status: 403, reason: 'access is denied' }
}

function asksForUser(configuration: ApacheConfiguration, levels: readonly Level[]): boolean {
  const requires = effective(configuration, levels, 'Require').directives
  return requires.some(({ args }) => /^(?:valid-user|user|group)$/i.test(args[0]?.value ?? ''))
}

const STATUS: Readonly<Record<string, number>> = { permanent: 301, temp: 302, seeother: 303, gone: 410 }

interface Redirection {
  readonly directive: ApacheDirective
  readonly prefix: string
  readonly end: TraceEnd
}

/** The first `Redirect` of the virtual host, then of the main server, whose prefix matches. */
function redirectFor(
  configuration: ApacheConfiguration,
  host: VirtualHost | null,
  uri: string,
): Redirection | null {
  for (const directive of ofHost(configuration, host, ['redirect', 'redirectpermanent', 'redirecttemp'])) {
    const words = directive.args.map(({ value }) => value)
    let status = directive.name === 'RedirectPermanent' ? 301 : 302
    const first = words[0]?.toLowerCase() ?? ''
    if (directive.name === 'Redirect' && !first.startsWith('/')) {
      status = STATUS[first] ?? (Number(first) || 302)
      words.shift()
    }
    const [prefix = '', url = ''] = words
    if (prefix === '' || !isPrefixOf(prefix, uri)) continue
    const end: TraceEnd =
      status >= 300 && status < 400
        ? { kind: 'redirect', by: 'apache', status, location: url + encodeURI(uri.slice(prefix.length)) }
        : { kind: 'status', by: 'apache', status, reason: '`Redirect`' }
    return { directive, prefix, end }
  }
  return null
}

function pathAlias(
  configuration: ApacheConfiguration,
  host: VirtualHost | null,
  uri: string,
): { readonly directive: ApacheDirective; readonly path: string } | null {
  for (const directive of ofHost(configuration, host, ['alias', 'scriptalias'])) {
    const [prefix, path] = directive.args.map(({ value }) => value)
    if (prefix !== undefined && path !== undefined && isPrefixOf(prefix, uri)) {
      return { directive, path: path + uri.slice(prefix.length) }
    }
  }
  return null
}

/** The lines of the virtual host, then those of the main server, as mod_alias tries them. */
function* ofHost(
  configuration: ApacheConfiguration,
  host: VirtualHost | null,
  names: readonly string[],
): Iterable<ApacheDirective> {
  const owners = host === null ? [null] : [host.directive, null]
  for (const owner of owners) {
    for (const name of names) {
      for (const directive of configuration.occurrences.get(name) ?? []) {
        if (directive.parent === owner) yield directive
      }
    }
  }
}

/** The path decoded, dot segments and double slashes gone; null where httpd answers 404 for its escapes. */
function decodePath(target: string): string | null {
  const path = target.split('?', 1)[0] ?? ''
  if (/%(?:2f|00)/i.test(path)) return null
  try {
    return posix.normalize(decodeURIComponent(path))
  } catch {
    return posix.normalize(path)
  }
}
