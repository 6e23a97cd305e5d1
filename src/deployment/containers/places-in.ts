import { posix } from 'node:path'
import { isBelow } from '../../../parsers/text/is-below.ts'
import type { Container } from './container.ts'

/** The paths at which mounts and copies put a file of the repository into a container. */
export function placesIn({ mounts }: Pick<Container, 'mounts'>, file: string): readonly string[] {
  return mounts.flatMap(({ path, target }) =>
    path !== null && isBelow(file, path) ? [posix.join(target, file.slice(path.length))] : [],
  )
}
