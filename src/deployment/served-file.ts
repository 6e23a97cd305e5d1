import { posix } from 'node:path'
import type { FileSystem } from '../files/file-system.ts'
import type { NginxDirective } from '../servers/nginx/configuration.ts'
import { readLocation } from '../servers/nginx/queries/locations.ts'
import { outcome } from '../servers/nginx/queries/outcome.ts'
import { enclosingServer } from '../servers/nginx/queries/servers.ts'
import type { NginxServer } from './deployment.ts'

/** A file that nginx hands out. */
export interface ServedFile {
  readonly server: NginxServer
  /** The path of the URL that gets it. */
  readonly url: string
}

/**
 * The URL by which a `root` or `alias` hands a file to whoever asks for it; null where it does not.
 *
 * @param file absolute path of a file that is taken to be there
 */
export function servedBy(
  files: FileSystem,
  folder: NginxDirective,
  file: string,
  servers: ReadonlyMap<NginxDirective, NginxServer>,
): ServedFile | null {
  const home = enclosingServer(folder)
  const server = home === null ? undefined : servers.get(home)
  const base = folder.args[0]?.value.replace(/\/+$/, '') ?? ''
  if (server === undefined || base === '' || base.includes('$') || !file.startsWith(`${base}/`)) return null
  const inside = file.slice(base.length)
  const url = folder.name === 'alias' ? aliasUrl(folder, inside) : inside
  const listen = server.listens.find(({ loopback }) => loopback === false)
  if (url === null || listen === undefined) return null
  const { end } = outcome(
    server.configuration,
    server.directive,
    {
      method: 'GET',
      target: encodeURI(url),
      host: server.names.find(({ exact }) => exact)?.name ?? 'host.invalid',
      scheme: listen.tls ? 'https' : 'http',
      address: listen.address,
      port: listen.port,
      client: '192.0.2.77',
    },
    { files: withFile(files, file) },
  )
  return end.kind === 'file' && posix.normalize(end.path) === file ? { server, url } : null
}

function aliasUrl(alias: NginxDirective, inside: string): string | null {
  const location = alias.parent
  if (location === null || location.name !== 'location') return null
  const { modifier, name } = readLocation(location)
  if (modifier !== '' && modifier !== '^~') return null
  return name.endsWith('/') ? name + inside.slice(1) : name + inside
}

/** The same files, and this one among them, wherever it lies. */
function withFile(files: FileSystem, file: string): FileSystem {
  return {
    read: path => files.read(path),
    list: path => files.list(path),
    mode: path => files.mode(path),
    display: path => files.display(path),
    kind: path => (path === file ? 'file' : files.kind(path)),
    realPath: path => (path === file ? file : files.realPath(path)),
    covers: path => path === file || files.covers(path),
  }
}
