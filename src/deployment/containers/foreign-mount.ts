import type { ComposeService } from '../../../parsers/compose/compose.ts'
import { isBelow } from '../../../parsers/text/is-below.ts'
import type { Container, ContainerMount } from './container.ts'

/**
 * True for what is not in the repository, and where another container may write.
 *
 * @param isHarmless true for one that writes nothing there
 */
export function isForeignMount(
  { project, service, hostFiles }: Container,
  { path, isFilled }: ContainerMount,
  isHarmless: (other: ComposeService) => boolean = () => false,
): boolean {
  if (isFilled === true) return false
  if (path === null || hostFiles.kind(path) === null) return true
  return [...project.services.values()].some(
    other =>
      other.name !== service.name &&
      !isHarmless(other) &&
      other.volumes.some(({ source }) => source?.known === true && isBelow(source.value, path)),
  )
}
