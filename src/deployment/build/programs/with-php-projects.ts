import { posix } from 'node:path'
import { phpRequired } from '../../../../parsers/php/script.ts'
import { isUnknownWord } from '../../../../parsers/text/source.ts'
import { type FileSystem, sourceAt } from '../../../files/file-system.ts'
import type { Repository } from '../../../files/machine.ts'
import type { Mount } from '../../../files/mounts.ts'
import type { ApacheConfiguration } from '../../../servers/apache/configuration.ts'
import type { NginxConfiguration } from '../../../servers/nginx/configuration.ts'
import { mayHoldProject, placedDirectory } from '../../placed-directory.ts'
import { commandsOfMachine } from './app-commands.ts'
import { bestEnd, type FoundEnd } from './best-end.ts'
import { mountedOver } from './mounted-over.ts'

/**
 * The files of a machine whose servers serve the directory of a project of PHP that lies in the repository beside them:
 * it stands where they look for that directory, such as `/srv/shop/public`, and where what is started there has its
 * `artisan`.
 *
 * @param files the machine's, among them the repository by its own paths
 */
export function withPhpProjects(
  files: FileSystem,
  { frontControllers }: Repository,
  nginx: readonly NginxConfiguration[],
  apache: readonly ApacheConfiguration[],
): FileSystem {
  const served = frontControllers
    .filter(path => posix.dirname(path) !== '/' && isOfProject(path, files))
    .map(path => posix.dirname(path))
  if (served.length === 0) return files
  const roots = [
    ...nginx.flatMap(({ occurrences }) => occurrences.get('root') ?? []),
    ...apache.flatMap(({ occurrences }) => occurrences.get('documentroot') ?? []),
  ]
  const mounts = new Map<string, Mount>()
  const add = (found: FoundEnd | null): void => {
    if (found === null) return
    const { at, disk } = found
    if (mayHoldProject(at) && files.kind(at) === null && !mounts.has(at)) mounts.set(at, { at, disk })
  }
  for (const { args } of roots) {
    const root = args[0]?.value ?? ''
    if (!(root.startsWith('/') || isUnknownWord(root)) || root.includes('$') || files.kind(root) !== null)
      continue
    add(bestEnd(posix.join(root, '.'), served))
  }
  const tools = served.map(directory => posix.join(posix.dirname(directory), 'artisan'))
  for (const { command } of commandsOfMachine(files)) {
    const directory = placedDirectory(command.directory)
    for (const { text } of command.words) {
      if (posix.basename(text) !== 'artisan') continue
      const isWhole = text.startsWith('/') || isUnknownWord(text)
      if (isWhole || directory !== null)
        add(bestEnd(isWhole ? text : posix.join(directory ?? '', text), tools))
    }
  }
  return mounts.size === 0 ? files : mountedOver(files, [...mounts.values()])
}

/** True where Composer has its file beside the directory that is served, or the script there loads what lies beside it. */
function isOfProject(frontController: string, files: FileSystem): boolean {
  const directory = posix.dirname(frontController)
  if (files.kind(posix.join(posix.dirname(directory), 'composer.json')) === 'file') return true
  const script = sourceAt(files, frontController)
  return (
    script !== null &&
    phpRequired(script).some(
      ({ path }) => path.startsWith('../') && files.kind(posix.join(directory, path)) === 'file',
    )
  )
}
