import { memo } from '../../parsers/collections/memo.ts'
import type { Deployment, NginxConnection, SentHeader } from '../../src/deployment/model.ts'
import type { SchemeTrust } from '../../src/deployment/model.ts'

/** A header that the backend of one hop takes for the scheme. */
export interface HopTrust {
  readonly trust: SchemeTrust
  /** False where the backend is only likely to be the one: a name that a resolver would have to confirm. */
  readonly certain: boolean
}

/** The headers that decide the scheme of a hop's requests, each once, in the virtual hosts it reaches. */
export function trustedBy(deployment: Deployment, connection: NginxConnection): readonly HopTrust[] {
  const found: HopTrust[] = []
  for (const { host, certain } of deployment.connections.hostsReachedBy(connection)) {
    for (const trust of deployment.trustsOf(host)) {
      const index = found.findIndex(known => known.trust.header === trust.header)
      if (index === -1) found.push({ trust, certain })
      else if (certain && found[index]?.certain === false) found[index] = { trust, certain }
    }
  }
  return found
}

/** True where a hop writes every header that decides the scheme anywhere, and needs no look at its virtual hosts. */
export function writesEveryTrusted(
  deployment: Deployment,
  { headers }: NginxConnection,
  counts: (header: SentHeader) => boolean = () => true,
): boolean {
  for (const trusted of trustedNames(deployment)) {
    if (!headers.written.some(header => header.name === trusted && counts(header))) return false
  }
  return true
}

const trustedNames = memo(
  ({ trusts }: Deployment): ReadonlySet<string> => new Set(trusts.map(({ header }) => header)),
)
