import { posix } from 'node:path'
import { type Place, placeText } from '../../../parsers/text/source.ts'
import type { FileSystem } from '../../files/file-system.ts'
import { type OutcomeEnd, outcome } from '../../servers/nginx/queries/outcome.ts'
import { ANY_V4 } from '../../servers/address.ts'
import { hasUnreadListens } from '../../servers/nginx/queries/listens.ts'
import { namePlace } from '../../servers/nginx/queries/places.ts'
import { NO_HEADERS } from '../../servers/received-headers.ts'
import type { Deployment, NginxServer, ServerListen } from '../model.ts'
import { requestOfClient } from './request-of-client.ts'

/**
 * Where the GET of an anonymous client without a password ends in one server of nginx, supposing that a file is there.
 *
 * @param path decoded, with its dots and slashes as they are to be sent
 * @param existing path of a file that is taken to be there, in the audited tree or not
 */
export function anonymousRequest(
  { filesOf }: Pick<Deployment, 'filesOf'>,
  server: NginxServer,
  path: string,
  existing: string | null = null,
): OutcomeEnd {
  const listen =
    server.listens.find(({ loopback }) => loopback !== true) ??
    (hasUnreadListens(server.configuration, server.directive) ? somewhere(server) : undefined)
  const files = filesOf(server.configuration)
  if (listen === undefined)
    return { kind: 'unknown', reason: 'only this machine gets to the server', at: null }
  const { end, steps } = outcome(
    server.configuration,
    server.directive,
    { ...requestOfClient(server, listen, path), headers: NO_HEADERS },
    { files: existing === null ? files : withFile(files, existing) },
  )
  // Where another server decides who gets in, an anonymous client hardly does.
  const isGuarded = steps.some(({ kind, at }) => kind === 'access' && isAuthRequest(at))
  return isGuarded ? { kind: 'unknown', reason: '`auth_request` decides who gets in', at: null } : end
}

/** The socket of a server that hides its address in a template's placeholder, or in a file that was not read. */
function somewhere({ tls, directive }: NginxServer): ServerListen {
  return {
    address: ANY_V4,
    port: tls ? 443 : 80,
    tls,
    quic: false,
    defaultServer: false,
    proxyProtocol: false,
    loopback: undefined,
    directive: null,
    at: namePlace(directive),
  }
}

function isAuthRequest(at: Place | null): boolean {
  return at !== null && placeText(at) === 'auth_request'
}

/** The same, supposing that this file is the only one there is: what nginx answers where others may be missing. */
export function anonymousRequestOnly(server: NginxServer, path: string, existing: string): OutcomeEnd {
  return anonymousRequest({ filesOf: () => withFile(NO_FILES, existing) }, server, path)
}

const NO_FILES: FileSystem = {
  read: () => ({ kind: 'missing', reason: 'nothing is there' }),
  list: () => null,
  realPath: () => null,
  mode: () => null,
  refusal: () => null,
  covers: () => true,
  display: path => path,
  kind: () => null,
  sources: () => [],
}

/** True where nginx gives this very file to an anonymous client who asks for the path. */
export function servesFile(
  deployment: Pick<Deployment, 'filesOf'>,
  server: NginxServer,
  path: string,
  file: string,
): boolean {
  const end = anonymousRequest(deployment, server, path, file)
  return end.kind === 'file' && posix.normalize(end.path) === file
}

/** The files as they are, and one that is there whatever the tree says. */
function withFile(files: FileSystem, file: string): FileSystem {
  return {
    read: path => files.read(path),
    list: path => files.list(path),
    realPath: path => files.realPath(path),
    mode: path => files.mode(path),
    refusal: path => files.refusal(path),
    covers: path => files.covers(path),
    display: path => files.display(path),
    sources: () => files.sources(),
    kind: path => {
      const normal = posix.normalize(path).replace(/(?<=.)\/+$/, '')
      if (normal === file) return 'file'
      return file.startsWith(`${normal}/`) ? 'directory' : files.kind(path)
    },
  }
}
