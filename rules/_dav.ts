import type { ApacheHost } from '../src/deployment/model.ts'
import type { ApacheDirective } from '../src/servers/apache/configuration.ts'
import { isReplaced } from '../src/servers/apache/queries/directives-in.ts'
import { directivesOfHost } from '../src/servers/apache/queries/virtual-hosts.ts'

/** The first `Dav On` of a virtual host; those around it hold for it too. */
export function davLine({ configuration, directive }: ApacheHost): ApacheDirective | null {
  if (!configuration.occurrences.has('dav')) return null
  const lines = [directive, null].flatMap(home => directivesOfHost(configuration, home, 'dav'))
  return (
    lines.find(line => !/^off$/i.test(line.args[0]?.value ?? 'off') && !isReplaced(configuration, line)) ??
    null
  )
}
