import { holdsPort } from '../../../parsers/compose/holds-port.ts'
import type { Container } from './container.ts'

/**
 * True where the image of a container says that it has a port besides those that its server opens: its application
 * may start another one by itself.
 */
export function exposesBesides(
  container: Container | null,
  port: number | null,
  opened: readonly { readonly port: number | null }[],
): boolean {
  const exposes = container?.image?.exposes ?? []
  const names = (wanted: number | null): boolean =>
    wanted !== null && exposes.some(each => each.port.known && holdsPort(each.port.value, wanted))
  return names(port) && opened.some(each => names(each.port))
}
