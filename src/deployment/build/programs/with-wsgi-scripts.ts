import { posix } from 'node:path'
import { groupBy } from '../../../../parsers/collections/group-by.ts'
import { isUnknownWord } from '../../../../parsers/text/source.ts'
import type { FileSystem } from '../../../files/file-system.ts'
import type { Repository } from '../../../files/machine.ts'
import type { Mount } from '../../../files/mounts.ts'
import type { ApacheConfiguration } from '../../../servers/apache/configuration.ts'
import { scriptAliases } from '../../../servers/apache/queries/wsgi-script-aliases.ts'
import { mayHoldProject } from '../../placed-directory.ts'
import { bestEnd } from './best-end.ts'
import { mountedOver } from './mounted-over.ts'

/**
 * The files of a machine whose Apache leads to WSGI scripts that lie in the repository beside it: the project stands in
 * the directory in which Apache looks for its script.
 *
 * @param files the machine's, among them the repository by its own paths
 */
export function withWsgiScripts(
  files: FileSystem,
  { modules }: Repository,
  configurations: readonly ApacheConfiguration[],
): FileSystem {
  const aliases = modules.length === 0 ? [] : configurations.flatMap(scriptAliases)
  if (aliases.length === 0) return files
  const byName = groupBy(modules, path => posix.basename(path))
  const mounts = new Map<string, Mount>()
  for (const { directive, regex } of aliases) {
    const script = directive.args[1]?.value ?? ''
    // Behind a placeholder the rest of the path says which script it is.
    if (regex || !(script.startsWith('/') || isUnknownWord(script)) || files.kind(script) !== null) continue
    const mount = mountOf(script, directive.source.path, files, byName.get(posix.basename(script)) ?? [])
    if (mount !== null && files.kind(mount.at) === null && !mounts.has(mount.at)) mounts.set(mount.at, mount)
  }
  return mounts.size === 0 ? files : mountedOver(files, [...mounts.values()])
}

/** Null where no file of the repository, or more than one, may be the script. */
function mountOf(script: string, by: string, files: FileSystem, namesakes: readonly string[]): Mount | null {
  const found = bestEnd(script, namesakes)
  if (found === null) return null
  const { at, disk, shared, path } = found
  // The script of a package has the name of the package in its own path wherever it stands.
  if (shared === 1 && files.kind(posix.join(posix.dirname(path), '__init__.py')) === 'file') return null
  if (!mayHoldProject(at)) return null
  // Behind a placeholder one name says too little where projects call all of their scripts so.
  const isMeant = shared > 1 || !isUnknownWord(at) || !USUAL.test(script) || isOfOneRole(by, path)
  return isMeant ? { at, disk } : null
}

const USUAL = /\/(?:wsgi|app|application|apache|django|flask|index|main|run|server|site|test)\.\w+$/

/** True for a file that a role of Ansible copies beside the template that names it. */
function isOfOneRole(template: string, path: string): boolean {
  const end = template.lastIndexOf('/templates/')
  return end !== -1 && path.startsWith(`${template.slice(0, end)}/files/`)
}
