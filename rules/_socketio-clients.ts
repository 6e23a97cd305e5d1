import { posix } from 'node:path'
import { memoByKey } from '../parsers/collections/memo.ts'
import { type SocketIoClient, socketIoClients } from '../parsers/javascript/socket-io.ts'
import type { Source } from '../parsers/text/source.ts'
import type { AppServerProgram } from '../src/deployment/model.ts'
import { type FileSystem, filesBelow, sourceAt } from '../src/files/file-system.ts'

const REACH = {
  levels: 6,
  skipped:
    /^(?:node_modules|bower_components|vendor|libs?|venv|\..*|tests?|__tests__|e2e|cypress|examples?|docs?)$/,
}
const MOST = 500
/** The library itself, what a tool has put together of it, and what nobody is served. */
const NOT_OWN = /\.(?:min|test|spec|config)\.\w+$|\/socket\.io(?:\.\w+)*\.js$/
const MAY_CONNECT = /\.(?:[cm]?[jt]sx?|x?html?|vue|svelte|ejs|hbs|jinja2?|j2|twig)$/
/** The library as a page loads it, which makes the name `io` one of every script. */
const LOADS_LIBRARY = /<script\b[^>]*\bsrc\s*=[^>]*\bsocket\.io(?:\.\w+)*\.js\b/i
const IMPORTS_LIBRARY = /['"]socket\.io-client['"]/

/**
 * The clients of Socket.IO of the pages that lie beside an application; none where one of them may be any.
 *
 * @param own the script that makes the server
 */
export function clientsBeside(program: AppServerProgram, own: Source): readonly SocketIoClient[] {
  const sources = scriptsBeside(program, own) ?? []
  const isLoaded = sources.some(({ text }) => LOADS_LIBRARY.test(text) || IMPORTS_LIBRARY.test(text))
  const clients = sources.flatMap(socketIoClients)
  // One that is told where to connect may be for another server, and so may the others.
  const areKnown = clients.every(({ host, path }) => path.known && host?.known !== false)
  return isLoaded && areKnown ? clients : []
}

const OTHER_TRANSPORTS = /\btransports["']?\s*[:=](?!\s*\[\s*["']polling["'])/

/** True where a script beside an application may make its clients begin with the WebSocket, without a request before it. */
export function mayBeginWithWebSocket(program: AppServerProgram, own: Source): boolean {
  const sources = scriptsBeside(program, own)
  return sources === null || sources.some(({ code }) => OTHER_TRANSPORTS.test(code))
}

/** What may connect to Socket.IO, of an application and its pages; null where there are too many files to look. */
function scriptsBeside({ machine }: AppServerProgram, own: Source): readonly Source[] | null {
  const { container } = machine
  const context = container?.service.build?.context
  return container !== null && context?.known === true
    ? scriptsBelow(container.hostFiles, homeOf(context.value))
    : scriptsBelow(container?.files ?? machine.files, homeOf(posix.dirname(own.path)))
}

/** The directory of the whole application, of which people give the server one of its own. */
function homeOf(directory: string): string {
  return /\/(?:server|backend|api|src|app|bin|dist)$/.test(directory)
    ? homeOf(posix.dirname(directory))
    : directory
}

const scriptsBelow = memoByKey((files: FileSystem, home: string): readonly Source[] | null => {
  const sources: Source[] = []
  for (const path of filesBelow(files, home, REACH)) {
    if (!MAY_CONNECT.test(path) || NOT_OWN.test(path)) continue
    if (sources.length === MOST) return null
    const source = sourceAt(files, path)
    if (source !== null) sources.push(source)
  }
  return sources
})
