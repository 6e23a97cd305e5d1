import { posix } from 'node:path'
import { memo } from '../../parsers/collections/memo.ts'
import { isBelow } from '../../parsers/text/is-below.ts'
import type { Source } from '../../parsers/text/source.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import { filesBelow, sourceAt } from '../../src/files/file-system.ts'

const REACH = { levels: 5, skipped: /^(?:\..*|node_modules|vendor|dist|venv|__pycache__|public|static)$/ }
const CODE = /\.(?:[cm]?[jt]sx?|py|rb|php|go|java|kt|rs|cs|ya?ml|json|properties)$/
/** Of more files none is read. */
const MOST = 400

/** The code of the program of a container, from where its image is built and what is mounted; null where that is too much to read. */
export const codeOf = memo(({ service, mounts, hostFiles, project }: Container): readonly Source[] | null => {
  const context = service.build?.context
  const near = [project.directory, posix.dirname(project.directory), posix.join(project.directory, '../..')]
  const isOwn = (path: string): boolean => isBelow(path, project.directory) || near.includes(path)
  const homes = new Set([
    ...(context?.known === true && isOwn(context.value) && hostFiles.kind(context.value) === 'directory'
      ? [context.value]
      : []),
    ...mounts.flatMap(({ path }) => (path !== null && isOwn(path) ? [path] : [])),
  ])
  const paths = new Set<string>()
  for (const home of homes)
    for (const path of hostFiles.kind(home) === 'file' ? [home] : filesBelow(hostFiles, home, REACH)) {
      if (CODE.test(path)) paths.add(path)
      if (paths.size > MOST) return null
    }
  return [...paths].flatMap(path => sourceAt(hostFiles, path) ?? [])
})
