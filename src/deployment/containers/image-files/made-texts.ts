import type { Place, Source } from '../../../../parsers/text/source.ts'
import { sourceAt } from '../../../files/file-system.ts'
import { textsIn } from '../../../files/nested-files.ts'
import { nestedPath } from '../../../files/nested-path.ts'
import type { Build } from './image-tree.ts'

/** A text of a Dockerfile or a script that is read as a file of its own; null where none stands at a place. */
export function nestedAt({ hostFiles }: Pick<Build, 'hostFiles'>, at: Place | null): Source | null {
  if (at === null) return null
  const { path, text } = at.source
  const found = textsIn(path, text).findIndex(({ start, end }) => start < at.end && end > at.start)
  return found === -1 ? null : sourceAt(hostFiles, nestedPath(path, found))
}
