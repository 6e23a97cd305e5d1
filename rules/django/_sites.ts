import { memo } from '../../parsers/collections/memo.ts'
import type { Place } from '../../parsers/text/source.ts'
import type { DjangoSettings } from '../../src/deployment/django/settings.ts'
import type {
  ApacheHost,
  Application,
  AppServerProgram,
  Deployment,
  Machine,
} from '../../src/deployment/model.ts'
import { hostIn } from '../../src/deployment/fronts-of.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import type { ClientRequest } from '../../src/deployment/requests/answer.ts'
import type { AskedHost } from '../../src/deployment/requests/ask-host.ts'
import { requestsToHost, requestsToServer } from '../../src/deployment/requests/made-up-requests.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import type { ApacheConfiguration, ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { directivesByHost } from '../../src/servers/apache/queries/virtual-hosts.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { directivesByServer } from '../../src/servers/nginx/queries/servers.ts'
import { apacheUser, nginxUser, type WorkerAccount } from '../_worker-account.ts'
import { djangoBehindApache, keepsHost } from './_behind-apache.ts'
import { djangoConnections, isPlaced } from './_connections.ts'

const COOKIE_LINES = ['proxy_cookie_path', 'proxy_cookie_domain']
const APACHE_COOKIE_LINES = ['proxypassreversecookiepath', 'proxypassreversecookiedomain', 'header']

/** A project of Django at one line of nginx or Apache that brings clients to it. */
export interface DjangoSite {
  readonly settings: DjangoSettings
  /** Those that the project lies among. */
  readonly files: FileSystem
  /** The path below which Django knows that it stands, without a last slash: empty for `/`, null where nobody knows. */
  readonly prefix: string | null
  /** The program, or the script of mod_wsgi. */
  readonly runner: AppServerProgram | Application
  /** What clients of the site send for a path. */
  readonly requests: (path: string) => readonly ClientRequest[]
  readonly configuration: object
  /** What answers all requests of one host name: a server of nginx, a virtual host or the main server of Apache. */
  readonly host: object
  readonly server: 'nginx' | 'Apache'
  /** The virtual host or main server of Apache; null for nginx. */
  readonly asked: AskedHost | null
  /** The `proxy_pass`, `ProxyPass` or `WSGIScriptAlias` by which requests get to the project. */
  readonly line: NginxDirective | ApacheDirective
  /** The machine of the server. */
  readonly machine: Machine
  /** The account of the server; null where nobody says it. */
  readonly account: () => WorkerAccount | null
  /** Bytes of the largest body that the server takes for the project, 0 for any; null where nobody knows. */
  readonly bodyLimit: number | null
  /** Plain host names, in lower case. */
  readonly names: readonly string[]
  /** Ports on which it answers; null where that may be any. */
  readonly ports: readonly number[] | null
  /** True where the project is asked for the name that the client asked for. */
  readonly keepsName: boolean
  /** True where no line of the server changes a cookie that the project sets. */
  readonly keepsCookies: boolean
  /** The pass, or the path of the alias. */
  readonly at: Place
}

/** Every one that is known, in reading order. A pass inside of an `if` is left out, whose requests nobody knows. */
export const djangoSites = memo((deployment: Deployment): readonly DjangoSite[] => [
  ...behindNginx(deployment),
  ...inApache(deployment),
])

function* behindNginx(deployment: Deployment): Iterable<DjangoSite> {
  for (const each of djangoConnections(deployment)) {
    const { from, server, block, pass, bodyLimit, hostsSent } = each.connection
    const { runner, machine, settings } = each
    if (block.name !== 'location' || !isPlaced(each)) continue
    const names = server.names.filter(({ exact }) => exact).map(({ name }) => name)
    const outer = server.listens.filter(({ loopback }) => loopback !== true)
    yield {
      settings,
      files: machine.container?.files ?? machine.files,
      prefix:
        runner.kind === 'app-server'
          ? toldTo(runner.program, settings)
          : mountedAt(runner.application, settings),
      runner: runner.kind === 'app-server' ? runner.program : runner.application,
      requests: path => requestsToServer(deployment, server, path),
      configuration: server.configuration,
      host: server.directive,
      server: 'nginx',
      asked: null,
      line: pass,
      machine: from.machine,
      account: () => nginxUser(server.configuration),
      bodyLimit: bodyLimit.known ? bodyLimit.value.value : null,
      names,
      keepsName: hostsSent.known && names.every(name => hostsSent.value.includes(name)),
      keepsCookies: !COOKIE_LINES.some(name => {
        const lines = directivesByServer(server.configuration, name)
        return lines.has(server.directive) || lines.has(null)
      }),
      ports: outer.some(({ port }) => port === null) ? null : outer.flatMap(({ port }) => port ?? []),
      at: argumentPlace(pass, 0),
    }
  }
}

function* inApache(deployment: Deployment): Iterable<DjangoSite> {
  for (const { settings, configuration, connection, program } of djangoBehindApache(deployment)) {
    const own = hostIn(deployment, configuration, connection.host)
    const { container, files } = program.machine
    yield {
      settings,
      files: container?.files ?? files,
      prefix: toldTo(program, settings),
      runner: program,
      ...ofHost(deployment, configuration, own),
      keepsName: keepsHost(connection) === true,
      line: connection.pass,
      at: argumentPlace(connection.pass, 0),
    }
  }
  for (const application of deployment.applications) {
    const settings = deployment.pythonOf(application)?.settings ?? null
    const { configuration, directive, host, alias } = application
    if (settings === null) continue
    yield {
      settings,
      files: deployment.filesOf(configuration),
      prefix: mountedAt(application, settings),
      runner: application,
      ...ofHost(deployment, configuration, host),
      keepsName: true,
      line: directive,
      at: alias.pathAt,
    }
  }
}

/** The path of the alias, which mod_wsgi makes `SCRIPT_NAME`. */
function mountedAt({ alias }: Application, settings: DjangoSettings): string | null {
  const forced = forcedPrefix(settings)
  if (forced !== undefined) return forced
  return alias.path.known && !alias.regex ? alias.path.value.replace(/\/+$/, '') : null
}

/** What the application server makes `SCRIPT_NAME` of WSGI, or `root_path` of ASGI. */
function toldTo({ server, environment }: AppServerProgram, settings: DjangoSettings): string | null {
  const forced = forcedPrefix(settings)
  if (forced !== undefined) return forced
  const told = server.program === 'gunicorn' ? environment('SCRIPT_NAME') : server.rootPath
  if (told === null) return ''
  return told.known ? told.value.replace(/\/+$/, '') : null
}

/** Null where nobody knows, undefined where it is not set. */
function forcedPrefix(settings: DjangoSettings): string | null | undefined {
  const forced = settings.get('FORCE_SCRIPT_NAME')
  if (forced === null || (forced.known && forced.value === null)) return undefined
  return forced.known && typeof forced.value === 'string' ? forced.value.replace(/\/+$/, '') : null
}

function ofHost(
  deployment: Deployment,
  configuration: ApacheConfiguration,
  host: ApacheHost | null,
): Omit<DjangoSite, 'settings' | 'files' | 'prefix' | 'runner' | 'keepsName' | 'line' | 'at'> {
  const ports = host?.addresses.map(({ port }) => port) ?? [null]
  return {
    configuration,
    host: host?.directive ?? configuration,
    server: 'Apache',
    asked: { configuration, host: host?.virtualHost ?? null },
    machine: deployment.programOf(configuration).machine,
    account: () => apacheUser(configuration),
    bodyLimit: configuration.occurrences.has('limitrequestbody') ? null : 0,
    names: host?.names ?? [],
    requests: path => (host === null ? [] : requestsToHost(deployment, host, path)),
    keepsCookies: !changesCookies(configuration, host),
    ports: ports.includes(null) ? null : ports.flatMap(port => port ?? []),
  }
}

function changesCookies(configuration: ApacheConfiguration, host: ApacheHost | null): boolean {
  return APACHE_COOKIE_LINES.some(name => {
    const lines = directivesByHost(configuration, name)
    return [null, host?.directive ?? null].some(section =>
      lines
        .get(section)
        ?.some(({ args }) => name !== 'header' || args.some(({ value }) => /cookie/i.test(value))),
    )
  })
}
