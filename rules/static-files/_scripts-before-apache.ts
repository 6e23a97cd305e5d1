import { type ApacheConfiguration, loadsPhp } from '../../src/servers/apache/configuration.ts'
import { certainHosts } from '../../src/deployment/hosts-of-connection.ts'
import type { ApacheHost, Deployment, NginxServer } from '../../src/deployment/model.ts'
import { askHost } from '../../src/deployment/requests/ask-host.ts'
import { directoryOf as directoryOfLine, urlOfFile } from '../../src/deployment/requests/url-of-file.ts'
import type { RuleFinding } from '../../src/engine/rule.ts'
import { runsPhp } from '../../src/servers/apache/requests/runs-php.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { directivesByServer } from '../../src/servers/nginx/queries/servers.ts'
import { fileBase } from '../../src/servers/nginx/queries/static-content.ts'

/** Scripts of one directory that are asked for. */
const MOST_SCRIPTS = 3

/** nginx tries the files of a site first, and Apache behind it, which runs PHP, gets what is left. */
export function* servedBeforeApache(deployment: Deployment): Iterable<RuleFinding> {
  if (!deployment.apache.some(mayRunPhp)) return
  const looked = new Set<NginxServer>()
  for (const connection of deployment.connections.http) {
    const { server } = connection
    if (looked.has(server)) continue
    const lines = directivesByServer(server.configuration, 'try_files').get(server.directive) ?? []
    const [host] = lines.length === 0 ? [] : certainHosts(deployment, connection)
    if (host === undefined) continue
    looked.add(server)
    for (const line of lines) {
      const found = scriptOfApache(deployment, server, host, line)
      if (found === null) continue
      yield {
        at: argumentPlace(line, 0),
        message: `\`${found.url}\` is answered with the source of \`${found.path}\`, and Apache, which runs PHP, is not asked`,
        label: 'a script is a file as well',
        related: [{ at: argumentPlace(connection.pass, 0), message: 'Apache is here' }],
        help: 'Proxy scripts before files are tried: `location ~ \\.php$ { proxy_pass …; }`',
      }
      break
    }
  }
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

/** A script that nginx sends as a file and Apache would run. */
function scriptOfApache(
  deployment: Deployment,
  server: NginxServer,
  { configuration, virtualHost }: ApacheHost,
  { parent, args }: NginxDirective,
): { readonly url: string; readonly path: string } | null {
  const base = parent === null ? null : fileBase(server.configuration, parent)
  if (base?.known !== true || !args.slice(0, -1).some(({ value }) => value === '$uri')) return null
  const directory = directoryOfLine(base.value.directive)
  const files = deployment.filesOf(server.configuration)
  const scripts = (files.list(directory) ?? [])
    .filter(({ name, kind }) => kind === 'file' && name.endsWith('.php'))
    .slice(0, MOST_SCRIPTS)
  // A site whose files are not at hand has a script for its start page, if Apache looks for one.
  const names = files.kind(directory) === null ? ['index.php'] : scripts.map(({ name }) => name)
  for (const name of names) {
    const path = `${directory}/${name}`
    const url = urlOfFile(deployment, server, base.value.directive, path)
    if (url === null) continue
    const { end } = askHost(deployment, { configuration, host: virtualHost }, url)
    if (runsPhp(end)) return { url, path }
  }
  return null
}
