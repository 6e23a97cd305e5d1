import { posix } from 'node:path'
import type { PodContainer } from '../../parsers/kubernetes/manifest.ts'
import { type DockerImage, imageOfStage } from '../../parsers/dockerfile/image-of-stage.ts'
import { readDockerfile } from '../../parsers/dockerfile/read-dockerfile.ts'
import { memo } from '../../parsers/collections/memo.ts'
import type { ClusterFiles } from '../../src/deployment/kubernetes/cluster-files.ts'
import { isOfPublicRegistry, repositoryOf } from '../../src/deployment/kubernetes/image-names.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { sourceAt } from '../../src/files/file-system.ts'

/** An image that the repository builds. */
export interface BuiltImage {
  readonly image: DockerImage
  /** Of its Dockerfile. */
  readonly path: string
  /** By which a compose file calls it, without the tag. */
  readonly repository: string | null
}

const builtImages = memo((deployment: Deployment): readonly BuiltImage[] => {
  const found = new Map<string, BuiltImage>()
  for (const { image, service } of deployment.containers()) {
    if (image === null) continue
    const { path } = image.stage.at.source
    const name = service.image?.known === true ? repositoryOf(service.image.value) : null
    found.set(path, { image, path, repository: name ?? found.get(path)?.repository ?? null })
  }
  for (const { loose, beside } of deployment.machines)
    for (const own of [loose, beside])
      for (const path of own?.dockerfiles ?? []) {
        const source = own === null || found.has(path) ? null : sourceAt(own.files, path)
        const image = source === null ? null : imageOfStage(readDockerfile(source), null)
        if (image !== null) found.set(path, { image, path, repository: null })
      }
  return [...found.values()]
})

const BUILDS = /\b(?:docker|podman|buildah|nerdctl|buildx)\b[^\n]*\b(?:build|push)\b|build-push-action|kaniko/

/**
 * What a pod’s container is built of: by the name that a compose file gives the image, by the directory of the Dockerfile,
 * or as the one image and the one Dockerfile that there are. Null where another one may be meant.
 */
export function builtFor(
  { image }: PodContainer,
  deployment: Deployment,
  cluster: ClusterFiles,
): BuiltImage | null {
  if (image === null || !/^[\w./:@-]+$/.test(image)) return null
  const repository = repositoryOf(image)
  const built = builtImages(deployment)
  const named = built.filter(each => each.repository === repository)
  if (named.length > 0) return named.length === 1 ? named[0]! : null
  const isPublic = isOfPublicRegistry(repository)
  const isSaid = (deployment.setups() ?? []).some(
    ({ text }) => !/^apiVersion:/m.test(text) && text.includes(repository) && BUILDS.test(text),
  )
  if (isPublic && !isSaid) return null
  const beside = built.filter(each => posix.basename(posix.dirname(each.path)) === posix.basename(repository))
  if (beside.length > 0) return beside.length === 1 ? beside[0]! : null
  const own = new Set(
    cluster.files.flatMap(({ workloads }) =>
      workloads.flatMap(({ containers }) =>
        containers.flatMap(each =>
          each.image === null || isOfPublicRegistry(each.image) !== isPublic ? [] : repositoryOf(each.image),
        ),
      ),
    ),
  )
  return built.length === 1 && own.size === 1 ? built[0]! : null
}
