import type { FileSystem } from '../../files/file-system.ts'
import { memo, memoByKey } from '../../../parsers/collections/memo.ts'
import { placeText } from '../../../parsers/text/source.ts'
import { hasUnreadListens } from '../../servers/nginx/queries/listens.ts'
import type { NginxDirective } from '../../servers/nginx/configuration.ts'
import { type Outcome, type OutcomeEnd, outcome } from '../../servers/nginx/queries/outcome.ts'
import type { NginxRequest } from '../../servers/nginx/queries/request.ts'
import { isUnseenServer } from '../../servers/nginx/queries/servers.ts'
import { ANY_V4 } from '../../servers/address.ts'
import { NO_HEADERS } from '../../servers/received-headers.ts'
import { namePlace } from '../places.ts'
import type { Deployment, NginxServer, ServerListen } from '../model.ts'
import { EXISTING, MISSING } from './made-up-requests.ts'
import { requestOfClient } from './request-of-client.ts'

/** What is supposed of one question. */
export interface Supposition {
  /** Paths on which a file stands, whatever the tree says. */
  readonly existing?: readonly string[]
  /** What stands where the audit does not look; what has the name of a file is one where absent. */
  readonly assume?: (path: string) => 'file' | null | undefined
  /** By which socket the request comes; the first that the network reaches where absent. */
  readonly listen?: ServerListen
  /** By a socket that this machine alone reaches where there is no other: who asks makes no difference to the answer. */
  readonly alsoLocal?: boolean
  readonly request?: Partial<NginxRequest>
  /** The block of whose requests is asked, whatever else may take some of them. */
  readonly into?: NginxDirective
}

/**
 * What one server of nginx does with the GET of a client out on the network, without a password or any header of
 * its own. A name that holds {@link EXISTING} is a file wherever it is mapped to, one with {@link MISSING} is none.
 * Where the audit does not look, what has the name of a file is taken to be one.
 *
 * @param target decoded path, perhaps with a query
 * @returns null where the network does not reach the server, unless that is supposed to make no difference
 */
export function askServer(
  { filesOf }: Pick<Deployment, 'filesOf'>,
  server: NginxServer,
  target: string,
  { existing = [], listen: given, alsoLocal = false, request = {}, assume, into }: Supposition = {},
): Outcome | null {
  const listen = given ?? publicListen(server) ?? (alsoLocal ? localListen(server) : null)
  if (listen === null) return null
  const isPlain = existing.length === 0 && assume === undefined && Object.keys(request).length === 0
  const key = `${server.listens.indexOf(listen)} ${target}`
  const answers = into === undefined ? kept(server) : keptInto(server, into)
  const known = isPlain ? answers.get(key) : undefined
  if (known !== undefined) return known
  const answer = outcome(
    server.configuration,
    server.directive,
    { ...requestOfClient(server, listen, target), headers: NO_HEADERS, ...request },
    {
      files: supposing(filesOf(server.configuration), new Set(existing)),
      ...(into !== undefined && { into }),
      assume: path => (path.includes(MISSING) ? null : (assume ?? isLikelyFile)(path)),
    },
  )
  if (isPlain) answers.set(key, answer)
  return answer
}

/** By which socket clients reach the server around a fragment, nobody knows; most do by this one. */
const SOME_LISTEN: Omit<ServerListen, 'at'> = {
  address: ANY_V4,
  port: 80,
  tls: false,
  quic: false,
  defaultServer: false,
  proxyProtocol: false,
  loopback: undefined,
  directive: null,
}

const kept = memo((_: NginxServer): Map<string, Outcome> => new Map())

const keptInto = memoByKey((_: NginxServer, _into: NginxDirective): Map<string, Outcome> => new Map())

function publicListen({ listens, configuration, directive }: NginxServer): ServerListen | null {
  if (isUnseenServer(directive)) return { ...SOME_LISTEN, at: namePlace(directive) }
  const found = listens.find(({ loopback, quic, port }) => loopback !== true && !quic && port !== null)
  if (found !== undefined) return found
  const [first] = listens
  return first !== undefined && hasUnreadListens(configuration, directive) ? { ...first, port: 80 } : null
}

function localListen({ listens }: NginxServer): ServerListen | null {
  return listens.find(({ quic, port }) => !quic && port !== null) ?? null
}

/** True where the client gets a file, a backend's answer or that of a module; false where it surely does not. */
export function isOpen({ end, steps }: Outcome): boolean | undefined {
  if (end.kind === 'unknown') return undefined
  const isAsked = steps.some(
    ({ kind, at }) => kind === 'access' && at !== null && placeText(at) === 'auth_request',
  )
  if (isAsked) return undefined
  // A page that is sent in place of a refusal is no answer to the request.
  if (steps.some(({ kind, text }) => kind === 'error-page' && /\bfor 40[13]\b/.test(text))) return false
  return isContent(end)
}

export function isContent(end: OutcomeEnd): boolean {
  return end.kind === 'pass' || end.kind === 'file' || end.kind === 'handler'
}

/** The files as they are, but for the names that are supposed to be files or to be missing. */
function supposing(files: FileSystem, existing: ReadonlySet<string>): FileSystem {
  const directories = new Set([...existing].flatMap(directoriesOf))
  return {
    read: path => files.read(path),
    list: path => files.list(path),
    realPath: path => files.realPath(path),
    mode: path => files.mode(path),
    refusal: path => files.refusal(path),
    covers: path => files.covers(path) || isSupposed(path),
    display: path => files.display(path),
    sources: () => files.sources(),
    kind: path => {
      if (existing.has(path)) return 'file'
      if (directories.has(path)) return 'directory'
      if (path.includes(EXISTING)) return 'file'
      return path.includes(MISSING) ? null : files.kind(path)
    },
  }
}

function isLikelyFile(path: string): 'file' | undefined {
  return /\/[^/]+\.[A-Za-z0-9]+$/.test(path) ? 'file' : undefined
}

function isSupposed(path: string): boolean {
  return path.includes(EXISTING) || path.includes(MISSING)
}

function directoriesOf(path: string): readonly string[] {
  const parts = path.split('/').slice(1, -1)
  return parts.map((_, index) => `/${parts.slice(0, index + 1).join('/')}`)
}
