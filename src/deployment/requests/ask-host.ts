import { posix } from 'node:path'
import { memo } from '../../../parsers/collections/memo.ts'
import type { FileKind, FileSystem } from '../../files/file-system.ts'
import type { ApacheConfiguration } from '../../servers/apache/configuration.ts'
import { sslEngine } from '../../servers/apache/queries/server-settings.ts'
import { hostName, type VirtualHost, virtualHosts } from '../../servers/apache/queries/virtual-hosts.ts'
import { documentRoot } from '../../servers/apache/requests/document-root.ts'
import { type ApacheOutcome, apacheOutcome } from '../../servers/apache/requests/outcome.ts'
import { NO_HEADERS, type ReceivedHeaders } from '../../servers/received-headers.ts'
import { fromBytes } from '../../servers/regex.ts'
import type { Deployment } from '../model.ts'
import { holdsDirectory } from './holds-directory.ts'
import { CLIENT, UNKNOWN_HOST } from './made-up-requests.ts'
import { ASSUMING } from './probe.ts'

/** A virtual host of Apache, or its main server (null) where it has none. */
export interface AskedHost {
  readonly configuration: ApacheConfiguration
  readonly host: VirtualHost | null
}

/** How a request is to differ from the GET of a client that sends no header but `Host`. */
export interface HostQuestion {
  readonly method?: string
  /** Beside `Host`. */
  readonly headers?: ReceivedHeaders
  /** The `Host` header; the name and port of the virtual host where absent. */
  readonly name?: string
  /** The client's address; null for any, so that what hangs on it is unknown. */
  readonly client?: string | null
  /** Of the URL; what the virtual host speaks where absent. For a `.htaccess`, which may be read by two hosts. */
  readonly scheme?: 'http' | 'https'
  /** The index of directories, for a caller who knows that no other is there. */
  readonly index?: string
  /** What stands at the paths of which nobody knows, for a caller who asks for both. */
  readonly standing?: 'directory' | 'nothing'
  /** A file that the caller takes to be there, by its path on the machine, and nothing of its name without suffix. */
  readonly page?: string
  /** As if no `.htaccess` were there but those that the audit has. */
  readonly htaccess?: 'read-alone'
}

/** Every virtual host that may be asked something, in reading order. */
export const askedHosts = memo(({ apache }: Deployment): readonly AskedHost[] =>
  apache.flatMap((configuration): readonly AskedHost[] => {
    const hosts = virtualHosts(configuration)
    return (hosts.length === 0 ? [null] : hosts).map(host => ({ configuration, host }))
  }),
)

/**
 * What one virtual host does with a made-up request, by whichever way it comes there; see `probe`. Fragments
 * answer too, which have no socket that a client could connect to.
 *
 * @param target path and query, escaped
 */
export function askHost(
  deployment: Deployment,
  { configuration, host }: AskedHost,
  target: string,
  {
    method = 'GET',
    headers = NO_HEADERS,
    name,
    client = CLIENT,
    scheme: asked,
    index,
    standing,
    page,
    htaccess,
  }: HostQuestion = {},
): ApacheOutcome {
  const answers = answersOf(deployment)
  let ofHost = answers.get(host ?? configuration)
  if (ofHost === undefined) {
    ofHost = new Map()
    answers.set(host ?? configuration, ofHost)
  }
  const key = JSON.stringify([
    method,
    target,
    name,
    client,
    asked,
    index,
    standing,
    page,
    htaccess,
    [...headers.values],
    headers.complete,
  ])
  let answer = ofHost.get(key)
  if (answer === undefined) {
    const files = deployment.filesOf(configuration)
    const holds = holdsDirectory({ configuration, host }, files)
    const own = originOf({ configuration, host })
    const scheme = asked ?? own.scheme
    const port = scheme === own.scheme ? own.port : scheme === 'https' ? 443 : 80
    const from = client === null ? {} : { client }
    const request = { method, target, host: name ?? own.shown, scheme, port, headers, ...from }
    answer = apacheOutcome(configuration, host, request, {
      files,
      assume(path) {
        if (page !== undefined && files.kind(path) === null && page.replace(/(?<=[^/])\.\w+$|$/, '') === path)
          return null
        const kind = path === page ? 'file' : assume(files, path)
        return kind === undefined ? supposed(files, path, standing) : kind
      },
      skipsUnreadHtaccess: directory => htaccess === 'read-alone' || holds(directory),
      ...(index !== undefined && { index }),
    })
    ofHost.set(key, answer)
  }
  return answer
}

const answersOf = memo((_: Deployment): Map<object, Map<string, ApacheOutcome>> => new Map())

/** What a URL without its suffix stands for: no directory `about` is beside an `about.php`, where nobody shows one. */
const PAGES = ['.php', '.html', '.htm']

/**
 * As for every probe; and a file that stands in a directory of the audit is not taken to be in another directory
 * below that one too, of which the audit has nothing: an `index.php` that is here is not in `blog/`.
 */
function assume(files: FileSystem, path: string): FileKind | null | undefined {
  const assumed = ASSUMING.assume?.(path)
  if (assumed !== undefined) return assumed
  let directory = posix.dirname(path)
  if (files.kind(directory) === 'directory')
    return PAGES.some(suffix => files.kind(path + suffix) === 'file') ? null : undefined
  while (directory !== '/' && files.kind(directory) === null) directory = posix.dirname(directory)
  return files.kind(posix.join(directory, posix.basename(path))) === 'file' ? null : undefined
}

function supposed(
  files: FileSystem,
  path: string,
  standing: HostQuestion['standing'],
): FileKind | null | undefined {
  if (standing === undefined || files.kind(path.replace(/(?<=.)\/$/, '')) !== null) return undefined
  return standing === 'directory' ? 'directory' : null
}

interface Origin {
  readonly scheme: 'http' | 'https'
  readonly port: number
  /** As in a `Host` header. */
  readonly shown: string
}

/** How a URL of the virtual host begins. */
export function originOf({ configuration, host }: AskedHost): Origin {
  const engine = sslEngine(configuration, host)
  const scheme = engine.known && engine.value ? 'https' : 'http'
  const name = host === null ? null : hostName(configuration, host)
  const usual = scheme === 'https' ? 443 : 80
  const ports = (host?.addresses ?? []).map(({ socket }) => (socket.known ? socket.value.port : null))
  // One section may stand for `*:80` and `*:443`.
  const port = ports.includes(usual) ? usual : (ports.find(each => each !== null) ?? usual)
  const shown = name?.known === true && name.value.host !== '' ? name.value.host.toLowerCase() : UNKNOWN_HOST
  return { scheme, port, shown: port === usual ? shown : `${shown}:${port}` }
}

/** The path of the URL of a directory below the document root, with its last slash; null for any other. */
export function urlOfDirectory(asked: AskedHost, directory: string): string | null {
  const root = documentRoot(asked)
  if (!root.known) return null
  const base = `${fromBytes(root.value).replace(/\/$/, '')}/`
  const path = directory.endsWith('/') ? directory : `${directory}/`
  return path.startsWith(base) ? `/${path.slice(base.length)}` : null
}
