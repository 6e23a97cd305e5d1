import { posix } from 'node:path'
import { scriptAt } from '../../parsers/app-server/node.ts'
import { memo } from '../../parsers/collections/memo.ts'
import { loadsOfScript } from '../../parsers/javascript/node-server.ts'
import type { Source } from '../../parsers/text/source.ts'
import type { AppServerProgram } from '../../src/deployment/model.ts'
import { sourceAt } from '../../src/files/file-system.ts'

const MOST_SCRIPTS = 60

/** The script that Node.js is started with, and those that it loads by relative paths, and these load. */
export const loadedScripts = memo(({ machine, server }: AppServerProgram): readonly Source[] => {
  // A source is called as it lies in the repository.
  const files = machine.container?.hostFiles ?? machine.files
  const found = new Map(server.sources.map(source => [source.path, source]))
  for (const source of found.values()) {
    for (const path of loadsOfScript(source)) {
      const next = scriptAt(posix.resolve(posix.dirname(source.path), path), each => sourceAt(files, each))
      if (next !== null && found.size < MOST_SCRIPTS) found.set(next.path, next)
    }
  }
  return [...found.values()]
})
