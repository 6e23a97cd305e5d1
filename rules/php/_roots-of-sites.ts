import { posix } from 'node:path'
import { serverIndex } from '../../src/deployment/build/servers.ts'
import type { Deployment, NginxServer } from '../../src/deployment/model.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { isComputed } from '../../src/servers/nginx/queries/interpolate.ts'
import { enclosingServer } from '../../src/servers/nginx/queries/servers.ts'

/** A `root` of a server, or of its `location /`: that of one location is a part of the site. */
export interface RootOfSite {
  readonly root: NginxDirective
  /** The server block around it. */
  readonly home: NginxDirective
  readonly server: NginxServer
  /** Absolute, without the slash at its end. */
  readonly path: string
}

/** The roots of the sites of a configuration whose directory is written out. */
export function* rootsOfSites(
  deployment: Deployment,
  configuration: NginxConfiguration,
): Iterable<RootOfSite> {
  const byDirective = serverIndex(deployment.servers)
  for (const root of configuration.occurrences.get('root') ?? []) {
    const home = root.parent === null ? null : enclosingServer(root)
    const server = home === null ? undefined : byDirective.get(home)
    const directory = root.args[0]?.value ?? ''
    if (home === null || server === undefined || isComputed(directory) || !directory.startsWith('/')) continue
    if (root.parent !== home && root.parent?.args.at(-1)?.value !== '/') continue
    yield { root, home, server, path: posix.normalize(directory).replace(/\/$/, '') }
  }
}
