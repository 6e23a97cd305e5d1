import type { Deployment, Machine } from '../../src/deployment/model.ts'
import { type RootUrl, rootFileUrls } from '../../src/deployment/django/root-urls.ts'
import { askServer } from '../../src/deployment/requests/ask-server.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import { type NginxLocation, readLocation } from '../../src/servers/nginx/queries/locations.ts'
import { selectLocation } from '../../src/servers/nginx/queries/select-location.ts'
import { toBytes } from '../../src/servers/regex.ts'
import { djangoConnections } from '../django/_connections.ts'

interface TakenUrl {
  readonly url: RootUrl
  /** The regular expression that takes it. */
  readonly by: NginxLocation
}

/** Files that a project of Django behind `location /` answers, and that an expression for endings looks for on the disk. */
export function* takenFromDjango(deployment: Deployment): Iterable<TakenUrl> {
  for (const { connection, settings, machine } of djangoConnections(deployment)) {
    const { server, block, pass } = connection
    if (block.name !== 'location' || block.parent !== server.directive || pass.name !== 'proxy_pass') continue
    const location = readLocation(block)
    if (location.modifier !== '' || location.name !== '/') continue
    for (const url of rootFileUrls(filesOf(machine), settings)) {
      const selected = selectLocation(server.configuration, server.directive, toBytes(url.path))
      const by = selected.known ? selected.value.location : null
      if (by == null || !by.modifier.startsWith('~')) continue
      const { end, steps } = askServer(deployment, server, url.path, { assume: () => null }) ?? {}
      if (end?.kind !== 'response' || end.status !== 404) continue
      // A `return` or a `deny` is meant for the path.
      if (steps?.some(({ kind }) => kind === 'return' || kind === 'access' || kind === 'pass')) continue
      yield { url, by }
    }
  }
}

function filesOf({ container, files }: Machine): FileSystem {
  return container?.files ?? files
}
