import { memo } from '../../parsers/collections/memo.ts'
import { type HaproxyFrontend, type HaproxyServer, readHaproxy } from '../../parsers/haproxy/read-haproxy.ts'
import { sourceAt } from '../files/file-system.ts'
import type { Deployment, Machine } from './model.ts'

/** A `server` of HAProxy on the machine itself, which it reaches in plain HTTP for clients that came over TLS. */
export interface HaproxyFront {
  readonly frontend: HaproxyFrontend
  readonly server: HaproxyServer
  readonly machine: Machine
}

/** Where the package of the distributions has it. */
const MAIN = '/etc/haproxy/haproxy.cfg'

/** Where HAProxy leads that terminates TLS. */
export const haproxyFronts = memo((deployment: Deployment): readonly HaproxyFront[] =>
  deployment.machines.flatMap(machine => {
    const source = machine.container === null ? sourceAt(machine.files, MAIN) : null
    if (source === null || source.template) return []
    return readHaproxy(source).flatMap(frontend =>
      frontend.tlsAt === null
        ? []
        : frontend.servers
            .filter(({ tls, host, socket }) => !tls && (socket !== null || isOwn(host)))
            .map(server => ({ frontend, server, machine })),
    )
  }),
)

const isOwn = (host: string | null): boolean => host !== null && /^(?:localhost|127\.0\.0\.1)$/.test(host)
