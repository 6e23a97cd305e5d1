import type { BackendHost, Hop } from './model.ts'

/** The virtual hosts that a hop certainly reaches. */
export function certainBackends({ backends }: Hop): readonly BackendHost[] {
  const hosts: BackendHost[] = []
  for (const { host, certain } of backends) if (certain) hosts.push(host)
  return hosts
}

/** True where a virtual host behind one of these hops, certain or not, may send the client elsewhere. */
export function backendsMayRedirect(hops: readonly Hop[]): boolean {
  return hops.some(({ backends }) => backends.some(({ host }) => host.mayRedirect))
}
