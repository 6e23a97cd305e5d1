import { cleanPath } from '../../parsers/text/clean-path.ts'
import type { Place } from '../../parsers/text/source.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import { directivesByHost } from '../../src/servers/apache/queries/virtual-hosts.ts'
import { documentRoot } from './_script-directory.ts'

/** A site, and the directory whose scripts answer it. */
export interface PhpSite {
  readonly files: FileSystem
  readonly root: string
  /** The block of the server, or the line that names the directory. */
  readonly at: Place
  /** Null where some are patterns, or none is known. */
  readonly names: readonly string[] | null
}

/** The sites of nginx that go to PHP, and those of Apache that have a document root. */
export function* phpSites(deployment: Deployment): Iterable<PhpSite> {
  for (const connection of deployment.connections.nginx) {
    const { pass, server, from } = connection
    const root = pass.name === 'fastcgi_pass' ? documentRoot(connection) : null
    if (root === null || connection.reachable === false) continue
    const isPlain = server.names.length > 0 && server.names.every(({ exact }) => exact)
    yield {
      files: from.machine.files,
      root,
      at: namePlace(server.directive),
      names: isPlain ? server.names.map(({ name }) => name) : null,
    }
  }
  for (const host of deployment.apacheHosts) {
    const { configuration, directive } = host
    const line = directivesByHost(configuration, 'documentroot').get(directive)?.at(-1)
    const root = line?.args[0]?.value
    if (line === undefined || root === undefined || !root.startsWith('/')) continue
    yield {
      files: deployment.filesOf(configuration),
      root: cleanPath(root),
      at: argumentPlace(line, 0),
      // Behind a proxy the names of clients are its own.
      names: deployment.connections.reaching(host).length > 0 ? null : host.names,
    }
  }
}
