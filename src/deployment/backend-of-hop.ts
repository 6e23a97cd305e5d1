import type { BackendHost, Hop } from './deployment.ts'

/** The virtual hosts that a hop certainly reaches. */
export function certainBackends({ backends }: Hop): readonly BackendHost[] {
  const hosts: BackendHost[] = []
  for (const { host, certain } of backends) if (certain) hosts.push(host)
  return hosts
}
