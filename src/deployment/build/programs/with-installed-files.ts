import type { Source } from '../../../../parsers/text/source.ts'
import type { FileSystem } from '../../../files/file-system.ts'
import type { Repository } from '../../../files/machine.ts'
import { groupBy } from '../../../../parsers/collections/group-by.ts'
import { SUPERVISED, UNIT } from '../../../files/starters.ts'
import { installedCopies } from '../../setups/installed-copies.ts'
import { mountedOver } from './mounted-over.ts'

/**
 * The files of a machine with what scripts and playbooks of its repository put where a program looks for it.
 *
 * @param files the machine's, among them the repository by its own paths
 * @param setups the texts that set the machine up
 */
export function withInstalledFiles(
  files: FileSystem,
  { writtenFiles }: Repository,
  setups: readonly Source[],
): FileSystem {
  const installed = [
    ...writtenFiles.filter(({ at }) => !UNIT.test(at) && !SUPERVISED.test(at)),
    ...installedCopies(setups, files),
  ]
  // Of several at one place nobody knows which is there.
  const mounts = [...groupBy(installed, ({ at }) => at).values()].flatMap(([one, ...others]) =>
    one === undefined || others.some(({ path }) => path !== one.path) || files.kind(one.at) !== null
      ? []
      : [{ at: one.at, disk: one.path }],
  )
  return mounts.length === 0 ? files : mountedOver(files, mounts)
}
