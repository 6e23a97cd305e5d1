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
const MAY_CONNECT = /\.(?:[cm]?[jt]sx?|x?html?|vue|svelte|ejs|hbs|jinja2?|j2|twig)$/
/** The library as a page loads it, which makes the name `io` one of every script. */
const LOADS_LIBRARY = /<script\b[^>]*\bsrc\s*=[^>]*\bsocket\.io(?:\.\w+)*\.js\b/i
const IMPORTS_LIBRARY = /['"]socket\.io-client['"]/

/**
 * The clients of Socket.IO of the pages that lie beside an application; none where one of them may be any.
 *
 * @param own the script that makes the server
 */
export function clientsBeside({ machine }: AppServerProgram, own: Source): readonly SocketIoClient[] {
  const { container } = machine
  const context = container?.service.build?.context
  return container !== null && context?.known === true
    ? clientsBelow(container.hostFiles, homeOf(context.value))
    : clientsBelow(container?.files ?? machine.files, homeOf(posix.dirname(own.path)))
}

/** The directory of the whole application, of which people give the server one of its own. */
function homeOf(directory: string): string {
  return /\/(?:server|backend|api|src|app|bin|dist)$/.test(directory)
    ? homeOf(posix.dirname(directory))
    : directory
}

const clientsBelow = memoByKey((files: FileSystem, home: string): readonly SocketIoClient[] => {
  const clients: SocketIoClient[] = []
  let isLoaded = false
  let count = 0
  for (const path of filesBelow(files, home, REACH)) {
    if (!MAY_CONNECT.test(path) || /\.(?:min|test|spec|config)\.\w+$/.test(path)) continue
    if (++count > MOST) return []
    const source = sourceAt(files, path)
    if (source === null) continue
    isLoaded ||= LOADS_LIBRARY.test(source.text) || IMPORTS_LIBRARY.test(source.text)
    clients.push(...socketIoClients(source))
  }
  // One that is told where to connect may be for another server, and so may the others.
  const areKnown = clients.every(({ host, path }) => path.known && host?.known !== false)
  return isLoaded && areKnown ? clients : []
})
