import { once } from '../../parsers/collections/once.ts'
import type { ReadApart, ReadServers } from '../deployment/containers/join-containers.ts'
import type { Repository } from '../files/machine.ts'
import { fragmentSets } from './read-sets.ts'
import type { ServerReader } from './server-reader.ts'

/**
 * The servers that containers of a repository may bring besides those of one machine: main files of other machines,
 * and fragments that nothing there reaches. What nobody asks for is not read.
 *
 * @param own the servers of the machine itself
 * @param reached what its main files read
 */
export function serversBeside(
  reader: ServerReader,
  repository: Repository,
  own: readonly ReadApart[],
  reached: ReadonlySet<string>,
): ReadServers {
  /** The main files of other machines, by their paths in the repository. */
  const mains = once(() => {
    const { machine } = reader
    const ofMachine = [...machine.nginxMains, ...machine.apacheMains].map(main => repository.locate(main))
    return (repository.placed?.() ?? []).flatMap(other => {
      const { locate } = other.repository ?? repository
      return [
        ...other.nginxMains.map(main => [main, 'nginx'] as const),
        ...other.apacheMains.map(main => [main, 'apache'] as const),
      ].flatMap(([main, program]) => {
        const at = locate(main)
        if (at === null || ofMachine.includes(at)) return []
        const read = once(() => ({
          ...reader.readMain(other, main, program),
          files: reader.filesIn(other),
          locate,
        }))
        return [{ at, read }]
      })
    })
  })
  const setsOfRest = once(() => {
    const rest = repository.rest?.()
    if (rest?.repository === undefined) return []
    const { files, locate } = rest.repository
    return fragmentSets(reader, rest, reached, { nginx: false, apache: false }).map(set => ({
      set,
      read: once(() => ({ ...reader.readSet(rest, set), files, locate })),
    }))
  })
  return isWanted => {
    const read = mains()
      .filter(({ at }) => isWanted(at))
      .map(main => main.read())
    const ofMains = new Set(
      read.flatMap(({ nginx, apache, locate }) =>
        [...nginx, ...apache].flatMap(({ sources }) => sources.flatMap(({ path }) => locate(path) ?? [])),
      ),
    )
    const wanted = setsOfRest().filter(({ set }) =>
      [...set.nginx, ...set.apache].every(path => isWanted(path) && !ofMains.has(path)),
    )
    return [...own, ...read, ...wanted.map(set => set.read())]
  }
}
