import { memo } from '../../../parsers/collections/memo.ts'
import type { Manifests } from '../../../parsers/kubernetes/manifest.ts'
import { readManifests } from '../../../parsers/kubernetes/read-manifests.ts'
import { sourceAt } from '../../files/file-system.ts'
import type { Deployment } from '../model.ts'

/** The manifests of a repository, each file by itself. */
export interface ClusterFiles {
  readonly files: readonly Manifests[]
  /** True where Kustomize puts them together, and may add to any of them. */
  readonly hasPatches: boolean
}

/** What the repository of a deployment has of manifests; null where that is nothing. */
export const clusterFiles = memo(({ machines }: Deployment): ClusterFiles | null => {
  const sources = machines.flatMap(({ loose }) =>
    loose === null ? [] : loose.manifests.flatMap(path => sourceAt(loose.files, path) ?? []),
  )
  const files = sources
    .filter(({ text }) => /^apiVersion:/m.test(text) && /^kind:/m.test(text))
    .map(readManifests)
  if (files.length === 0) return null
  const hasPatches = sources.some(
    ({ path, text }) =>
      /\/kustomization\.ya?ml$/.test(path) &&
      /^(?:patches\w*|components|transformers|replacements|commonLabels|labels|vars|openapi):/m.test(text),
  )
  return { files, hasPatches }
})
