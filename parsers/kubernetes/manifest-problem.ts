import type { Place } from '../text/source.ts'

/** What the API of Kubernetes answers to a manifest, in its words. */
export interface ManifestProblem {
  readonly kind:
    | 'not-text'
    | 'volume-missing'
    | 'mounted-twice'
    | 'selector-missing'
    | 'ingress-shape'
    | 'path-type'
    | 'node-port'
    | 'name'
    | 'port-name'
    | 'ports-unnamed'
    | 'command'
    | 'quantity'
    | 'above-limit'
    | 'no-memory'
    | 'no-cores'
    | 'probe-port'
    | 'base64'
    | 'removed'
  readonly at: Place
  readonly said: string
  /** Where it may be another file that mends it: patches of Kustomize add what is missing. */
  readonly patchable: boolean
}
