import { memo } from '../../parsers/collections/memo.ts'
import type { Deployment, NginxConnection } from '../../src/deployment/model.ts'
import type { ApacheConfiguration, ApacheDirective } from '../../src/servers/apache/configuration.ts'

/** What Apache may be told of the client, and of the name that the client asked for. */
export type ReadHeader = 'x-forwarded-for' | 'x-real-ip' | 'host'

/** A line of an Apache behind a connection that decides, logs or answers by a header; null where none does. */
export function readerOf(
  { connections }: Deployment,
  connection: NginxConnection,
  header: ReadHeader,
  counts: (line: ApacheDirective) => boolean = () => true,
): ApacheDirective | null {
  for (const { host } of connections.hostsReachedBy(connection)) {
    const line = readersIn(host.configuration).get(header)?.find(counts)
    if (line !== undefined) return line
  }
  return null
}

const READERS = [
  'setenvif',
  'setenvifnocase',
  'rewritecond',
  'rewriterule',
  'require',
  'redirect',
  'header',
  'logformat',
  'customlog',
  'remoteipheader',
]
const NAMES: readonly (readonly [ReadHeader, RegExp])[] = [
  ['x-forwarded-for', /x-forwarded-for/i],
  ['x-real-ip', /x-real-ip/i],
  ['host', /%\{(?:http_host|req:host|http:host)\}/i],
]

const readersIn = memo(
  ({ occurrences }: ApacheConfiguration): ReadonlyMap<ReadHeader, readonly ApacheDirective[]> => {
    const lines = READERS.flatMap(name => occurrences.get(name) ?? [])
    return new Map(NAMES.map(([header, pattern]) => [header, lines.filter(({ text }) => pattern.test(text))]))
  },
)
