import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { hasUnreadInclude } from '../../src/servers/nginx/queries/scope.ts'

/** True where a block inside of this one sets a directive, or may take it from a file that was not read. */
export function mayBeSetInside(
  configuration: NginxConfiguration,
  { children }: NginxDirective,
  name: string,
): boolean {
  return children.some(
    child =>
      child.node.block !== null &&
      (child.children.some(each => each.name === name) ||
        hasUnreadInclude(configuration, child, name) ||
        mayBeSetInside(configuration, child, name)),
  )
}
