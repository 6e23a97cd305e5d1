import { cleanPath } from '../../../parsers/text/clean-path.ts'
import { overlap } from '../../../parsers/text/is-below.ts'
import type { Container } from './container.ts'

/** True where a volume may hold the path, be it one of another file of the project or of the image. */
export function mayBeHeld({ service, projects, image }: Container, path: string): boolean {
  const services = projects.flatMap(({ services: all }) => all.get(service.name) ?? [])
  const declared = (image?.volumes ?? []).flatMap(each => (each.known ? [each.value] : ['/']))
  const targets = [service, ...services].flatMap(({ volumes, tmpfs, complete }) =>
    complete
      ? [...volumes.map(({ target }) => target), ...tmpfs].map(each => (each.known ? each.value : '/'))
      : ['/'],
  )
  return [...targets, ...declared].some(target => overlap(cleanPath(target), path))
}
