import { posix } from 'node:path'
import { givenVariables } from '../../../../parsers/compose/given-variables.ts'
import { memo } from '../../../../parsers/collections/memo.ts'
import { readTomcat, tomcatAsItComes } from '../../../../parsers/app-server/tomcat.ts'
import type { Source } from '../../../../parsers/text/source.ts'
import { type FileSystem, sourceAt } from '../../../files/file-system.ts'
import type { Container } from '../../containers/container.ts'
import type { AppServerProgram, Machine } from '../../model.ts'
import { programOf } from './app-server.ts'

/** Tomcat, which no command of a unit shows: by the file of its package, of a directory in `/opt`, or of its image. */
export function tomcatPrograms(machine: Machine): readonly AppServerProgram[] {
  const { container, files } = machine
  const source = container === null ? serverXml(files) : null
  const server =
    container !== null ? serverOfContainer(container) : source === null ? null : readTomcat(source)
  if (server === null) return []
  const command = { words: [], directory: null, environment: () => null }
  return [programOf(machine, server, command, { by: null, service: null, sockets: [] })]
}

/** The one `server.xml` of a machine: of several nobody knows which is started. */
const serverXml = memo((files: FileSystem): Source | null => {
  const homes = [
    ...tomcatsIn(files, '/etc').map(name => `/etc/${name}`),
    ...['/opt', '/usr/local', '/usr/share', '/var/lib'].flatMap(directory =>
      tomcatsIn(files, directory).map(name => `${directory}/${name}/conf`),
    ),
  ]
  const found = homes.map(home => posix.join(home, 'server.xml')).filter(path => files.kind(path) === 'file')
  const [only] = found
  return only === undefined || found.length > 1 ? null : sourceAt(files, only)
})

/** The names in a directory by which packages and archives call what is Tomcat's. */
export function tomcatsIn(files: FileSystem, directory: string): readonly string[] {
  return (files.list(directory) ?? []).flatMap(({ name }) =>
    /^(?:apache-)?tomcat[\w.-]*$/.test(name) ? [name] : [],
  )
}

const HOME = '/usr/local/tomcat'

function serverOfContainer({ base, files, service, image, mounts }: Container) {
  if (base !== 'tomcat' || !service.complete || service.command !== null || service.entrypoint !== null)
    return null
  if (service.build !== null && (image === null || image.command !== null || image.entrypoint !== null))
    return null
  const source = sourceAt(files, `${HOME}/conf/server.xml`)
  if (source !== null) return readTomcat(source)
  const isChanged =
    mounts.some(({ target }) => target === HOME || target.startsWith(`${HOME}/conf`)) ||
    givenVariables(service).some(({ name }) => /OPTS$/.test(name)) ||
    (image?.steps ?? []).some(step => !('sources' in step))
  return isChanged ? null : tomcatAsItComes(service.image?.at ?? image?.stage.at ?? service.at)
}
