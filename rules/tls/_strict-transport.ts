import { memo } from '../../parsers/collections/memo.ts'
import type { Place } from '../../parsers/text/source.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { effective } from '../../src/servers/nginx/queries/effective.ts'
import { childrenNamed } from '../../src/servers/nginx/queries/scope.ts'
import type { NginxServer } from '../../src/deployment/model.ts'
import { namePlace } from '../../src/deployment/places.ts'

/** Whether nginx sends `Strict-Transport-Security` with the ordinary pages of a server. */
export interface StrictTransport {
  /** Undefined where an unread part may set it. */
  readonly sent: boolean | undefined
  /** The `add_header` of `location /` that keeps the server's own from its pages; null where none does. */
  readonly droppedBy: NginxDirective | null
  /** Where the server writes the header; null where it does not. */
  readonly writtenAt: Place | null
}

/** What nginx itself sends; a header that the backend adds is not looked at. */
export function hstsOf(server: NginxServer): StrictTransport {
  const { configuration, directive } = server
  const outer = headerIn(server, directive)
  const root = childrenNamed(directive, 'location').find(
    ({ args }) => args.length === 1 && args[0]?.value === '/',
  )
  const inner = root === undefined ? outer : headerIn(server, root)
  const writtenAt = outer === null || outer === undefined ? null : namePlace(outer)
  if (inner === undefined) return { sent: undefined, droppedBy: null, writtenAt }
  if (inner !== null) return { sent: true, droppedBy: null, writtenAt }
  if (outer === undefined) return { sent: undefined, droppedBy: null, writtenAt }
  if (outer === null || root === undefined) {
    // Another location may send it all the same, which is enough for a browser that meets it.
    const elsewhere = blocksAround(configuration).has(directive)
    return { sent: elsewhere ? undefined : false, droppedBy: null, writtenAt }
  }
  return { sent: false, droppedBy: childrenNamed(root, 'add_header')[0] ?? null, writtenAt }
}

/** The line in force for a block; null where there is none, undefined where that is not known. */
function headerIn({ configuration }: NginxServer, block: NginxDirective): NginxDirective | null | undefined {
  const found = effective(configuration, block, 'add_header')
  if (!found.known) return undefined
  const line = found.value.directives.find(isStrictTransport)
  if (line !== undefined) return line
  return found.value.complete ? null : undefined
}

const STRICT_TRANSPORT = 'strict-transport-security'

/** True for the `add_header` that sends it. */
export function isStrictTransport({ args }: NginxDirective): boolean {
  const name = args[0]?.value ?? ''
  return name.length === STRICT_TRANSPORT.length && name.toLowerCase() === STRICT_TRANSPORT
}

/** Every block with such a line somewhere in it. */
const blocksAround = memo((configuration: NginxConfiguration): ReadonlySet<NginxDirective> => {
  const around = new Set<NginxDirective>()
  for (const line of configuration.occurrences.get('add_header') ?? []) {
    if (!isStrictTransport(line)) continue
    for (let at = line.parent; at !== null && !around.has(at); at = at.parent) around.add(at)
  }
  return around
})
