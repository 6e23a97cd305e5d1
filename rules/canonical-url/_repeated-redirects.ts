import { memo } from '../../parsers/collections/memo.ts'
import { selectServer } from '../../src/servers/nginx/queries/select-server.ts'
import type { NginxServer, ServerListen } from '../../src/deployment/model.ts'
import { serverIndex } from '../../src/deployment/build/servers.ts'
import { redirectTarget } from '../../src/deployment/requests/redirect-target.ts'

/** A server that redirects what comes by one of its sockets to where a server redirects again. */
export interface RepeatedRedirect {
  readonly server: NginxServer
  readonly listen: ServerListen
}

/** Every one, in the order of the servers and their sockets; the second server may be the first. */
export const repeatedRedirects = memo((servers: readonly NginxServer[]): readonly RepeatedRedirect[] => {
  const found: RepeatedRedirect[] = []
  for (const server of servers) {
    if (server.answer.kind !== 'redirect') continue
    for (const listen of server.listens)
      if (isRepeated(server, listen, servers)) found.push({ server, listen })
  }
  return found
})

function isRepeated(server: NginxServer, listen: ServerListen, servers: readonly NginxServer[]): boolean {
  const host = server.names.find(({ exact }) => exact)?.name ?? null
  const target = redirectTarget(server.answer, host, listen.port, listen.tls)
  if (target === null) return false
  const selection = selectServer(server.configuration, { port: target.port, host: target.host })
  return selection.known && serverIndex(servers).get(selection.value.server)?.answer.kind === 'redirect'
}
