import { posix } from 'node:path'
import { cleanPath } from '../../parsers/text/clean-path.ts'
import { overlap } from '../../parsers/text/is-below.ts'
import type { Container, ContainerMount } from '../../src/deployment/containers/container.ts'

/** True where something else than the mount stands at a directory, or at a part of it. */
export function isCovered(
  { mounts, service, image }: Container,
  directory: string,
  first: ContainerMount,
): boolean {
  const targets = [
    ...mounts.filter(mount => mount !== first && mount.from !== 'COPY').map(({ target }) => target),
    ...service.volumes
      .filter(({ at }) => at !== first.at)
      .flatMap(({ target }) => (target.known ? [target.value] : [directory])),
    ...service.tmpfs.flatMap(each => (each.known ? [each.value] : [])),
    ...(image?.volumes ?? []).flatMap(each => (each.known ? [each.value] : [])),
  ]
  return targets.some(target => overlap(cleanPath(target), directory))
}

/** Who develops installs packages on the host as often as not. */
export function isForDevelopment({ service: { build } }: Container, { at }: ContainerMount): boolean {
  const names = [posix.basename(at.source.path), build?.target, build?.dockerfile].map(each =>
    typeof each === 'string' ? each : each?.known === true ? each.value : '',
  )
  return names.some(isNameOfDevelopment)
}

/** True for a compose file that is called after development or tests. */
export function isForDevelopmentFile(path: string): boolean {
  return isNameOfDevelopment(posix.basename(path))
}

function isNameOfDevelopment(name: string): boolean {
  return /dev|local|override|test/i.test(name)
}
