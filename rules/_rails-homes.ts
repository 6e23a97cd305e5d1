import { posix } from 'node:path'
import { directoriesAbove } from '../parsers/text/directories-above.ts'
import type { Connection } from '../src/deployment/model.ts'
import { serverBehind } from '../src/deployment/server-behind.ts'
import type { FileSystem } from '../src/files/file-system.ts'
import { effectiveAtHand } from '../src/servers/nginx/queries/effective.ts'

export interface RailsHome {
  readonly files: FileSystem
  readonly home: string
}

const SERVERS: ReadonlySet<string> = new Set(['puma', 'unicorn', 'rails'])

/** Where an application of Rails may lie: where its server starts, what its image is built of, and above the public files. */
export function* railsHomes(connection: Connection): Iterable<RailsHome> {
  for (const target of connection.targets) {
    const { machine } = target
    const container = machine?.container ?? null
    const program = serverBehind(target)
    if (program !== null && !SERVERS.has(program.server.program)) return
    const context = container?.service.build?.context
    if (container !== null && context?.known === true && context.value.startsWith('/'))
      yield { files: container.hostFiles, home: context.value }
    else if (program?.directory?.known === true)
      yield { files: program.machine.files, home: program.directory.value }
    else if (program === null && container === null && 'server' in connection) {
      const { server, block, from } = connection
      const root = effectiveAtHand(server.configuration, block, 'root')
      const path = root.known ? root.value.directives[0]?.args[0]?.value : undefined
      if (path === undefined || !/^\/[^$]*\/public\/?$/.test(path)) continue
      const { files } = from.machine
      yield { files, home: posix.dirname(path) }
      // The application keeps the file that is installed beside it: `config/deploy/nginx.conf`.
      if (files.kind(path) === null)
        for (const home of directoriesAbove(block.source.path)) yield { files, home }
    }
  }
}
