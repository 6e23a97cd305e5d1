import { type ApacheConfiguration, loadsPhp } from '../../src/servers/apache/configuration.ts'
import { certainHosts } from '../../src/deployment/hosts-of-connection.ts'
import type { ApacheHost, Deployment, NginxServer } from '../../src/deployment/model.ts'
import { askServer } from '../../src/deployment/requests/ask-server.ts'
import { askHost } from '../../src/deployment/requests/ask-host.ts'
import { directoryOf as directoryOfLine, urlOfFile } from '../../src/deployment/requests/url-of-file.ts'
import type { Place } from '../../parsers/text/source.ts'
import type { RuleFinding } from '../../src/engine/rule.ts'
import { runsPhp } from '../../src/servers/apache/requests/runs-php.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { directivesByServer } from '../../src/servers/nginx/queries/servers.ts'
import { fileBase } from '../../src/servers/nginx/queries/static-content.ts'

/** Scripts of one directory that are asked for. */
const MOST_SCRIPTS = 3

/** nginx sends files of a site by itself, and Apache behind it, which runs PHP, gets what is left. */
export function* servedBeforeApache(deployment: Deployment): Iterable<RuleFinding> {
  if (!deployment.apache.some(mayRunPhp)) return
  const looked = new Set<NginxServer>()
  for (const connection of deployment.connections.http) {
    const { server } = connection
    if (looked.has(server)) continue
    const [host] = certainHosts(deployment, connection)
    if (host === undefined) continue
    looked.add(server)
    const found = triedFirst(deployment, server, host) ?? keptByLocation(deployment, server, host)
    if (found === null) continue
    yield {
      at: found.at,
      message: `\`${found.url}\` is answered with the source of \`${found.path}\`, and Apache, which runs PHP, is not asked`,
      label: 'a script is a file as well',
      related: [{ at: argumentPlace(connection.pass, 0), message: 'Apache is here' }],
      help: 'Proxy scripts before files are sent: `location ~ \\.php$ { proxy_pass …; }`',
    }
  }
}

interface SentScript {
  readonly url: string
  readonly path: string
  readonly at: Place
}

/** A script that `try_files` finds. */
function triedFirst(deployment: Deployment, server: NginxServer, host: ApacheHost): SentScript | null {
  for (const line of directivesByServer(server.configuration, 'try_files').get(server.directive) ?? []) {
    const base = line.parent === null ? null : fileBase(server.configuration, line.parent)
    if (base?.known !== true || !line.args.slice(0, -1).some(({ value }) => value === '$uri')) continue
    const found = scriptOfApache(deployment, server, host, base.value.directive)
    if (found !== null) return { ...found, at: argumentPlace(line, 0) }
  }
  return null
}

/** A script that a location without a `proxy_pass` takes from the one with it, such as one for pictures and styles. */
function keptByLocation(deployment: Deployment, server: NginxServer, host: ApacheHost): SentScript | null {
  for (const root of directivesByServer(server.configuration, 'root').get(server.directive) ?? []) {
    const found = scriptOfApache(deployment, server, host, root)
    const answer = found === null ? null : askServer(deployment, server, found.url)
    const location = answer?.steps.findLast(({ kind }) => kind === 'location')?.directive
    if (found !== null && location != null)
      return { ...found, at: argumentPlace(location, location.args.length - 1) }
  }
  return null
}

/** True where a module or a line of Apache speaks of PHP. */
function mayRunPhp(configuration: ApacheConfiguration): boolean {
  if (loadsPhp(configuration)) return true
  const { occurrences } = configuration
  const named = ['sethandler', 'addhandler', 'addtype', 'proxypassmatch', 'filesmatch'].flatMap(
    name => occurrences.get(name) ?? [],
  )
  return named.some(({ args }) => args.some(({ value }) => /php|fcgi:/i.test(value)))
}

/** A script below a `root` that nginx sends as a file and Apache would run. */
function scriptOfApache(
  deployment: Deployment,
  server: NginxServer,
  { configuration, virtualHost }: ApacheHost,
  root: NginxDirective,
): Omit<SentScript, 'at'> | null {
  const directory = directoryOfLine(root)
  const files = deployment.filesOf(server.configuration)
  const scripts = (files.list(directory) ?? [])
    .filter(({ name, kind }) => kind === 'file' && name.endsWith('.php'))
    .slice(0, MOST_SCRIPTS)
  // A site whose files are not at hand has a script for its start page, if Apache looks for one.
  const names = files.kind(directory) === null ? ['index.php'] : scripts.map(({ name }) => name)
  for (const name of names) {
    const path = `${directory}/${name}`
    const url = urlOfFile(deployment, server, root, path)
    if (url === null) continue
    const { end } = askHost(deployment, { configuration, host: virtualHost }, url)
    if (runsPhp(end)) return { url, path }
  }
  return null
}
