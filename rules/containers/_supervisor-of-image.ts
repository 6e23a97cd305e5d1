import { posix } from 'node:path'
import { readSupervisor, type SupervisorConfiguration } from '../../parsers/supervisor/read-supervisor.ts'
import type { Source } from '../../parsers/text/source.ts'
import { filesInside } from '../../src/deployment/containers/read-containers.ts'
import { sourceAt } from '../../src/files/file-system.ts'
import type { RunImage } from './_images.ts'

/** What an image has of the supervisord that it starts, by the files that its Dockerfile copies; null where it has none. */
export function supervisorOfImage({ command, mounts, files }: RunImage): SupervisorConfiguration | null {
  const words = command?.words ?? []
  const index = words.findIndex(word => posix.basename(word) === 'supervisord')
  if (index === -1) return null
  const inside = filesInside(mounts, files)
  const read = (path: string): Source | null => sourceAt(inside, path)
  const list = (directory: string): readonly string[] | null =>
    inside.list(directory)?.map(({ name }) => name) ?? null
  const named = words.findIndex((word, at) => at > index && /^(?:-c|--configuration)$/.test(word))
  const mains = named === -1 ? MAINS : [words[named + 1] ?? '']
  const own = mains.flatMap(path => read(path) ?? [])
  // A file of the image that nobody here knows may include anything.
  if (own.length === 0 && !mains.every(path => MAINS.includes(path))) return null
  const sources =
    own.length > 0
      ? own.slice(0, 1)
      : ['/etc/supervisor/conf.d', '/etc/supervisor.d', '/etc/supervisord.d'].flatMap(directory =>
          (list(directory) ?? []).flatMap(name =>
            /\.(?:conf|ini)$/.test(name) ? (read(`${directory}/${name}`) ?? []) : [],
          ),
        )
  return sources.length === 0 ? null : readSupervisor(sources, { read, list })
}

const MAINS = ['/etc/supervisor/supervisord.conf', '/etc/supervisord.conf']
