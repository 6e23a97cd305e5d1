import { memo } from '../../parsers/collections/memo.ts'
import { serversAround } from '../../src/deployment/build/servers.ts'
import type { Deployment, NginxServer } from '../../src/deployment/model.ts'
import { askServer } from '../../src/deployment/requests/ask-server.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { isComputed } from '../../src/servers/nginx/queries/interpolate.ts'
import { readLocation } from '../../src/servers/nginx/queries/locations.ts'
import { childrenNamed } from '../../src/servers/nginx/queries/scope.ts'
import { effectivePass } from '../../src/servers/nginx/queries/proxy-target.ts'
import { serverAround } from '../../src/servers/nginx/queries/servers.ts'
import { fileBase } from '../../src/servers/nginx/queries/static-content.ts'

/** A `try_files` that finds a directory without a start page, and never comes to the program that would answer. */
export interface StoppedStartPage {
  readonly server: NginxServer
  readonly tryFiles: NginxDirective
  /** Which argument is `$uri/`. */
  readonly index: number
  readonly url: string
  readonly directory: string
  /** False where a build may add a start page to what the audit has of the directory. */
  readonly isSure: boolean
  /** The pass of the program that is not asked. */
  readonly pass: NginxDirective
}

/** Every one of the deployment. */
export const stoppedStartPages = memo((deployment: Deployment): readonly StoppedStartPage[] => {
  const found: StoppedStartPage[] = []
  for (const { occurrences } of deployment.nginx)
    for (const tryFiles of occurrences.get('try_files') ?? []) {
      const stopped = stoppedBy(deployment, tryFiles)
      if (stopped !== null) found.push(stopped)
    }
  return found
})

function stoppedBy(deployment: Deployment, tryFiles: NginxDirective): StoppedStartPage | null {
  const { args, parent } = tryFiles
  const index = args.slice(0, -1).findIndex(({ value }) => /^\$(?:uri|document_uri)\/$/.test(value))
  const fallback = args.at(-1)?.value ?? ''
  if (index === -1 || parent === null || !fallback.startsWith('@')) return null
  const home = serverAround(tryFiles)
  const server = home === null ? undefined : serversAround(deployment).get(home)
  if (server === undefined) return null
  const { configuration, directive } = server
  const named = childrenNamed(directive, 'location').find(each => readLocation(each).name === fallback)
  const pass = named === undefined ? null : effectivePass(configuration, named)
  const url = urlOf(parent)
  const base = fileBase(configuration, parent)
  if (pass === null || url === null || !base.known || base.value.kind !== 'root') return null
  const directory = `${base.value.path.replace(/\/+$/, '')}${url.replace(/\/$/, '')}`
  if (!directory.startsWith('/') || isComputed(directory)) return null
  const files = deployment.filesOf(configuration)
  const entries = namesIn(files, directory)
  if (entries === null || !isForbidden(deployment, server, url, tryFiles)) return null
  // A script that stands there is the start page itself.
  const isSure = entries.has('index.php') || files.covers(`${directory}/index.html`)
  return { server, tryFiles, index, url, directory, isSure, pass }
}

/** The URL of the directory that a block serves; null where an expression decides. */
function urlOf(block: NginxDirective): string | null {
  if (block.name === 'server') return '/'
  if (block.name !== 'location') return null
  const { modifier, name } = readLocation(block)
  return (modifier === '' || modifier === '^~') && name.startsWith('/') && name.endsWith('/') ? name : null
}

/** True where nginx answers with its own 403, as `index` finds nothing in the directory that `try_files` found. */
function isForbidden(
  deployment: Deployment,
  server: NginxServer,
  url: string,
  tryFiles: NginxDirective,
): boolean {
  const files = deployment.filesOf(server.configuration)
  const answer = askServer(deployment, server, url, {
    // The directories of which something is seen are seen as a whole.
    assume: path => (namesIn(files, path.replace(/\/[^/]*$/, '')) === null ? undefined : null),
  })
  return (
    answer !== null &&
    answer.end.kind === 'response' &&
    answer.end.status === 403 &&
    answer.steps.some(({ kind, directive }) => kind === 'try-files' && directive === tryFiles) &&
    !answer.steps.some(({ kind }) => kind === 'access' || kind === 'return')
  )
}

/** The names in a directory of which something is seen. */
function namesIn(files: FileSystem, directory: string): ReadonlySet<string> | null {
  const entries = files.list(directory)
  return entries === null || entries.length === 0 ? null : new Set(entries.map(({ name }) => name))
}
