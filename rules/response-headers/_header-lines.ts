import type { AskedHost } from '../../src/deployment/requests/ask-host.ts'
import { type HeaderLine, headerLine } from '../../src/servers/apache/queries/header-tables.ts'
import { directivesOfHost } from '../../src/servers/apache/queries/virtual-hosts.ts'

/** Every `Header` of a virtual host and of the main server, wherever it stands in them. */
export function headerLinesOf({ configuration, host }: AskedHost): readonly HeaderLine[] {
  const holders = [...new Set([host?.directive ?? null, null])]
  return holders
    .flatMap(holder => directivesOfHost(configuration, holder, 'header'))
    .map(headerLine)
    .filter(line => line !== null)
}
