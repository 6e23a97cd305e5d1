import { isCertainBackend } from './backend-of-hop.ts'
import type { Deployment, Hop } from './deployment.ts'
import type { SchemeTrust } from './scheme-trust.ts'

/** A header that the backend of one hop takes for the scheme. */
export interface HopTrust {
  readonly trust: SchemeTrust
  /** False where the backend is only likely to be the one: a name that a resolver would have to confirm. */
  readonly certain: boolean
}

/** The headers that decide the scheme of a hop's requests, each once, in the virtual hosts it reaches. */
export function trustedBy(deployment: Deployment, hop: Hop): readonly HopTrust[] {
  const found: HopTrust[] = []
  for (const host of deployment.backendsOf(hop)) {
    const certain = isCertainBackend(host, hop)
    for (const trust of deployment.trustsOf(host)) {
      const index = found.findIndex(known => known.trust.header === trust.header)
      if (index === -1) found.push({ trust, certain })
      else if (certain && found[index]?.certain === false) found[index] = { trust, certain }
    }
  }
  return found
}
